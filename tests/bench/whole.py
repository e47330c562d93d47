"""Whole cross-province orders through a fleet as `make up` starts it, against a bare chain of the same hops.

PostgreSQL waits for the disk here, as it does for operators. Production answers at once.
"""

import json
import random
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import asyncpg

from deploy.local.fleet import Fleet
from deploy.local.plan import PARTITIONS, FleetPlan
from libs.ids import new_id
from libs.messaging.topics import ensure_topics
from tests.bench.empty import resident
from tests.bench.figures import ROUNDS, Figure
from tests.bench.growth import more_profiles, multiply
from tests.bench.serving import elsewhere, loaded
from tests.engines import eventually
from tests.faults.bodies import ORDERS
from tests.faults.history import History
from tests.faults.run import Behaving, client_of, free_ports
from tests.faults.wishes import Town

HOPS = 6
"""Of an order that is suspended across provinces: to headquarters, to the home, to production, and as many back."""
SUBSCRIBERS = 1_000
ALONE, TURNS = 150, 5
MANY = 200_000
_TIME_LIMIT = 180.0
_HURRY = {"UNICRM_SIMULATOR_DELAY_MS": "0", "UNICRM_REQUEST_LOG": "false"}


@dataclass
class Bench:
    """The fleet, who lives in it, and what it was seen to do."""

    fleet: Fleet
    town: Town
    topics: list[str]
    suspended: bool = False
    sent_alone: list[str] = field(default_factory=list)
    """The work orders of those that met no other."""

    async def round(self) -> float:
        """Everybody in Guangdong is suspended, or resumed, at a counter in Beijing; orders a second, from the first
        that was accepted to the last that was completed."""
        business = "resume" if self.suspended else "suspend"
        self.suspended = not self.suspended
        token = (await self.town.client._signed_in("bj", "hall-clerk"))["Authorization"]
        orders = [
            {
                "method": "POST",
                "url": self.fleet.plan.url("bj") + ORDERS,
                "headers": {
                    "Authorization": token,
                    "Content-Type": "application/json",
                    "Idempotency-Key": new_id(),
                },
                "body": json.dumps(order(business, one.number)),
            }
            for one in self.town.subscribers
        ]
        mark = new_id()
        await loaded(orders, status=201)
        async with self.database("bj", "order_acceptance") as db:
            await self._ended(db, mark, len(orders))
            rate: float = await db.fetchval(
                "SELECT count(*) / extract(epoch FROM max(updated) - min(created))::float8 FROM work_orders "
                "WHERE part = 'acceptance' AND id > $1",
                mark,
            )
        return rate

    async def alone(self, turn: int) -> list[float]:
        """The seconds of single orders, each sent when the one before it has ended: a part of ALONE in each turn."""
        if turn == 0:
            self.suspended = not self.suspended
        times = []
        part = ALONE // TURNS
        async with self.database("bj", "order_acceptance") as db:
            for subscriber in self.town.subscribers[turn * part : (turn + 1) * part]:
                mark = await self._change(subscriber.number)
                await self._ended(db, mark, 1)
                row = await db.fetchrow(
                    "SELECT id, extract(epoch FROM updated - created)::float8 AS seconds FROM work_orders "
                    "WHERE id > $1",
                    mark,
                )
                assert row is not None
                self.sent_alone.append(row["id"])
                times.append(row["seconds"])
            if turn == TURNS - 1:
                # The others only follow, so that all are in one state again.
                for subscriber in self.town.subscribers[TURNS * part :]:
                    mark = await self._change(subscriber.number)
                await self._ended(db, mark, 1)
        return times

    async def _change(self, number: str) -> str:
        """Suspend, or resume, one; a mark behind which its order lies."""
        business = "suspend" if self.suspended else "resume"
        mark = new_id()
        made = await self.town.client.post("bj", ORDERS, order(business, number))
        assert made is not None, f"{business} of {number} was refused"
        return mark

    async def settle(self) -> int:
        """Nothing that an earlier round left to be written is written by the next; the orders that lie there now."""
        async with self.database("bj", "order_acceptance") as db:
            await db.execute("CHECKPOINT")
            there: int = await db.fetchval("SELECT count(*) FROM product_orders")
        return there

    async def made_of(self) -> list[str]:
        """What the time of the orders that were sent alone was made of: medians between the moments recorded."""
        async with self.database("bj", "order_acceptance") as db:
            here = {
                row["origin_transaction"]: row
                for row in await db.fetch(
                    "SELECT origin_transaction, created, updated FROM work_orders WHERE id = ANY($1)",
                    self.sent_alone,
                )
            }
        async with self.database("gd", "order_acceptance") as db:
            home = {
                row["origin_transaction"]: row
                for row in await db.fetch(
                    "SELECT origin_transaction, created, updated FROM work_orders WHERE origin_transaction = ANY($1)",
                    list(here),
                )
            }
        async with self.database("hq", "hq_router") as db:
            routed = {
                row["origin_transaction"]: row["moments"]
                for row in await db.fetch(
                    "SELECT origin_transaction, array_agg(at ORDER BY n) AS moments FROM forwards "
                    "JOIN hops ON hops.forward = forwards.id WHERE origin_transaction = ANY($1) GROUP BY 1",
                    list(here),
                )
            }
        parts: dict[str, list[float]] = {}
        for transaction, row in here.items():
            moments = (
                row["created"],
                routed[transaction][0],
                home[transaction]["created"],
                home[transaction]["updated"],
                routed[transaction][-1],
                row["updated"],
            )
            names = ("up to headquarters", "down to the home", "carried out", "back up", "back down")
            for name, before, after in zip(names, moments, moments[1:], strict=False):
                parts.setdefault(name, []).append((after - before).total_seconds() * 1000)
        return [f"{name} {median(times):.0f} ms" for name, times in parts.items()]

    async def _ended(self, db: "asyncpg.Connection[Any]", mark: str, count: int) -> None:
        async def all() -> bool:
            ended: int = await db.fetchval(
                "SELECT count(*) FROM work_orders WHERE part = 'acceptance' AND state = 'completed' AND id > $1",
                mark,
            )
            return ended >= count

        await eventually(all, _TIME_LIMIT, every=0.01)

    @asynccontextmanager
    async def database(self, node: str, service: str) -> "AsyncIterator[asyncpg.Connection[Any]]":
        connection = await asyncpg.connect(f"{self.fleet.engines.postgres_url}/{node}_{service}")
        try:
            yield connection
        finally:
            await connection.close()

    async def bare(self, messages: int, *, alone: bool) -> dict[str, Any]:
        told = {
            "kafka": self.fleet.engines.kafka,
            "postgres": f"{self.fleet.engines.postgres_url}/bare",
            "topics": self.topics,
            "messages": messages,
            "alone": alone,
            "size": 1_000,
        }
        return dict(await elsewhere("tests.bench.chain", json.dumps(told)))

    def resident(self, node: str) -> float:
        """MiB of a node's process."""
        mark = self.fleet.children[node].mark
        assert mark is not None
        return resident(mark.pid)


