"""Trouble on purpose: SIGKILL, and SIGSTOP with SIGCONT some seconds later, for one process of the fleet at a time."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP

import httpx

from deploy.local.children import Child
from deploy.local.fleet import Fleet
from deploy.local.processes import Mark
from libs.node import HQ

ON_THE_WAY = frozenset({"order-acceptance", "resource", "customer"})
AT_HEADQUARTERS = frozenset({"hq-router", "order-acceptance", "customer"})
"""The services that orders pass, of the national group too; of the others nobody would notice."""
AT_THE_DOOR = "access"
"""Whoever asks signs in here first; it sends nobody anything, so of its relay nobody would notice."""
KINDS = ("service", "relay", "door", "simulator", "postgres", "kafka", "node")
ENGINES = frozenset({"postgres", "kafka"})
BACK_WITHIN = 60.0
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


@dataclass(frozen=True)
class Planned:
    """What is to be done to whom. A stop lasts `stands` seconds; `pause` seconds later it is the next one's turn."""

    how: str
    kind: str
    victim: str
    stands: float
    pause: float


def planned(
    chance: random.Random, victims: Mapping[str, Sequence[str]], pauses: tuple[float, float]
) -> Iterator[Planned]:
    """Rounds of all pairs of kind and signal, each round in another order, without an end. Pure.

    `victims` are the names by kind. What is drawn depends on nothing that happens meanwhile.
    """
    while victims:
        pairs = [(kind, how) for kind in victims for how in ("kill", "stop")]
        chance.shuffle(pairs)
        for kind, how in pairs:
            victim = chance.choice(victims[kind])
            stands = chance.uniform(SHORTEST_STOP, LONGEST_STOP)
            yield Planned(how, kind, victim, stands, chance.uniform(*pauses))


@dataclass
class Trouble:
    """Seeded, where nobody else draws from `chance`: the same seed makes the same faults, in the same order, at a fleet
    of the same processes."""

    fleet: Fleet
    chance: random.Random
    pauses: tuple[float, float] = (0.5, 3.0)
    only: frozenset[str] = frozenset(KINDS)
    """The kinds of victims."""
    faults: list[Fault] = field(default_factory=list)
    _stopped: list[asyncio.Task[None]] = field(default_factory=list)

    async def go_on(self, enough: Callable[[], bool]) -> None:
        """One fault after another until it is enough; every kind of victim in turn, none left out."""
        for one in planned(self.chance, self._victims(), self.pauses):
            if enough():
                break
            victim = self.fleet.children[one.victim]
            if await self._back(victim):
                await self._strike(one, victim)
                await asyncio.sleep(one.pause)
        await asyncio.gather(*self._stopped)

    def _victims(self) -> Mapping[str, Sequence[str]]:
        """By kind, as far as this fleet has them."""
        found: dict[str, list[str]] = {kind: [] for kind in KINDS if kind in self.only}
        for child in self.fleet.children:
            kind = _kind_of(child)
            if kind in found:
                found[kind].append(child.name)
        return {kind: names for kind, names in found.items() if names}

    async def _back(self, victim: Child) -> bool:
        """Who was killed just now is waited for: it is started again."""
        end = time.monotonic() + BACK_WITHIN
        while time.monotonic() < end:
            if victim.alive:
                return True
            await asyncio.sleep(0.1)
        return False

    async def _strike(self, one: Planned, victim: Child) -> None:
        mark = victim.mark
        if mark is None or not mark.alive:
            return
        self.faults.append(Fault(one.how, one.kind, victim.name, victim.node, time.time()))
        if one.how == "kill":
            mark.send(SIGKILL)
            if one.kind in ENGINES:
                await self._whole_again()
            return
        self._stopped.append(asyncio.create_task(_stand_still(mark, one.stands)))
        if one.kind in ENGINES:
            # Nothing else is of interest while an engine stands still.
            await self._stopped[-1]

    async def _whole_again(self) -> None:
        """Without its engines a fleet does nothing: the next fault waits until there is something to disturb."""
        end = time.monotonic() + BACK_WITHIN
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
        service = child.name.split(".")[1]
        passed = AT_HEADQUARTERS if child.node == HQ else ON_THE_WAY
        noticed = service in passed or (child.kind, service) == ("service", AT_THE_DOOR)
        return child.kind if noticed else None
    return child.kind


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
