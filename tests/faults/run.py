"""One run of the harness: a fleet, a client that never stops asking, trouble, quiet, and the checker's verdict."""

import asyncio
import os
import pickle
import random
import shutil
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from deploy.local.fleet import Fleet
from deploy.local.plan import FleetPlan
from tests.faults.checker.evidence import Evidence, gather
from tests.faults.checker.findings import Violation, by_rule
from tests.faults.checker.verdict import check
from tests.faults.client import Client
from tests.faults.history import History
from tests.faults.trouble import Fault, Trouble
from tests.faults.wishes import Town

PROVINCES = ("bj", "gd")
BEHAVIOUR = {
    "UNICRM_TASK_DEADLINE_SECONDS": "2",
    "UNICRM_REQUEST_LOG": "false",
    "UNICRM_SIMULATOR_DELAY_MS": "5",
    "UNICRM_SIMULATOR_LATE_MS": "3000",
    "UNICRM_SIMULATOR_FAILURE_RATE": "0.03",
    "UNICRM_SIMULATOR_SILENCE_RATE": "0.01",
}
MOST_TIMES = 4
"""After so many times its seconds the trouble is over, however few the orders were: a slow machine has an end too."""
QUIET_WITHIN = 180.0
"""Seconds after the last fault in which everything that was accepted has to come to its end."""


@dataclass(frozen=True)
class Size:
    """How much of it."""

    seed: int
    orders: int
    faults: int
    seconds: float
    """Trouble goes on until there were so many orders, and either so many faults or so many seconds."""
    subscribers: int = 40
    """In each province, before the trouble begins."""
    asking: int = 10
    """How many ask at the same time."""
    node_faults: int = 0
    """Then the fleet goes on unsplit, and so many more faults meet whole nodes and what is around them."""
    first_port: int = 8300
    place: str = "faults"


@dataclass
class Outcome:
    """What came of it."""

    evidence: Evidence
    violations: list[Violation]
    faults: list[Fault] = field(default_factory=list)
    retries: int = 0
    took: float = 0.0
    quiet_after: float = 0.0

    def recoveries(self) -> list[float]:
        """Of each fault the seconds until an order that was accepted after it, where it struck, was completed."""
        ends: dict[str, list[tuple[float, float]]] = {}
        for node, work in self.evidence.all("work_orders"):
            if work["state"] == "completed" and work["part"] != "home":
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

    def lines(self) -> list[str]:
        """The report."""
        by_fault = Counter(f"{fault.kind} {fault.how}" for fault in self.faults)
        works = [work for _, work in self.evidence.all("work_orders") if work["part"] != "home"]
        ends = Counter(work["state"] for work in works)
        kinds = Counter(work["business"] for work in works)
        crossing = sum(work["part"] == "acceptance" for work in works)
        refused = sum(entry.get("status") not in (201, None) for entry in self.evidence.history)
        recovered = sorted(self.recoveries()) or [0.0]
        return [
            f"faults: {len(self.faults)} ({_counted(by_fault)})",
            f"orders: {len(works)}, {crossing} of them across provinces ({_counted(kinds)})",
            f"ended: {_counted(ends)}; refused at the door: {refused}; repeated by the client: {self.retries}",
            f"recovery: median {statistics.median(recovered):.1f} s, longest {recovered[-1]:.1f} s",
            f"took {self.took:.0f} s; quiet {self.quiet_after:.0f} s after the last fault",
            *(f"  {one}" for one in self.violations[:50]),
            f"violations: {len(self.violations)}"
            + (f" {by_rule(self.violations)}" if self.violations else ""),
        ]


async def run(size: Size, say: Callable[[str], None]) -> Outcome:
    """Raises Trouble of the fleet where one does not start."""
    began = time.monotonic()
    async with standing(size, say) as (fleet, town, history):
        faults = await in_trouble(fleet, town, size, size.orders, size.faults, size.seconds)
        last = time.monotonic()
        if size.node_faults:
            await quiet(fleet)
        else:
            outcome = await verdict(fleet, say)
        retries = town.client.retries
    if size.node_faults:
        # The same data, and from now on every node is one process.
        whole = FleetPlan.of(",".join(PROVINCES), place=size.place, first_port=size.first_port)
        history = History(whole.folder / "history" / "client.jsonl")
        with _Behaving(size.seed):
            async with Fleet.standing(whole, say) as fleet:
                town.client = _client_of(fleet, history, town.chance)
                faults += await in_trouble(fleet, town, size, 0, size.node_faults, size.seconds)
                last = time.monotonic()
                outcome = await verdict(fleet, say)
                retries += town.client.retries
                await town.client.close()
        history.close()
    outcome.faults, outcome.retries = faults, retries
    outcome.quiet_after -= last
    outcome.took = time.monotonic() - began
    return outcome


