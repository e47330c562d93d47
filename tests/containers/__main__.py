"""`python -m tests.containers`: see the package; prints `compose-check: N passed, M failed`."""

import asyncio
import os
import shutil
import sys
import time
from contextlib import suppress
from signal import SIGINT, SIGTERM

from rich.console import Console

from deploy.demo.frame import Stage, Step, play, staged
from deploy.demo.steps import STEPS as DEMONSTRATION
from deploy.local.places import LOCAL, make_folder
from deploy.local.trouble import Trouble
from tests.containers import observing, outage, safety
from tests.containers.fleet import VERSION, ContainerFleet
from tests.containers.stacks import docker

STEPS: tuple[Step, ...] = (
    Step("Which ports can be reached?", safety.only_front_doors_are_published),
    Step("What may a container do?", safety.containers_can_do_little),
    Step("A service's role at another's database", safety.role_opens_no_other_database),
    Step("Guangdong's mirror at Beijing's topics", safety.province_speaks_for_no_other),
    Step("Have the mirrors what they need?", safety.mirrors_have_what_they_need),
    *(step for step in DEMONSTRATION if not step.moves_clock),
    Step("A subscriber in each province", outage.two_subscribers),
    Step("The link of Guangdong is cut; both sides go on", outage.both_accept_while_the_link_is_cut),
    Step(
        "It is back; Beijing's mirror and Guangdong's broker are killed", outage.mirror_and_broker_are_killed
    ),
    Step("Does everything that was accepted end?", outage.every_accepted_order_ends),
    Step("Did it happen once?", outage.each_was_done_once),
    Step("Is anything left lying?", outage.nothing_is_left_lying),
    Step("What `unicrm status` says", observing.status_tells_of_the_fleet),
    Step("What Prometheus sees", observing.prometheus_reads_every_service),
    Step("Beijing is taken away", safety.province_is_taken_away),
)


async def _check(console: Console) -> int:
    folder = make_folder(LOCAL / "compose-check")
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {text}", soft_wrap=True, highlight=False)

    try:
        docker("compose", "version")
        docker("info")
    except Trouble as trouble:
        console.print(f"This needs a Docker engine with compose. {trouble}", markup=False, soft_wrap=True)
        console.print("compose-check: 0 passed, 1 failed")
        return 1
    fleet = ContainerFleet(folder, say)
    keep = bool(os.environ.get("KEEP"))
    failed, steps = 1, 1
    try:
        await fleet.up()
        async with staged(fleet, fleet.trusting) as stage:
            failed, steps = await play(STEPS, stage, console), len(STEPS)
    except Trouble as trouble:
        console.print(str(trouble), markup=False, soft_wrap=True)
    finally:
        if not keep:
            await asyncio.shield(asyncio.to_thread(_remove, fleet))
            shutil.rmtree(folder, ignore_errors=True)
    if not keep:
        steps += 1
        left = Step("Everything is removed", lambda _: _nothing_left(fleet))
        failed += await play([left], Stage(fleet, {}), console)
    console.print(f"compose-check: {steps - failed} passed, {failed} failed")
    return 1 if failed else 0


async def _nothing_left(fleet: ContainerFleet) -> str:
    left = await asyncio.to_thread(fleet.left)
    assert left == [], ", ".join(left)
    return "no container, volume, network or image of the check is left"


def _remove(fleet: ContainerFleet) -> None:
    fleet.remove()
    for image in (f"unicrm:{VERSION}", f"unicrm-gateway:{VERSION}"):
        # One that was never built is not there either.
        with suppress(Trouble):
            docker("image", "rm", "--force", image)
    # Builders that keep stages as images leave this one.
    docker("image", "prune", "--force", "--filter", "label=unicrm.stage")


def main() -> int:
    console = Console(highlight=False, soft_wrap=True)

    async def run() -> int:
        task = asyncio.ensure_future(_check(console))
        for number in (SIGINT, SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            return await task
        except asyncio.CancelledError:
            return 130

    return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
