"""Headquarters and two provinces in one test: the router, two order acceptances, and one clock."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from libs.clock import ManualClock
from libs.ids import new_id
from services.hq_router.app import SERVICE as ROUTER
from services.order_acceptance.app import SERVICE as ACCEPTANCE
from services.order_acceptance.tests.others import Others, played
from tests.engines import eventually
from tests.running import Bench, RunningService, random_mark

PAYMENTS = "/tmf-api/paymentManagement/v4/payment"
GUANGDONGS = ("13000400001", "13000400002")
BEIJINGS = ("13000100001", "13000100002")


@dataclass
class Fleet:
    """Headquarters and two provinces, each with a subscriber for every number above, and one clock."""

    hq: RunningService
    bj: RunningService
    gd: RunningService
    clock: ManualClock
    others: dict[str, Others] = field(default_factory=dict)
    """The executors of each province."""

    def lose(self, service: RunningService) -> None:
        """From now on headquarters hears nothing of this node, which goes on working."""
        service.runtime.state.signs.beaten = self.clock.now() + timedelta(days=365)

    async def find_again(self, service: RunningService) -> None:
        service.runtime.state.signs.beaten = None
        await service.tick("heartbeat")

    async def time_passes(self, by: timedelta, heard: Iterable[RunningService]) -> None:
        """The clock goes on, and these nodes are heard at headquarters."""
        self.clock.advance(by)
        for service in heard:
            await service.tick("heartbeat")
            await eventually(lambda node=service.node: self.heard(node))  # type: ignore[misc]

    async def heard(self, node: str) -> bool:
        last = await self.hq.db.fetchval("SELECT last_heard FROM nodes WHERE code = $1", node)
        return bool(last == self.clock.now())

    async def pay(self, at: RunningService, number: str) -> str:
        answer = await at.client.post(
            PAYMENTS,
            json={
                "account": {"id": f"tel:+86{number}"},
                "paymentMethod": {"@type": "cash"},
                "totalAmount": {"unit": "CNY", "value": 50.00},
            },
            headers=at.bearer("hall-clerk", key=new_id()),
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def status(self, at: RunningService, payment: str) -> Any:
        return await at.db.fetchval("SELECT status FROM payments WHERE id = $1", payment)


async def subscribers(service: RunningService, numbers: tuple[str, ...]) -> None:
    for number in numbers:
        await service.db.execute(
            "INSERT INTO products (id, version, document, created, last_update, number, status, kind, customer, "
            "billing_account, offering, opened_by) "
            "VALUES ($1, 1, '{}', $2, $2, $1, 'active', 'subscription', 'c-1', $1, 'plan-1', 'o-1')",
            number,
            service.clock.now(),
        )


@asynccontextmanager
async def running_fleet(bench: Bench) -> AsyncIterator[Fleet]:
    prefix, clock = f"{random_mark()}.", ManualClock()
    async with AsyncExitStack() as stack:

        async def start(service: Any, node: str) -> RunningService:
            return await stack.enter_async_context(
                bench.running(service, node, clock=clock, topic_prefix=prefix)
            )

        made = Fleet(
            await start(ROUTER, "hq"), await start(ACCEPTANCE, "bj"), await start(ACCEPTANCE, "gd"), clock
        )
        for service, numbers in ((made.bj, BEIJINGS), (made.gd, GUANGDONGS)):
            await subscribers(service, numbers)
            made.others[service.node] = await stack.enter_async_context(played(service))
            await eventually(lambda node=service.node: made.heard(node), 20)  # type: ignore[misc]
        yield made
    await bench.remove_topics(prefix)