@asynccontextmanager
async def standing(size: Size, say: Callable[[str], None]) -> AsyncIterator[tuple[Fleet, Town, History]]:
    """A split fleet in a hurry, with people who may ask for things, and the history of what they ask."""
    chance = random.Random(size.seed)
    plan = FleetPlan.of(
        ",".join(PROVINCES), place=size.place, fresh=True, split=True, first_port=size.first_port
    )
    shutil.rmtree(plan.folder / "history", ignore_errors=True)
    history = History(plan.folder / "history" / "client.jsonl")
    with _Behaving(size.seed):
        try:
            async with Fleet.standing(plan, say) as fleet:
                client = _client_of(fleet, history, chance)
                town = Town(client, chance)
                await town.settle(PROVINCES, numbers=300, cards=600)
                await town.populate(size.subscribers)
                say(f"{len(town.subscribers)} subscribers; trouble begins")
                yield fleet, town, history
                await town.client.close()
        finally:
            history.close()


async def in_trouble(
    fleet: Fleet, town: Town, size: Size, orders: int, faults: int, seconds: float
) -> list[Fault]:
    """Many ask, while one fault follows another, until it is enough; the faults."""
    trouble = Trouble(fleet, town.chance)
    asked = 0
    begun = time.monotonic()
    over, done = asyncio.Event(), asyncio.Event()

    async def ask() -> None:
        nonlocal asked
        while not over.is_set():
            if await town.wish() is not None:
                asked += 1
                if asked >= orders:
                    done.set()

    def enough() -> bool:
        lasted = time.monotonic() - begun
        much = asked >= orders and (lasted > seconds or len(trouble.faults) >= faults)
        return much or lasted > MOST_TIMES * seconds

    asking = [asyncio.create_task(ask()) for _ in range(size.asking)]
    try:
        if faults:
            await trouble.go_on(enough)
        else:
            await done.wait()
    finally:
        over.set()
        await asyncio.gather(*asking)
    return trouble.faults


async def verdict(fleet: Fleet, say: Callable[[str], None]) -> Outcome:
    """What the checker says once everything has come to rest."""
    await quiet(fleet)
    at = time.monotonic()
    say("quiet; the checker looks")
    plan = fleet.plan
    evidence = await gather(
        nodes=plan.nodes,
        postgres=fleet.engines.postgres_url,
        kafka=fleet.engines.kafka,
        journals=plan.folder / "simulators",
        history=plan.folder / "history" / "client.jsonl",
    )
    kept = plan.folder / "history" / "evidence.pickle"
    kept.write_bytes(pickle.dumps(evidence))
    return Outcome(evidence, check(evidence), quiet_after=at)


async def quiet(fleet: Fleet) -> None:
    """Wait until nothing moves any more, or until it has had time enough: what is left then the checker says."""
    end = time.monotonic() + QUIET_WITHIN
    nodes = fleet.plan.nodes
    still = 0
    while time.monotonic() < end and still < 3:
        try:
            busy = [await _busy(fleet.engines.postgres_url, node) for node in nodes]
        except (OSError, asyncpg.PostgresError, TimeoutError):
            busy = [1]
        still = 0 if any(busy) else still + 1
        await asyncio.sleep(0.5)


async def _busy(postgres: str, node: str) -> int:
    connection = await asyncpg.connect(f"{postgres}/{node}_order_acceptance", timeout=5)
    try:
        open_: int = await connection.fetchval(
            "SELECT (SELECT count(*) FROM work_orders WHERE state IN ('waiting', 'running', 'undoing', 'dated') "
            "AND next_at IS NOT NULL) + (SELECT count(*) FROM outbox WHERE topic NOT LIKE '%.uplink.control') "
            "+ (SELECT count(*) FROM work_orders WHERE state IN ('waiting', 'running', 'undoing'))"
        )
    finally:
        await connection.close()
    if node == "hq":
        router = await asyncpg.connect(f"{postgres}/hq_hq_router", timeout=5)
        try:
            open_ += await router.fetchval(
                "SELECT (SELECT count(*) FROM forwards WHERE state <> 'ended') + (SELECT count(*) FROM outbox)"
            )
        finally:
            await router.close()
    return open_


def _client_of(fleet: Fleet, history: History, chance: random.Random) -> Client:
    passwords = {
        node: {
            role: (user["username"], user["password"]) for user in accounts.users for role in user["roles"]
        }
        for node, accounts in fleet.accounts.items()
    }
    return Client({node: fleet.plan.url(node) for node in fleet.plan.nodes}, passwords, history, chance)


class _Behaving:
    """The environment in which a fleet is in a hurry and production sometimes fails."""

    def __init__(self, seed: int) -> None:
        self._told = BEHAVIOUR | {"UNICRM_SIMULATOR_SEED": str(seed)}
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


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
