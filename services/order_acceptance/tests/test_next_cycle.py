"""A plan from the next cycle on: pending until 00:00+08:00 on the 1st, judged at acceptance and again then."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.clock import SHANGHAI, ManualClock, next_cycle
from services.order_acceptance.tests.businesses import (
    BIG_PLAN,
    RETIRED,
    catalogue,
    change_plan,
    done,
    refused,
    suspend,
    terminate,
)
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import PLAN
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService

DATED = "SELECT state, next_at, deadline FROM work_orders WHERE order_id = $1 AND part <> 'acceptance'"


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    """Behind the machine's: months pass here, and nothing that a test tells is ever too old to be heard."""
    return ManualClock(datetime(2024, 11, 24, 9, 0, tzinfo=UTC))


@pytest.fixture(scope="module", autouse=True)
async def offerings(counter: Counter) -> None:
    await catalogue(counter)


@pytest.fixture
async def number(counter: Counter) -> str:
    return await counter.subscriber()


def first_of_the_month(clock: ManualClock) -> datetime:
    moment = next_cycle(clock.now())
    assert (moment.astimezone(SHANGHAI).day, moment.astimezone(SHANGHAI).hour) == (1, 0)
    return moment


async def guards(service: RunningService, number: str) -> int:
    return int(await service.db.fetchval("SELECT count(*) FROM guards WHERE number = $1", number))


async def ordered(counter: Counter, number: str, plan: str = BIG_PLAN) -> dict[str, Any]:
    order = await counter.order(change_plan(number, plan, "next-cycle"))
    assert order["state"] == "pending"
    assert {item["state"] for item in order["productOrderItem"]} == {"pending"}
    return order


async def test_a_dated_order_is_done_at_its_time_and_not_a_second_before(
    counter: Counter, others: Others, gd: RunningService, clock: ManualClock, number: str
) -> None:
    due = first_of_the_month(clock)
    order = await ordered(counter, number)
    assert datetime.fromisoformat(order["expectedCompletionDate"]) == due
    row = await gd.db.fetchrow(DATED, order["id"])
    assert (row["state"], row["next_at"]) == ("dated", due)
    assert row["deadline"] == due + timedelta(hours=72), "the deadline counts from its time"
    assert await guards(gd, number) == 0, "it takes no guard before its time"
    clock.set(due - timedelta(seconds=1))
    await gd.tick("sweep")
    assert (await counter.seen(order["id"]))["state"] == "pending"
    assert others.of(order["id"]) == []
    clock.set(due)
    await gd.tick("sweep")
    assert (await counter.ended(order["id"]))["state"] == "completed"
    assert (await counter.product_of(number))["productOffering"]["id"] == BIG_PLAN
    assert await guards(gd, number) == 0


async def test_others_go_first_while_it_waits_for_its_time(
    counter: Counter, others: Others, gd: RunningService, clock: ManualClock, number: str
) -> None:
    order = await ordered(counter, number)
    await done(counter, suspend(number))
    clock.set(first_of_the_month(clock))
    await gd.tick("sweep")
    assert (await counter.ended(order["id"]))["state"] == "completed"


async def test_after_a_night_of_standing_still_it_is_done_all_the_same(
    counter: Counter, others: Others, gd: RunningService, clock: ManualClock, number: str
) -> None:
    order = await ordered(counter, number)
    await gd.stop()
    clock.set(first_of_the_month(clock) + timedelta(hours=9))
    await gd.start()
    assert (await counter.ended(order["id"]))["state"] == "completed"


async def _retired(counter: Counter, number: str) -> None:
    plan = counter.owners.offering("plan-of-a-month", "plan", lifecycle_status="Retired", version=2)
    await counter.owners.tell("product", plan)
    await counter.owners.until_known("known_offerings", plan.id, version=2)


async def _ended(counter: Counter, number: str) -> None:
    await done(counter, terminate(number, await counter.check()))


async def _there_already(counter: Counter, number: str) -> None:
    await done(counter, change_plan(number, "plan-of-a-month"))


@pytest.mark.parametrize(
    ("meanwhile", "code"),
    [
        (_there_already, "plan-unchanged"),
        (_ended, "subscription-terminated"),
        (_retired, "offering-not-available"),
    ],
)
async def test_what_is_not_lawful_any_more_is_rejected_when_its_time_comes(
    counter: Counter,
    others: Others,
    gd: RunningService,
    clock: ManualClock,
    number: str,
    meanwhile: Callable[[Counter, str], Any],
    code: str,
) -> None:
    plan = counter.owners.offering("plan-of-a-month", "plan", ("recurring", "1.00"))
    await counter.owners.tell("product", plan)
    await counter.owners.until_known("known_offerings", plan.id)
    order = await ordered(counter, number, plan.id)
    await meanwhile(counter, number)
    clock.set(first_of_the_month(clock))
    await gd.tick("sweep")
    ended = await counter.ended(order["id"])
    assert (ended["state"], [one["code"] for one in ended["failure"]]) == ("rejected", [code])
    assert others.of(order["id"]) == []
    assert await guards(gd, number) == 0


async def test_what_is_not_lawful_now_is_refused_now(counter: Counter, number: str) -> None:
    assert await refused(counter, change_plan(number, PLAN, "next-cycle")) == (409, ["plan-unchanged"])
    assert await refused(counter, change_plan(number, RETIRED, "next-cycle")) == (
        409,
        ["offering-not-available"],
    )


async def test_two_of_one_number_are_done_one_after_the_other(
    counter: Counter, others: Others, gd: RunningService, clock: ManualClock, number: str
) -> None:
    orders = [await ordered(counter, number) for _ in range(2)]
    clock.set(first_of_the_month(clock))
    await gd.tick("sweep")
    ends = [await counter.ended(order["id"]) for order in orders]
    assert [one["state"] for one in ends] == ["completed", "rejected"]
    assert ends[1]["failure"][0]["code"] == "plan-unchanged", "the second finds what the first has done"
    assert await guards(gd, number) == 0


async def test_from_another_province_it_waits_at_home(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    gd: RunningService,
    bj: RunningService,
    clock: ManualClock,
    number: str,
) -> None:
    await catalogue(counter_in_bj)
    due = first_of_the_month(clock)
    order = await ordered(counter_in_bj, number)
    forward = await router.forward_of(order["id"])
    assert forward.deadline == due + timedelta(hours=72)

    async def kept() -> bool:
        return await gd.db.fetchval(DATED, order["id"]) == "dated"

    await eventually(kept)
    assert await guards(gd, number) == 0
    assert (await counter_in_bj.seen(order["id"]))["state"] == "pending"
    await bj.stop()
    clock.set(due)
    await gd.tick("sweep")
    await router.outcome_of(forward)
    assert (await counter.product_of(number))["productOffering"]["id"] == BIG_PLAN, "home needs nobody for it"
    await bj.start()
    assert (await counter_in_bj.ended(order["id"]))["state"] == "completed"


async def test_home_refuses_at_once_what_is_not_lawful(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
    number: str,
) -> None:
    order = await ordered(counter_in_bj, number, PLAN)
    ended = await counter_in_bj.ended(order["id"])
    assert (ended["state"], [(one["code"], one["node"]) for one in ended["failure"]]) == (
        "rejected",
        [("plan-unchanged", "gd")],
    )
