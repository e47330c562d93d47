"""`python -m deploy.simulators provisioning|accounting|billing`"""

import asyncio
import logging
import signal
import sys

from aiokafka.errors import KafkaError
from pydantic import ValidationError

from deploy.simulators.journal import WrongJournal
from deploy.simulators.making import simulator
from deploy.simulators.settings import SYSTEMS, FleetSettings, SimulatorSettings, System

USAGE = f"usage: python -m deploy.simulators {'|'.join(SYSTEMS)}"


async def _run(system: System) -> None:
    made = simulator(system, FleetSettings(), SimulatorSettings())
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, made.stop)
    try:
        await made.run()
    finally:
        made.desk.journal.close()


def main(arguments: list[str]) -> int:
    """Run one system until SIGTERM. 0 after a clean stop, 2 for wrong arguments or settings, 1 for the rest."""
    system = next((one for one in SYSTEMS if [one] == arguments), None)
    if system is None:
        print(USAGE, file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    try:
        asyncio.run(_run(system))
    except ValidationError as error:
        for fault in error.errors():
            prefix = (
                SimulatorSettings.model_config["env_prefix"]
                if error.title == "SimulatorSettings"
                else "UNICRM_"
            )
            print(f"{prefix}{str(fault['loc'][0]).upper()}: {fault['msg']}", file=sys.stderr)
        return 2
    except (WrongJournal, KafkaError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
