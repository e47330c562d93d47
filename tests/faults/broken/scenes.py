"""What has to happen for harm to be done: one scene for each way in which the fleet is broken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from signal import SIGCONT, SIGSTOP
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from libs.clock import ShiftedClock
from tests.engines import eventually
from tests.faults.bodies import NUMBERS, ORDERS
from tests.faults.broken.fleet import BrokenFleet
from tests.faults.broken.ways import POWER_CUT
from tests.faults.ears import Ears
from tests.faults.wishes import SEGMENTS, Subscriber, Town

DEADLINE_HOURS = "0.2"
PAST_THE_DEADLINE = timedelta(minutes=15)
WITHIN = 90.0
"""Seconds that each piece of a scene may take: the fleet is small, but the machine may be busy."""


@dataclass
class Stage:
    """A broken fleet, and the people of it."""

    fleet: BrokenFleet
    town: Town
    clock: ShiftedClock
    ears: Ears
    orders: dict[str, str] = field(default_factory=dict)
    """By way: the order, or payment, that met it."""

    async def power_goes_before_the_outbox(self) -> None:
        """In Beijing an order is completed, and the process ends between that and the message that tells of it."""
        cut = self.fleet.folder / POWER_CUT
        cut.touch()
        order = await self._accepted("suspend", "bj", self._somebody("bj"))
        self.orders["outbox-outside"] = order
        await eventually(lambda: not cut.exists(), WITHIN)
        await self._ended("bj", order, "completed")
        await self.fleet.ready("bj")

    async def order_fails_late(self) -> None:
        """In Beijing provisioning refuses a number for which everything else was done."""
        order = await self._opening("bj", "9901")
        self.orders["undo-skipped"] = order
        await self._ended("bj", order, "failed")

    async def production_never_answers(self) -> None:
        """In Guangdong billing does what it is asked, and its answer never comes, however long it is waited for."""
        number = f"{SEGMENTS['gd'][1]}9906"
        stock = {"first": number, "count": 1, "area": SEGMENTS["gd"][0], "network": "lte"}
        assert await self.town.client.post("gd", NUMBERS, stock, role="supervisor") is not None
        order = await self._opening("gd", "9906")
        self.orders["unknown-is-failure"] = order

        async def given_up() -> bool:
            self.clock.advance(timedelta(seconds=40))
            return await self._state("gd", order) == "failed"

        await eventually(given_up, WITHIN, every=1.0)

    async def forward_comes_twice(self) -> None:
        """A relay sent a forward to Guangdong, and sends it again: it had died before it could note that."""
        async with self._database("gd") as home:
            await home.execute("ALTER TABLE work_orders DROP CONSTRAINT work_orders_taken_once")
        payment = await self._accepted("pay", "bj", self._somebody("gd"))
        self.orders["inbox-unread"] = payment
        await self._at_home(payment, ["completed"])
        await self._send_again("gd.downlink.work-orders", payment)
        await self._at_home(payment, ["completed", "completed"])

    async def home_is_late(self) -> None:
        """Guangdong has taken a payment in, and production is away until long after the deadline; then it posts it."""
        accounting = self.fleet.children["accounting"].mark
        assert accounting is not None
        accounting.send(SIGSTOP)
        try:
            payment = await self._accepted("pay", "bj", self._somebody("gd"))
            self.orders["router-judges-sent"] = payment
            await self._at_home(payment, ["running"])
            self.clock.advance(PAST_THE_DEADLINE)

            async def judged() -> bool:
                async with self._database("hq", "hq_router") as router:
                    return bool(
                        await router.fetchval(
                            "SELECT outcome = 'rejected' FROM forwards WHERE order_id = $1", payment
                        )
                    )

            await eventually(judged, WITHIN, every=0.2)
        finally:
            accounting.send(SIGCONT)
        await self._at_home(payment, ["completed"])

    async def nobody_listens(self) -> None:
        """An order ends in Guangdong while the listener there has no answer but 503; then he is back."""
        self.ears.deaf("gd")
        order = await self._opening("gd", "5200")
        self.orders["answer-unread"] = order
        await self._ended("gd", order, "completed")

        async def nothing_waits() -> bool:
            async with self._database("gd") as home:
                waiting = "SELECT count(*) = 0 FROM hub_deliveries WHERE state = 'waiting'"
                return bool(await home.fetchval(waiting))

        await eventually(nothing_waits, WITHIN, every=0.1)
        await self.ears.listen(self.town.client, self.clock)

    # -- what scenes are made of

    def _somebody(self, node: str) -> Subscriber:
        """A subscriber of this node who was not in any scene yet."""
        found = next(one for one in self.town.subscribers if one.node == node)
        self.town.subscribers.remove(found)
        return found

    async def _opening(self, node: str, last: str) -> str:
        number, free = f"{SEGMENTS[node][1]}{last}", self.town.places[node].numbers
        if number in free:
            free.remove(number)
        free.appendleft(number)
        return await self._accepted("open-account", node, None)

    async def _accepted(self, business: str, node: str, subscriber: Subscriber | None) -> str:
        answer = await self.town.place(business, node, subscriber.node if subscriber else node, subscriber)
        assert answer is not None
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def _state(self, node: str, order: str) -> Any:
        return (await self.town.client.get(node, f"{ORDERS}/{order}")).get("state")

    async def _ended(self, node: str, order: str, state: str) -> None:
        async def ended() -> bool:
            found = await self._state(node, order)
            assert found in (state, "acknowledged", "inProgress"), found
            return bool(found == state)

        await eventually(ended, WITHIN, every=0.2)

    async def _at_home(self, payment: str, states: list[str]) -> None:
        """Wait until Guangdong's work for a payment is so."""

        async def so() -> bool:
            async with self._database("gd") as home:
                rows = await home.fetch(
                    "SELECT state FROM work_orders WHERE order_id = $1 AND part = 'home' "
                    "AND steps -> 0 ->> 'state' <> 'planned'",
                    payment,
                )
            return [row["state"] for row in rows] == states

        await eventually(so, WITHIN, every=0.1)

    @asynccontextmanager
    async def _database(
        self, node: str, package: str = "order_acceptance"
    ) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(f"{self.fleet.engines.postgres_url}/{node}_{package}")
        try:
            yield connection
        finally:
            await connection.close()

    async def _send_again(self, topic: str, order: str) -> None:
        """The forward of this order, once more as it was."""
        kafka = self.fleet.engines.kafka
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=kafka, group_id=None, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            forward: Any = None
            while forward is None:
                async with asyncio.timeout(WITHIN):
                    record = await consumer.getone()
                headers = dict(record.headers)
                if headers.get("ce_subject") == order.encode() and b"forward" in headers["ce_type"]:
                    forward = record
        finally:
            await consumer.stop()
        producer = AIOKafkaProducer(bootstrap_servers=kafka)
        await producer.start()
        try:
            await producer.send_and_wait(topic, forward.value, key=forward.key, headers=list(forward.headers))
        finally:
            await producer.stop()
