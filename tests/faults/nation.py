"""A fleet with people at three counters: what they ask for is written down, so that the checker can judge its end."""

from collections import Counter as Count
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from libs.clock import accounting_day, closes_at
from libs.ids import new_id
from services.order_acceptance.app import SERVICE as ACCEPTANCE
from services.order_acceptance.groups.tests.headquarters import Headquarters
from services.order_acceptance.tests.businesses import catalogue
from services.order_acceptance.tests.counter import Counter
from tests.engines import eventually
from tests.faults.bodies import CANCELS, ORDERS, PAYMENTS, payment
from tests.faults.checker.books import check_books
from tests.faults.checker.evidence import Evidence, Row, newest_events, read_service
from tests.faults.checker.findings import Violation
from tests.faults.checker.groups import check_groups
from tests.faults.checker.orders import check_orders
from tests.faults.checker.queues import check_queues
from tests.faults.checker.tier import check_tier
from tests.faults.fleet import Fleet
from tests.running import Bench, RunningService

HELD = "SELECT count(*) FROM forwards WHERE state = 'held'"
ALL_THIS_TIME = timedelta(days=1)


@dataclass
class Nation:
    """Headquarters with a national group, and a hall in each of two provinces."""

    fleet: Fleet
    office: Headquarters
    in_beijing: Counter
    in_guangdong: Counter
    history: list[Row] = field(default_factory=list)
    """What was asked, as the checker reads it."""
    expected: dict[str, dict[str, str]] = field(default_factory=lambda: {"hq": {}, "bj": {}, "gd": {}})
    """By node, of each order and payment: how it is to end."""

    @property
    def counters(self) -> tuple[Counter, ...]:
        return self.office, self.in_beijing, self.in_guangdong

    async def pay(self, at: Counter, number: str, ends: str = "done") -> str:
        return await self._ask(at, "pay", PAYMENTS, payment(f"tel:+86{number}", 50.00, new_id()), ends)

    async def order(self, at: Counter, body: dict[str, Any], ends: str = "completed") -> str:
        return await self._ask(at, body["category"], ORDERS, body | {"externalId": new_id()}, ends)

    async def counter_money(self, at: Counter, amount: float) -> str:
        """Money that an order will use, and that ends with it."""
        return await self._ask(at, "counter", PAYMENTS, payment("counter", amount, new_id()), "done")

    async def cancel(self, at: Counter, order: str) -> None:
        """Its order is taken back."""
        answer = await at.post(CANCELS, {"productOrder": {"id": order}})
        assert answer.status_code == 201, answer.text
        self.expected[at.service.node][order] = "cancelled"

    async def _ask(self, at: Counter, business: str, path: str, body: dict[str, Any], ends: str) -> str:
        answer = await at.post(path, body)
        assert answer.status_code == 201, answer.text
        id_ = str(answer.json()["id"])
        key = body.get("externalId") or body["correlatorId"]
        asked = {"key": key, "node": at.service.node, "business": business, "status": 201, "id": id_}
        self.history.append(asked)
        self.expected[at.service.node][id_] = ends
        return id_

    async def held(self, count: int) -> None:
        """Wait until headquarters holds so many forwards."""

        async def there() -> bool:
            return bool(await self.fleet.hq.db.fetchval(HELD) == count)

        await eventually(there, 15)

    async def states(self, at: Counter) -> dict[str, str]:
        """Of everything that was asked for there, as it is now."""
        rows = await at.service.db.fetch(
            "SELECT id, state FROM product_orders UNION ALL SELECT id, status FROM payments"
        )
        return {row["id"]: row["state"] for row in rows}

    async def as_expected(self) -> None:
        """Wait until everything has ended, and as it was to end."""

        async def ended() -> bool:
            for counter in self.counters:
                wanted, found = self.expected[counter.service.node], await self.states(counter)
                other = [one for one in wanted if found[one] != wanted[one]]
                assert not other, [
                    (one["business"], found[one["id"]]) for one in self.history if one["id"] in other
                ]
            return True

        await eventually(ended, 30)

    async def close_the_day(self) -> None:
        """The accounting day of now closes, and everybody reports it."""
        clock = self.fleet.clock
        await self.fleet.time_passes(closes_at(accounting_day(clock.now())) - clock.now(), self._accepting())
        for service in self._accepting():
            await service.tick("report-days")

    async def verdict(self) -> list[Violation]:
        """What the checker says: of orders, groups, both tiers, queues, and the books of all days that have closed.

        Who carries out is played here: production has no journals, and no stock is counted.
        """
        found = await self._evidence()
        return [
            *check_orders(found, ALL_THIS_TIME),
            *check_groups(found),
            *check_tier(found),
            *check_queues(found),
            *check_books(found),
        ]

    async def without_violation(self) -> None:
        """Wait until the checker has nothing to say; what it says is in the failure."""

        async def clean() -> bool:
            await self.fleet.hq.tick("reconcile")
            assert [str(one) for one in await self.verdict()] == []
            return True

        await eventually(clean, 30, every=0.3)

    def done_once(self, order: str) -> None:
        """No executor anywhere did a task of this order twice."""
        for node, others in self.fleet.others.items():
            does = {task.task_id: task.name for task in others.of(order) if task.direction == "do"}
            names = Count(does.values())
            assert set(names.values()) <= {1}, f"{node}: {names}"

    def left_behind(self, order: str) -> list[str]:
        return [name for others in self.fleet.others.values() for name in others.left_behind(order)]

    async def _evidence(self) -> Evidence:
        now = self.fleet.clock.now()
        found = Evidence(("hq", "bj", "gd"), history=self.history, now=now)
        for service in (self.fleet.hq, *self._accepting()):
            settings, package = service.settings, service.service.package
            database = f"{settings.postgres_url}/{settings.database_name(package)}"
            await read_service(found, database, service.node, package)
        for service in self._accepting():
            topic = f"{service.settings.topic_prefix}{service.node}.order-acceptance.events"
            found.events[service.node] = await newest_events(service.settings.kafka, topic)
        return found

    def _accepting(self) -> Iterable[RunningService]:
        return [counter.service for counter in self.counters]


@asynccontextmanager
async def nation_of(bench: Bench, fleet: Fleet) -> AsyncIterator[Nation]:
    """The same catalogue everywhere, one customer in each province, one group at headquarters."""
    prefix = fleet.hq.settings.topic_prefix
    async with bench.running(ACCEPTANCE, "hq", clock=fleet.clock, topic_prefix=prefix) as office:
        made = Nation(fleet, Headquarters(office), Counter(fleet.bj), Counter(fleet.gd))
        for counter in made.counters:
            await counter.owners.catalogue()
            await catalogue(counter)
        for counter in (made.in_beijing, made.in_guangdong):
            await counter.owners.customer()
        await made.office.group()
        await eventually(lambda: fleet.heard("hq"), 20)
        yield made
