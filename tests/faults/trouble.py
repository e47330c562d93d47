"""Trouble on purpose: SIGKILL, and SIGSTOP with SIGCONT some seconds later, for one process of the fleet at a time."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import httpx

from deploy.local.children import Child
from deploy.local.fleet import Fleet
from deploy.local.processes import Mark
from libs.node import HQ

ON_THE_WAY = {"order-acceptance", "resource", "customer"}
AT_HEADQUARTERS = {"hq-router"}
"""The services that orders pass; of the others nobody would notice."""
ENGINES = frozenset({"postgres", "kafka"})
ENGINE_BACK_WITHIN = 60.0
SHORTEST_STOP, LONGEST_STOP = 0.5, 8.0
"""Seconds; a consumer that is stopped for more than six is taken for dead by its group."""


@dataclass(frozen=True)
class Fault:
    """What was done to whom."""

    how: str
    kind: str
    victim: str
    node: str | None
    at: float
    """Seconds since the epoch."""


@dataclass
class Trouble:
    """Seeded: the same seed makes the same faults, in the same order."""

    fleet: Fleet
    chance: random.Random
    shortest_pause: float = 0.5
    longest_pause: float = 3.0
    faults: list[Fault] = field(default_factory=list)
    _stopped: list[asyncio.Task[None]] = field(default_factory=list)

    async def go_on(self, enough: Callable[[], bool]) -> None:
        """One fault after another until it is enough; every kind of victim in turn, none left out."""
        for kind, how in self._in_turn():
            if enough():
                break
            victim = await self._living(kind)
            if victim is not None:
                await self._strike(how, kind, victim)
                await asyncio.sleep(self.chance.uniform(self.shortest_pause, self.longest_pause))
        await asyncio.gather(*self._stopped)

    @property
    def by_kind(self) -> Counter[tuple[str, str]]:
        return Counter((fault.kind, fault.how) for fault in self.faults)

    def _in_turn(self) -> Iterator[tuple[str, str]]:
        """Rounds of all pairs of kind and signal, each round in another order."""
        while True:
            pairs = [(kind, how) for kind in self.kinds for how in ("kill", "stop")]
            self.chance.shuffle(pairs)
            yield from pairs

    @property
    def kinds(self) -> Sequence[str]:
        """Of victims, as far as this fleet has them."""
        order = ("service", "relay", "door", "simulator", "postgres", "kafka", "node")
        return [kind for kind in order if self._victims(kind)]

    def _victims(self, kind: str) -> list[Child]:
        return [child for child in self.fleet.children if _kind_of(child) == kind]

    async def _living(self, kind: str) -> Child | None:
        """A victim of this kind; who was killed just now is waited for, for it is started again."""
        end = time.monotonic() + ENGINE_BACK_WITHIN
        while time.monotonic() < end:
            living = [child for child in self._victims(kind) if child.alive]
            if living:
                return self.chance.choice(living)
            await asyncio.sleep(0.1)
        return None

    async def _strike(self, how: str, kind: str, victim: Child) -> None:
        mark = victim.mark
        if mark is None or not mark.alive:
            return
        self.faults.append(Fault(how, kind, victim.name, victim.node, time.time()))
        if how == "kill":
            mark.send(SIGKILL)
            if kind in ENGINES:
                await self._whole_again()
            return
        seconds = self.chance.uniform(SHORTEST_STOP, LONGEST_STOP)
        self._stopped.append(asyncio.create_task(_stand_still(mark, seconds)))
        if kind in ENGINES:
            # Nothing else is of interest while an engine stands still.
            await self._stopped[-1]

    async def _whole_again(self) -> None:
        """Without its engines a fleet does nothing: the next fault waits until there is something to disturb."""
        end = time.monotonic() + ENGINE_BACK_WITHIN
        async with httpx.AsyncClient(timeout=5) as client:
            for node in self.fleet.plan.nodes:
                while time.monotonic() < end:
                    await asyncio.sleep(0.3)
                    with suppress(httpx.HTTPError):
                        if (await client.get(self.fleet.plan.url(node) + "/health/ready")).status_code == 200:
                            break


def _kind_of(child: Child) -> str | None:
    """The kind of a victim; None for what no order passes."""
    if child.kind == "engine":
        return child.name
    if child.kind in ("service", "relay"):
        passed = AT_HEADQUARTERS if child.node == HQ else ON_THE_WAY
        return child.kind if child.name.split(".")[1] in passed else None
    return None if child.node == HQ and child.kind == "door" else child.kind


async def _stand_still(mark: Mark, seconds: float) -> None:
    """Stop a process with its children (PostgreSQL has one for each connection), and let them go on."""
    stopped = [mark, *_children_of(mark)]
    for one in stopped:
        one.send(SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        for one in stopped:
            one.send(SIGCONT)


def _children_of(mark: Mark) -> list[Mark]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(stat[1]) == mark.pid:
            found.append(Mark.of(int(folder.name)))
    return found
