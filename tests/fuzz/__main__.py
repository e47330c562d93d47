"""`make fuzz`: at least 20,000 requests that nobody sensible would send, to every service in every role.

No answer may be a 5xx, or another than the service's own document says. `ARGS="--service resource --role supervisor
--seconds 60"` for a part.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

import uvloop

from deploy.local.shared_engines import shared_engines
from libs.telemetry import logs
from tests.fuzz.fleet import ROLES, targets
from tests.fuzz.sending import Sent, send
from tests.running import Bench

AT_LEAST = 20_000
LONGEST = 45 * 60
LOG = Path(__file__).parents[2] / ".local" / "fuzz.log"


async def main(told: argparse.Namespace) -> int:
    LOG.parent.mkdir(exist_ok=True)
    sent: list[Sent] = []
    began = time.monotonic()
    with LOG.open("w") as log, tempfile.TemporaryDirectory() as folder:
        logs.set_up(node="fuzz", level=40, output=log)
        async with (
            shared_engines() as engines,
            Bench.open(engines, Path(folder)) as bench,
            targets(bench, Path(folder)) as everywhere,
        ):
            pairs = [
                (target, role)
                for target in everywhere
                for role in ROLES
                if told.service in (None, target.name) and told.role in (None, role)
            ]
            partly = told.service is not None or told.role is not None
            for turn in count(1):
                for target, role in pairs:
                    sent.append(await send(target, role, told.seconds))
                    print(sent[-1], flush=True)
                total = sum(one.requests for one in sent)
                if partly or total >= AT_LEAST or time.monotonic() - began > LONGEST or turn == 10:
                    break
    wrong = [one for one in sent if one.wrong]
    for one in wrong:
        print(f"\n{one}\n{one.wrong}")
    print(
        f"fuzz: {total} requests in {time.monotonic() - began:.0f} s, {len(wrong)} of {len(sent)} runs failed; {LOG}"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service")
    parser.add_argument("--role", choices=ROLES)
    parser.add_argument("--seconds", type=int, default=20, help="for each service in each role")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main(parser.parse_args())))
