"""Nobody at headquarters hears Guangdong for two hours, and both sides go on accepting: everything ends once."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from libs.clock import ManualClock
from libs.ids import new_id
from services.hq_router.app import SERVICE as ROUTER
from services.order_acceptance.app import SERVICE as ACCEPTANCE
from services.order_acceptance.tests.others import played
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


@pytest.fixture
async def fleet(bench: Bench) -> AsyncIterator[Fleet]:
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
            await stack.enter_async_context(played(service))
            await eventually(lambda node=service.node: made.heard(node), 20)  # type: ignore[misc]
        yield made
    await bench.remove_topics(prefix)


async def test_both_sides_go_on_accepting_and_everything_ends_once(fleet: Fleet) -> None:
    bj, gd = fleet.bj, fleet.gd
    fleet.lose(gd)
    await fleet.time_passes(timedelta(seconds=61), [bj])
    in_beijing: list[str] = []
    in_guangdong: list[str] = []
    for _ in range(4):
        in_beijing += [await fleet.pay(bj, number) for number in GUANGDONGS]
        in_guangdong += [await fleet.pay(gd, number) for number in BEIJINGS]
        await fleet.time_passes(timedelta(minutes=30), [bj])
    held = len(in_beijing)

    async def all_held() -> bool:
        found = await fleet.hq.db.fetchval(
            "SELECT count(*) FROM forwards WHERE state = 'held' AND held_because = 'node-silent'"
        )
        return bool(found == held)

    await eventually(all_held)
    assert {await fleet.status(bj, payment) for payment in in_beijing} == {"authorized"}

    await fleet.find_again(gd)

    async def all_done() -> bool:
        found = [await fleet.status(bj, payment) for payment in in_beijing]
        found += [await fleet.status(gd, payment) for payment in in_guangdong]
        return set(found) == {"done"}

    await eventually(all_done, 20)
    states = await fleet.hq.db.fetch("SELECT state, outcome, count(*) AS n FROM forwards GROUP BY 1, 2")
    assert [tuple(row) for row in states] == [("ended", "completed", 16)]
    for home, numbers, paid in ((gd, GUANGDONGS, in_beijing), (bj, BEIJINGS, in_guangdong)):
        for number in numbers:
            done = await home.db.fetch(
                "SELECT content ->> 'payment' AS payment FROM work_orders "
                "WHERE part = 'home' AND number = $1 AND state = 'completed' ORDER BY created, id",
                number,
            )
            mine = paid[numbers.index(number) :: len(numbers)]
            assert [row["payment"] for row in done] == mine, "once, and in the order of acceptance"


async def test_an_end_that_was_lost_on_the_way_is_found_by_asking(fleet: Fleet) -> None:
    payment = await fleet.pay(fleet.bj, GUANGDONGS[0])

    async def done() -> bool:
        return bool(await fleet.status(fleet.bj, payment) == "done")

    await eventually(done)
    # As if home's last word had never come: ledger and acceptance node are put back to where they were.
    await fleet.hq.db.execute(
        "UPDATE forwards SET state = 'sent', outcome = NULL, result = NULL, sequence = 0, ended = NULL, ask_at = $1",
        fleet.clock.now(),
    )
    await fleet.time_passes(timedelta(minutes=5), [fleet.bj, fleet.gd])
    await fleet.hq.tick("ask-quiet")

    async def ended() -> bool:
        return bool(
            await fleet.hq.db.fetchval("SELECT state = 'ended' AND outcome = 'completed' FROM forwards")
        )

    await eventually(ended)
