"""Processes end between any two steps that matter, and start again: nothing is lost, done twice or left behind.

Every point is armed for the process that is to end there. Some lie on a way that is only gone on purpose: there one
thing is asked, and the process that takes it ends at each point of its way in turn, while the client asks again. The
others lie on the way of everything.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from contracts.work_orders import ReadyTold
from deploy.local.fleet import Fleet
from libs.fail_points import POINTS
from libs.ids import new_id
from libs.messaging.envelope import headers, source_of, to_bytes, type_of
from libs.messaging.topics import downlink
from tests.engines import eventually
from tests.faults.bodies import CANCELS, ORDERS, on_option, on_subscriber
from tests.faults.checker.verdict import check
from tests.faults.ears import ears
from tests.faults.group import HQ, MANAGER
from tests.faults.run import PROVINCES, Outcome, Size, standing, verdict
from tests.faults.wishes import Subscriber, Town

SIZE = Size(seed=5, orders=0, faults=0, seconds=0, subscribers=8, asking=5, place="faults-points")
NEEDED = 5
"""Subscribers of one province, for all scenes together."""
STRUCK_WITHIN = 120.0
FORWARDS, SWITCHES = "/api/hq-router/v1/forwards", "/api/hq-router/v1/switches"
LETTERS = "/api/order-acceptance/v1/deadLetters"
ROUTER, HEADQUARTERS, BEIJING, GUANGDONG = (
    "hq.hq-router",
    "hq.order-acceptance",
    "bj.order-acceptance",
    "gd.order-acceptance",
)


def of(*families: str) -> tuple[str, ...]:
    """The points whose names begin so."""
    return tuple(point for point in POINTS if point.startswith(families))


ONE_BY_ONE = of("inbox.alone", "inbox.put-aside")
ONCE, ORDER, PAYMENT, RELAY = (of(f"{family}.") for family in ("once", "order", "payment", "relay"))
# A listener is kept a minute for the courier that ended: so each at another node, at the same time.
TAKEN, NOTED = ("courier.taken",), ("courier.noted",)
SWEEP = of("engine.swe")
INBOX = tuple(point for point in of("inbox.") if point not in ONE_BY_ONE)
MOVES = tuple(point for point in of("engine.") if point not in SWEEP)
IN_PASSING = {
    ROUTER: INBOX,
    f"{ROUTER}.relay": RELAY,
    GUANGDONG: INBOX + TAKEN,
    f"{GUANGDONG}.relay": RELAY,
    "gd.resource": INBOX[:3],
    BEIJING: MOVES + NOTED,
}
"""Whoever asks for anything comes by here sooner or later."""


@dataclass
class Strikes:
    """What was armed for whom, and who ended, as the supervisor of the processes saw it."""

    folder: Path
    armed: list[tuple[str, str]] = field(default_factory=list)
    """Process and point."""
    ended: list[str] = field(default_factory=list)
    fleet: Fleet | None = None
    _restarts: set[asyncio.Task[None]] = field(default_factory=set)

    def heard(self, line: str) -> None:
        """What the supervisor says. It would wait for longer and longer before it starts the same process again."""
        if self.fleet is not None and "ended by itself" in line:
            process = line.split(" ", 1)[0]
            self.ended.append(process)
            restart = asyncio.get_running_loop().create_task(self.fleet.revive(process))
            self._restarts.add(restart)
            restart.add_done_callback(self._restarts.discard)

    def arm(self, process: str, points: tuple[str, ...]) -> None:
        for point in points:
            self.armed.append((process, point))
            (self.folder / f"{point}@{process}").touch()

    def left(self) -> list[str]:
        """The pairs at which nobody ended yet."""
        return sorted(file.name for file in self.folder.iterdir())

    def missing(self) -> dict[str, int]:
        """How often each process should have ended, and did not; below zero where nobody told it to."""
        wanted, ended = Counter(process for process, _ in self.armed), Counter(self.ended)
        return {name: wanted[name] - ended[name] for name in wanted | ended if wanted[name] != ended[name]}

    @asynccontextmanager
    async def at(self, process: str, points: tuple[str, ...]) -> AsyncIterator[None]:
        """What is asked in the block, and nothing else, makes this process end at each of these points."""
        before = self.ended.count(process)
        self.arm(process, points)
        yield
        await eventually(lambda: self.ended.count(process) == before + len(points), STRUCK_WITHIN, every=0.1)
        assert [one for one in self.left() if one.endswith(f"@{process}")] == []


@dataclass
class Scenes:
    """What is asked on purpose; nobody else asks for anything meanwhile."""

    strikes: Strikes
    town: Town
    kafka: str
    shapes: dict[str, str] = field(default_factory=dict)
    """By order: which part of its work its node has."""
    stranger: str = field(default_factory=new_id)
    """The message that is given up at first."""

    async def peopled(self) -> None:
        """Open accounts until there is somebody for every scene: as everywhere in trouble, some openings fail."""
        while min(Counter(one.node for one in self.town.subscribers)[node] for node in PROVINCES) < NEEDED:
            await self.town.populate(2)

    def somebody(self, node: str) -> Subscriber:
        """A subscriber of this node who is in no scene yet, and is left alone later."""
        found = next(one for one in self.town.subscribers if one.node == node)
        self.town.subscribers.remove(found)
        return found

    async def at_headquarters(self) -> None:
        """Groups: one is accepted, one waits for another that is held, one is taken back."""
        client, at = self.town.client, self.strikes.at
        opening = await self.town.group.order({"bj": [], "gd": []}, [], [])
        assert opening is not None
        async with at(HEADQUARTERS, ONCE):
            await self._group(opening)

        number, options = self.somebody("gd").number, self.town.places["gd"].options
        switch = {"node": "gd", "business": "subscribe", "reason": "points"}
        assert await client.post(HQ, SWITCHES, switch | {"state": "off"}, role="hq-operator") is not None
        for option in options[:2]:
            item = on_option("subscribe", number, option) | {"id": "1"}
            await self._group({"category": "subscribe", "policy": "best-effort", "productOrderItem": [item]})

        async def held() -> bool:
            return bool(await client.get(HQ, FORWARDS, role="hq-operator", state="held"))

        await eventually(held, STRUCK_WITHIN, every=0.1)
        async with at(HEADQUARTERS, ("group.begun",)), at(ROUTER, ("holding.released",)):
            assert await client.post(HQ, SWITCHES, switch | {"state": "on"}, role="hq-operator") is not None

        plan = self.town.places["gd"].plans[1]
        later = on_subscriber(
            "change-plan",
            self.somebody("gd").number,
            offering=plan,
            characteristics={"effective": "next-cycle"},
        )
        order = await self._group(
            {
                "category": "change-plan",
                "policy": "all-or-nothing",
                "productOrderItem": later["productOrderItem"],
            }
        )
        async with at(HEADQUARTERS, ONCE):
            assert await client.post(HQ, CANCELS, {"productOrder": {"id": order}}, role=MANAGER) is not None

    async def in_beijing(self) -> None:
        """An order and a payment leave for Guangdong with their acceptance; an order is taken back."""
        at, of_guangdong = self.strikes.at, self.somebody("gd")
        async with at(BEIJING, ORDER):
            self.shapes[await self._accepted("suspend", "bj", of_guangdong)] = "acceptance"
        async with at(BEIJING, PAYMENT):
            self.shapes[await self._accepted("pay", "bj", of_guangdong)] = "acceptance"
        order = await self._accepted("change-plan-later", "bj", self.somebody("bj"))
        async with at(BEIJING, ONCE):
            assert await self.town.client.post("bj", CANCELS, {"productOrder": {"id": order}}) is not None

    async def in_guangdong(self) -> None:
        """An order in its turn, an opened account and a payment stay at home; a message is given up, and replayed."""
        client, at, at_home = self.town.client, self.strikes.at, self.somebody("gd")
        async with at(GUANGDONG, ORDER):
            self.shapes[await self._accepted("suspend", "gd", at_home)] = "whole"
        async with at(GUANGDONG, ORDER):
            self.shapes[await self._accepted("open-account", "gd", None)] = "whole"
        async with at(GUANGDONG, PAYMENT):
            self.shapes[await self._accepted("pay", "gd", at_home)] = "whole"

        async with at(GUANGDONG, ONE_BY_ONE):
            await self._of_a_stranger()
        (letter,) = await client.get("gd", LETTERS, role="supervisor", state="dead")
        payload = _ready("nobody").model_dump(mode="json", by_alias=True, exclude_none=True)
        path = f"{LETTERS}/{letter['id']}"
        assert await client.patch("gd", path, {"payload": payload}, role="supervisor") is not None
        async with at(GUANGDONG, ONCE):
            assert await client.post("gd", f"{path}/replay", None, role="supervisor") is not None

    async def accounting_stands_still(self) -> None:
        """Payments at both homes are not answered in time, and asked for again."""
        accounting = self.strikes.fleet.children["accounting"].mark if self.strikes.fleet else None
        assert accounting is not None
        accounting.send(SIGSTOP)
        try:
            async with self.strikes.at(GUANGDONG, SWEEP), self.strikes.at(BEIJING, SWEEP):
                for node in ("bj", "gd"):
                    await self._accepted("pay", node, self.somebody(node))
        finally:
            accounting.send(SIGCONT)

    async def _group(self, body: dict[str, Any]) -> str:
        key = new_id()
        known = {"policy": body["policy"], "home": None, "number": None}
        answer = await self.town.client.wish(
            HQ, ORDERS, body | {"externalId": key}, business="group", key=key, role=MANAGER, **known
        )
        assert answer is not None
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def _accepted(self, business: str, node: str, subscriber: Subscriber | None) -> str:
        answer = await self.town.place(business, node, subscriber.node if subscriber else node, subscriber)
        assert answer is not None
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def _of_a_stranger(self) -> None:
        """Two messages in one batch, of which the second makes it fail: no database takes what it names."""
        topic = downlink("gd", "work-orders")
        # Sent together, so that they are read together.
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka, linger_ms=200)
        await producer.start()
        try:
            for id_, named in ((new_id(), "nobody"), (self.stranger, "no\0body")):
                await producer.send(
                    topic,
                    to_bytes(_ready(named)),
                    key=b"points",
                    headers=headers(
                        id=id_,
                        type=type_of(ReadyTold),
                        source=source_of("hq", "hq-router"),
                        subject=None,
                        time=datetime.now(UTC),
                        traceparent=None,
                    ),
                )
            await producer.flush()
        finally:
            await producer.stop()

    def explained(self, outcome: Outcome) -> None:
        """The one dead letter is known, and was replayed."""
        letters = outcome.evidence.queues["gd", "order_acceptance", "dead_letters"]
        (mine,) = [letter for letter in letters if letter["ce_type"] == type_of(ReadyTold)]
        letters.remove(mine)

    def check_shapes(self, outcome: Outcome) -> None:
        works = [work for _, work in outcome.evidence.all("work_orders") if work["part"] != "home"]
        assert {work["order_id"]: work["part"] for work in works if work["order_id"] in self.shapes} == (
            self.shapes
        )


def _ready(transaction: str) -> ReadyTold:
    return ReadyTold(
        origin="gd", origin_transaction=transaction, home_transaction="h-1", sequence=1, at=datetime.now(UTC)
    )


@pytest.fixture
def armed(tmp_path: Path) -> Iterator[Path]:
    """The folder in which a file arms a point, known to every process that is started from here."""
    os.environ["UNICRM_FAIL_POINTS"] = str(tmp_path)
    yield tmp_path
    del os.environ["UNICRM_FAIL_POINTS"]


@pytest.mark.timeout(600)
async def test_a_process_may_end_at_every_point_and_every_promise_is_kept(armed: Path) -> None:
    strikes = Strikes(armed)
    async with (
        ears("hq", "bj", "gd") as heard,
        standing(SIZE, strikes.heard, heard=heard) as (fleet, town, _),
    ):
        strikes.fleet = fleet
        scenes = Scenes(strikes, town, fleet.engines.kafka)
        await scenes.peopled()
        await asyncio.gather(scenes.at_headquarters(), scenes.in_beijing(), scenes.in_guangdong())
        await scenes.accounting_stands_still()
        assert strikes.missing() == {}

        over = asyncio.Event()

        async def ask() -> None:
            while not over.is_set():
                await town.wish()

        asking = [asyncio.create_task(ask()) for _ in range(SIZE.asking)]
        for process, points in IN_PASSING.items():
            strikes.arm(process, points)
        try:
            await eventually(lambda: not strikes.left(), STRUCK_WITHIN, every=0.2)
        finally:
            over.set()
            never = strikes.left()
            await asyncio.gather(*asking)
        assert never == [], f"nobody came by at {never}"
        await eventually(lambda: not strikes.missing(), every=0.1)
        outcome = await verdict(fleet, strikes.heard, heard)
    assert strikes.missing() == {}, strikes.ended
    assert {point for _, point in strikes.armed} == set(POINTS)
    scenes.explained(outcome)
    scenes.check_shapes(outcome)
    outcome.violations = check(outcome.evidence)
    assert outcome.violations == [], "\n".join(outcome.lines())
    assert any(work["state"] == "completed" for _, work in outcome.evidence.all("work_orders"))