async def whole(say: Any = print) -> list[Figure]:
    """Orders a second, their time when nothing else happens, what they cost after many, and memory."""
    async with _standing(say) as bench:
        idle = {node: bench.resident(node) for node in bench.fleet.plan.nodes}
        say("memory when idle: " + ", ".join(f"{node} {size:.0f} MiB" for node, size in idle.items()))
        empty = await elsewhere("tests.bench.empty", "")
        few, memory = await _rounds(bench, say, "few")
        lay = await bench.settle()
        times: list[float] = []
        bare_times: list[float] = []
        for turn in range(TURNS):
            times += await bench.alone(turn)
            bare_times += (await bench.bare(ALONE // TURNS, alone=True))["times"]
        made_of = await bench.made_of()
        say("an order alone: " + ", ".join(made_of))
        ours, bare = await _beside_bare(bench, say)
        await multiply(bench.fleet.engines.postgres_url, bench.fleet.plan.nodes, MANY)
        say(f"{await bench.settle():,} orders lie there now")
        many, later = await _rounds(bench, say, "many")
        memory += later
    return [
        Figure.of("cross-province orders completed", "orders/s", ours, bare, "ours ≥ 300"),
        Figure.of("one alone, median", "ms", *_milliseconds(times, bare_times, 50), "ours < 150"),
        Figure.of("one alone, 99th percentile", "ms", *_milliseconds(times, bare_times, 99), ""),
        Figure.of(
            f"time of an order after {MANY:,}, beside the first {lay:,}",
            "ms",
            [1000 / rate for rate in many],
            [1000 / rate for rate in few],
            "ratio ≤ 1.3",
        ),
        Figure.of("memory of a province, idle", "MiB", [idle["gd"]], [empty["resident"]], ""),
        Figure.of(
            "memory of it under load, last beside first", "MiB", memory[-1:], memory[:1], "ratio ≤ 1.1"
        ),
    ]


async def _rounds(bench: Bench, say: Any, name: str) -> tuple[list[float], list[float]]:
    """Our orders a second, with nothing between the rounds, and a province's memory after each."""
    ours, memory = [], []
    for turn in range(ROUNDS + 1):
        await bench.settle()
        ours.append(await bench.round())
        memory.append(bench.resident("gd"))
        say(f"whole orders ({name}), round {turn}: {ours[-1]:,.0f} orders/s; gd {memory[-1]:.0f} MiB")
    return ours[1:], memory[1:]


async def _beside_bare(bench: Bench, say: Any) -> tuple[list[float], list[float]]:
    ours, theirs = [], []
    for turn in range(ROUNDS + 1):
        await bench.settle()
        ours.append(await bench.round())
        await bench.settle()
        theirs.append((await bench.bare(len(bench.town.subscribers), alone=False))["rate"])
        say(f"whole orders, round {turn}: ours {ours[-1]:,.0f}, bare {theirs[-1]:,.0f} orders/s")
    return ours[1:], theirs[1:]


def _milliseconds(
    ours: Sequence[float], bare: Sequence[float], percentile: int
) -> tuple[list[float], list[float]]:
    return [_at(ours, percentile) * 1000], [_at(bare, percentile) * 1000]


def _at(times: Sequence[float], percentile: int) -> float:
    return quantiles(times, n=100, method="inclusive")[percentile - 1]


def order(business: str, number: str) -> dict[str, Any]:
    named = {"reason": "voluntary"} | ({"barring": "all"} if business == "suspend" else {})
    product = {
        "productSerialNumber": number,
        "status": "suspended" if business == "suspend" else "active",
        "productCharacteristic": [{"name": name, "value": value} for name, value in named.items()],
    }
    return {"category": business, "productOrderItem": [{"id": "1", "action": "modify", "product": product}]}


@asynccontextmanager
async def _standing(say: Any) -> AsyncIterator[Bench]:
    plan = FleetPlan.of("bj,gd", place="bench", first_port=free_ports(3))
    shutil.rmtree(plan.folder, ignore_errors=True)
    with Behaving(1, _HURRY):
        async with Fleet.standing(plan, say) as fleet:
            chance = random.Random(1)
            history = History(plan.folder / "history" / "client.jsonl")
            client = client_of(fleet, history, chance)
            town = Town(client, chance)
            await more_profiles(fleet.engines.postgres_url, "gd", SUBSCRIBERS)
            await town.settle(("gd",), numbers=SUBSCRIBERS, cards=SUBSCRIBERS)
            await town.populate(SUBSCRIBERS, at_once=16)
            town.subscribers = [one for one in town.subscribers if one.number[-4:] < "9900"]
            say(f"{len(town.subscribers)} subscribers in Guangdong")
            topics = [f"bench.hop.{n}" for n in range(HOPS + 1)]
            await ensure_topics(fleet.engines.kafka, topics, PARTITIONS)
            connection = await asyncpg.connect(f"{fleet.engines.postgres_url}/postgres")
            await connection.execute("CREATE DATABASE bare")
            await connection.close()
            try:
                yield Bench(fleet, town, topics)
            finally:
                await client.close()
                history.close()
    shutil.rmtree(plan.folder, ignore_errors=True)
