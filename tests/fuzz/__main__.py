"""`make fuzz`: at least 20,000 requests that nobody sensible would send, to every service in every role.

No answer may be a 5xx, or another than the service's own document names. Some requests are drawn from the document by
schemathesis, others are valid ones with something changed. Then whoever reads topics is sent bad messages.
`ARGS="--service resource --role supervisor --seconds 60"` for a part, `--seed` for the same again.
"""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import uvloop

from deploy.local.shared_engines import shared_engines
from libs.telemetry import logs
from tests.fuzz import report
from tests.fuzz.callers import CALLERS, calls_at
from tests.fuzz.drawn import Drawer
from tests.fuzz.fleet import Target, targets
from tests.fuzz.settling import able_at, checked, settle
from tests.fuzz.stream import Sent, send
from tests.fuzz.words import send_words
from tests.fuzz.world import World
from tests.running import Bench

AT_LEAST = 20_000
LONGEST = 14 * 60
"""Seconds after which nothing new is begun."""
TURN = 120
"""Mutated requests to each service in each role, before the next; turns follow until there are enough."""
AT_ONCE = 3
CHECKED = 6
"""Identity checks that each role has for a turn."""
MESSAGES = 20_000
"""Bad messages to all who read topics, once the requests are over."""
LOG = Path(__file__).parents[2] / ".local" / "fuzz.log"
Pair = tuple[Target, str]


class Fuzzing:
    """One run: what is sent to whom."""

    def __init__(self, told: argparse.Namespace, everywhere: Sequence[Target]) -> None:
        self.told = told
        self.everywhere = everywhere
        self.worlds = {target.node: World(target.node) for target in everywhere}
        self.sent: list[Sent] = []
        self.began = time.monotonic()
        self.pairs: list[Pair] = [
            (target, role)
            for role in CALLERS
            for target in everywhere
            if told.service in (None, target.name)
            and told.role in (None, role)
            and calls_at(role, target.node)
        ]
        self.partly = told.service is not None or told.role is not None

    @property
    def total(self) -> int:
        return sum(one.requests for one in self.sent)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def note(self, one: Sent) -> None:
        self.sent.append(one)
        well = f"{len(one.wrong)} wrong" if one.wrong else "well answered"
        print(
            f"{self.seconds:4.0f} s, {self.total:6}: {one.place} as {one.role}, {one.requests} {one.by}, {well}",
            flush=True,
        )
        if one.wrong:
            print(report.wrongs([one]), flush=True)

    async def run(self) -> None:
        await settle(self.worlds, self.everywhere, self.told.seed)
        drawing = asyncio.create_task(self.draw())
        turn = 0
        while turn == 0 or (self.goes_on and (not drawing.done() or self.total < AT_LEAST)):
            await self.mutate(turn)
            turn += 1
        await drawing

    @property
    def goes_on(self) -> bool:
        return self.seconds < LONGEST and not self.partly

    async def mutate(self, turn: int) -> None:
        """One turn of mutated requests to everybody, a few at a time."""
        for world in self.worlds.values():
            there = [target for target in self.everywhere if target.node == world.node]
            await checked(world, there, {role for _, role in self.pairs}, CHECKED)
        waiting = iter(self.pairs)

        async def take() -> None:
            for target, role in waiting:
                if turn and not self.goes_on:
                    return
                seed = f"{self.told.seed}:{turn}:{target.place}:{role}"
                requests = TURN * (5 if self.partly else 1)
                self.note(await send(target, self.worlds[target.node], role, requests, seed))

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(take())

    async def draw(self) -> None:
        """What schemathesis draws: every case of a document for who may do most there, then more for every role."""
        async with Drawer.open() as drawer:
            for target, role in self.pairs:
                if role == able_at(target.judge.operations) and self.seconds < LONGEST:
                    await self._draw(drawer, target, role, "coverage", seconds=3 * self.told.seconds)
            for target, role in self.pairs:
                able = role == able_at(target.judge.operations)
                # Headquarters' services are those of the province: one role is enough to see them there.
                if self.seconds < LONGEST and (able or self.is_first(target)):
                    await self._draw(drawer, target, role, "fuzzing", "stateful", seconds=self.told.seconds)

    def is_first(self, target: Target) -> bool:
        return target is next(one for one in self.everywhere if one.name == target.name)

    async def _draw(self, drawer: Drawer, target: Target, role: str, *phases: str, seconds: int) -> None:
        world = self.worlds[target.node]
        self.note(await drawer.send(target, world, role, phases=phases, seed=self.told.seed, seconds=seconds))


async def main(told: argparse.Namespace) -> int:
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log, tempfile.TemporaryDirectory() as folder:
        logs.set_up(node="fuzz", level=logging.WARNING, output=log)
        async with (
            shared_engines() as engines,
            Bench.open(engines, Path(folder)) as bench,
            targets(bench, "gd", "hq") as everywhere,
        ):
            fuzzing = Fuzzing(told, everywhere)
            await fuzzing.run()
            log.flush()
            behind = report.behind(LOG)
            # Afterwards, for what a bad message leaves in the log is no fault of an answer.
            words = [] if fuzzing.partly else await send_words(bench, MESSAGES, told.seed)
    print(f"\n{report.table(fuzzing.sent)}")
    if wrong := report.wrongs(fuzzing.sent):
        print(f"\n{wrong}")
    if behind:
        print("\nbroken behind good answers:\n" + "\n".join(behind))
    for one in words:
        print("\n".join([str(one), *one.wrong]))
    failed = sum(bool(one.wrong) for one in fuzzing.sent)
    print(
        f"\nfuzz: {fuzzing.total} requests in {fuzzing.seconds:.0f} s with seed {told.seed}, "
        f"{failed} of {len(fuzzing.sent)} runs were answered wrongly; {LOG}"
    )
    if fuzzing.total < AT_LEAST and not fuzzing.partly:
        print(f"These are fewer than {AT_LEAST}: this machine was too busy.")
        return 1
    return 1 if wrong or behind or any(one.wrong for one in words) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service")
    parser.add_argument("--role", choices=CALLERS)
    parser.add_argument(
        "--seconds", type=int, default=4, help="for what is drawn for each service in each role"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main(parser.parse_args())))
