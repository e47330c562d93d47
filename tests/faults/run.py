"""One run of the harness: a fleet, a client that never stops asking, trouble, quiet, and the checker's verdict."""

import asyncio
import os
import pickle
import random
import shutil
import socket
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from deploy.local.fleet import Fleet
from deploy.local.plan import FleetPlan
from deploy.local.postgres import settle
from libs.clock import ShiftedClock
from libs.node import HQ
from tests.faults.checker.books import closed_days
from tests.faults.checker.evidence import Evidence, find_lost, gather
from tests.faults.checker.findings import Violation, by_rule
from tests.faults.checker.orders import due_of
from tests.faults.checker.verdict import check
from tests.faults.client import LOOK, Client
from tests.faults.ears import HELD, Ears, ears
from tests.faults.history import History
from tests.faults.rest import end_of_cycle, quiet, reconciled
from tests.faults.trouble import KINDS, Fault, Trouble
from tests.faults.wishes import Town

PROVINCES = ("bj", "gd")
BEHAVIOUR = {
    "UNICRM_TASK_DEADLINE_SECONDS": "2",
    "UNICRM_REQUEST_LOG": "false",
    "UNICRM_SIMULATOR_DELAY_MS": "5",
    "UNICRM_SIMULATOR_LATE_MS": "3000",
    "UNICRM_SIMULATOR_FAILURE_RATE": "0.03",
    "UNICRM_SIMULATOR_SILENCE_RATE": "0.01",
    # One user looks on behalf of all clerks of a node.
    "UNICRM_LOOKS_A_MINUTE": "100000",
}
MOST_TIMES = 4
"""After so many times its seconds the trouble is over, however few the orders were: a slow machine has an end too."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    seed: int
    orders: int
    faults: int
    seconds: float
    """Trouble goes on until so many orders were accepted, and there were either so many faults or so many seconds."""
    subscribers: int = 40
    """In each province, before the trouble begins."""
    asking: int = 10
    """How many ask at the same time."""
    node_faults: int = 0
    """Then the fleet goes on unsplit, and so many more faults meet whole nodes and what is around them."""
    node_kinds: frozenset[str] = frozenset(KINDS)
    """What is met then."""
    place: str = "faults"
    pauses: tuple[float, float] = (0.5, 3.0)
    """The shortest and the longest between two faults."""


@dataclass
class Spell:
    """One time of trouble: what was done, and what was accepted meanwhile."""

    faults: list[Fault] = field(default_factory=list)
    accepted: int = 0
    lasted: float = 0.0

    def missing(self, orders: int, faults: int, seconds: float) -> list[str]:
        """What it is short of; nothing where it was as much as it was to be. Pure."""
        found = []
        if self.accepted < orders:
            found.append(f"fewer than {orders} orders: {self.accepted} were accepted in trouble")
        if len(self.faults) < faults and self.lasted < seconds:
            found.append(f"fewer than {faults} faults: {len(self.faults)}, in {self.lasted:.0f} s")
        return found


@dataclass
class Outcome:
    """What came of it."""

    evidence: Evidence
    violations: list[Violation]
    faults: list[Fault] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """What the trouble was short of: where there is something, it says too little that nothing was broken."""
    retries: int = 0
    took: float = 0.0
    quiet_after: float = 0.0

    def recoveries(self) -> list[float]:
        """Of each fault the seconds until an order that was accepted after it, where it struck, was completed."""
        ends: dict[str, list[tuple[float, float]]] = {}
        for node, work in self.evidence.all("work_orders"):
            if work["state"] == "completed" and work["part"] != "home" and due_of(work) is None:
                span = (work["created"].timestamp(), work["updated"].timestamp())
                for place in {node, work["home"], "hq" if work["part"] == "acceptance" else node}:
                    ends.setdefault(str(place), []).append(span)
        found = []
        for fault in self.faults:
            spans = (
                ends.get(fault.node, []) if fault.node else [one for all_ in ends.values() for one in all_]
            )
            after = [end for begun, end in spans if begun >= fault.at]
            if after:
                found.append(min(after) - fault.at)
        return found

    def _again(self) -> int:
        return len(self.evidence.heard) - len({one["event"] for one in self.evidence.heard})

    def lines(self) -> list[str]:
        """The report."""
        by_fault = Counter(f"{fault.kind} {fault.how}" for fault in self.faults)
        works = [work for _, work in self.evidence.all("work_orders") if work["part"] != "home"]
        ends = Counter(work["state"] for work in works)
        kinds = Counter(work["business"] for work in works)
        crossing = sum(work["part"] == "acceptance" for work in works)
        looks = sum(entry["business"] == LOOK for entry in self.evidence.history)
        refused = sum(entry.get("status") not in (200, 201, None) for entry in self.evidence.history)
        groups = sum(1 for _ in self.evidence.all("groups"))
        closed = ", ".join(closed_days(self.evidence)) or "none"
        recovered = sorted(self.recoveries())
        return [
            f"faults: {len(self.faults)} ({_counted(by_fault)})",
            f"orders: {len(works)}, {crossing} of them across provinces ({_counted(kinds)})",
            f"ended: {_counted(ends)}; refused at the door: {refused}; repeated by the client: {self.retries}",
            f"group orders: {groups}; looks at subscribers: {looks}; days reconciled: {closed}",
            f"notifications: {len(self.evidence.heard)}, {self._again()} of them once more",
            f"recovered after {len(recovered)} of {len(self.faults)} faults: {_spread(recovered)}",
            f"took {self.took:.0f} s; quiet {self.quiet_after:.0f} s after the last fault",
            *self.missing,
            *(f"  {one}" for one in self.violations[:50]),
            f"violations: {len(self.violations)}"
            + (f" {by_rule(self.violations)}" if self.violations else ""),
        ]


async def run(size: Size, say: Callable[[str], None]) -> Outcome:
    """Raises Trouble of the fleet where one does not start."""
    began = time.monotonic()
    async with ears(HQ, *PROVINCES) as heard:
        return await _listened_to(size, say, heard, began)


async def _listened_to(size: Size, say: Callable[[str], None], heard: Ears, began: float) -> Outcome:
    async with standing(size, say, heard=heard) as (fleet, town, history):
        await town.what_is_seldom()
        spell = await in_trouble(fleet, town, size, size.orders, size.faults, size.seconds)
        faults, missing = spell.faults, spell.missing(size.orders, size.faults, size.seconds)
        last = time.monotonic()
        if size.node_faults:
            await quiet(fleet)
        else:
            outcome = await verdict(fleet, say, heard)
        retries = town.client.retries
    if size.node_faults:
        # The same data, and from now on every node is one process.
        whole = replace(fleet.plan, fresh=False, split=False)
        history = History(whole.folder / "history" / "client.jsonl")
        with Behaving(size.seed):
            async with Fleet.standing(whole, say) as fleet:
                town.serve_by(client_of(fleet, history, town.chance))
                spell = await in_trouble(
                    fleet, town, size, 0, size.node_faults, size.seconds, only=size.node_kinds
                )
                faults += spell.faults
                missing += spell.missing(0, size.node_faults, size.seconds)
                last = time.monotonic()
                outcome = await verdict(fleet, say, heard)
                retries += town.client.retries
                await town.client.close()
        history.close()
    outcome.faults, outcome.missing, outcome.retries = faults, missing, retries
    outcome.quiet_after -= last
    outcome.took = time.monotonic() - began
    return outcome


@asynccontextmanager
async def standing(
    size: Size,
    say: Callable[[str], None],
    *,
    made: type[Fleet] = Fleet,
    split: bool = True,
    behaviour: Mapping[str, str] = BEHAVIOUR,
    heard: Ears,
) -> AsyncIterator[tuple[Fleet, Town, History]]:
    """A fleet in a hurry, with people who may ask for things, the history of what they ask, and who listens."""
    chance = random.Random(size.seed)
    plan = FleetPlan.of(
        ",".join(PROVINCES),
        place=size.place,
        fresh=True,
        split=split,
        first_port=free_ports(1 + len(PROVINCES)),
    )
    shutil.rmtree(plan.folder / "history", ignore_errors=True)
    history = History(plan.folder / "history" / "client.jsonl")
    with Behaving(size.seed, behaviour):
        try:
            async with made.standing(plan, say) as fleet:
                client = client_of(fleet, history, chance)
                await heard.listen(client, ShiftedClock(plan.clock_file))
                town = Town(client, chance)
                await town.settle(PROVINCES, numbers=300, cards=600)
                await town.populate(size.subscribers)
                # As a server that has been up for long: what was copied to begin with lies only in its log.
                await settle(fleet.engines.postgres_url)
                say(f"{len(town.subscribers)} subscribers; trouble begins")
                yield fleet, town, history
                await town.client.close()
        finally:
            history.close()


async def in_trouble(
    fleet: Fleet,
    town: Town,
    size: Size,
    orders: int,
    faults: int,
    seconds: float,
    only: frozenset[str] = frozenset(KINDS),
) -> Spell:
    """Many ask, while one fault follows another, until it is enough, or has gone on for far too long."""
    # Not the town's chance: what many ask at once is drawn in the order in which they come to it.
    chance = random.Random(f"{size.seed} trouble {fleet.plan.split}")
    trouble = Trouble(fleet, chance, size.pauses, only)
    town.patience = 20.0
    before = town.accepted
    begun = time.monotonic()
    over = asyncio.Event()

    async def ask() -> None:
        while not over.is_set():
            await town.wish()

    def so_far() -> Spell:
        return Spell(trouble.faults, town.accepted - before, time.monotonic() - begun)

    def enough() -> bool:
        spell = so_far()
        return not spell.missing(orders, faults, seconds) or spell.lasted > MOST_TIMES * seconds

    asking = [asyncio.create_task(ask()) for _ in range(size.asking)]
    try:
        if faults:
            await trouble.go_on(enough)
        while True:
            if enough():
                break
            await asyncio.sleep(0.1)
    finally:
        spell = so_far()
        over.set()
        await asyncio.gather(*asking)
    return spell


def free_ports(count: int) -> int:
    """The first of so many ports that are free now; another one for everybody who asks at the same time."""
    while True:
        first = random.SystemRandom().randrange(18_000, 28_000)
        with ExitStack() as held, suppress(OSError):
            for port in range(first, first + count):
                probe = held.enter_context(socket.socket())
                probe.bind(("127.0.0.1", port))
            return first


async def verdict(fleet: Fleet, say: Callable[[str], None], heard: Ears) -> Outcome:
    """What the checker says once everything has come to rest: now, what is dated at its time, and the books."""
    await quiet(fleet)
    at = time.monotonic()
    say("quiet; time goes on to the next cycle")
    plan = fleet.plan
    places = {"nodes": plan.nodes, "postgres": fleet.engines.postgres_url, "kafka": fleet.engines.kafka}
    lost = await find_lost(**places)  # type: ignore[arg-type]
    clock = ShiftedClock(plan.clock_file)
    clock.advance(HELD)
    await quiet(fleet, told=True)
    await end_of_cycle(fleet, clock)
    await reconciled(fleet, clock)
    say("the checker looks")
    evidence = await gather(
        **places,  # type: ignore[arg-type]
        journals=plan.folder / "simulators",
        history=plan.folder / "history" / "client.jsonl",
        heard=heard.heard,
        listening=heard.since,
        lost=lost,
        now=clock.now(),
    )
    kept = plan.folder / "history" / "evidence.pickle"
    kept.write_bytes(pickle.dumps(evidence))
    return Outcome(evidence, check(evidence), quiet_after=at)


def client_of(fleet: Fleet, history: History, chance: random.Random) -> Client:
    passwords = {
        node: {
            role: (user["username"], user["password"])
            for user in accounts.users
            for role in user["roles"]
            if "area" not in user
        }
        for node, accounts in fleet.accounts.items()
    }
    return Client({node: fleet.plan.url(node) for node in fleet.plan.nodes}, passwords, history, chance)


class Behaving:
    """The environment in which a fleet is in a hurry and production sometimes fails."""

    def __init__(self, seed: int, behaviour: Mapping[str, str] = BEHAVIOUR) -> None:
        self._told = {**behaviour, "UNICRM_SIMULATOR_SEED": str(seed)}
        self._former: dict[str, str | None] = {}

    def __enter__(self) -> None:
        self._former = {name: os.environ.get(name) for name in self._told}
        os.environ.update(self._told)

    def __exit__(self, *_: object) -> None:
        for name, value in self._former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _spread(recovered: list[float]) -> str:
    if not recovered:
        return "none"
    return f"median {statistics.median(recovered):.1f} s, longest {recovered[-1]:.1f} s"


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
