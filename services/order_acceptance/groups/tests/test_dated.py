"""Group orders for the next cycle: judged and pending until 00:00+08:00 on the 1st, carried out then by their homes."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.control import ASK_AFTER, StateAsked
from contracts.work_orders import CancelAsked
from libs.clock import ManualClock, next_cycle
from libs.messaging.topics import uplink
from services.order_acceptance.groups.tests.headquarters import (
    Headquarters,
    asked,
    at_home,
    forwards_of,
    ready,
    together,
)
from services.order_acceptance.tests.businesses import BIG_PLAN, catalogue, change_plan, resume, suspend
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import PLAN
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService

POLICIES = ("all-or-nothing", "best-effort")


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    """Behind the machine's: months pass here, and nothing that a test tells is ever too old to be heard."""
    return ManualClock(datetime(2024, 11, 24, 9, 0, tzinfo=UTC))


@pytest.fixture(scope="module", autouse=True)
async def offerings(headquarters: Headquarters, counter: Counter, counter_in_bj: Counter) -> None:
    for one in (headquarters, counter, counter_in_bj):
        await catalogue(one)


@pytest.fixture
async def numbers(counter: Counter, counter_in_bj: Counter, router: Router) -> list[str]:
    """One in Guangdong, one in Beijing."""
    in_beijing = await counter_in_bj.subscriber()
    router.elsewhere[in_beijing] = "bj"
    return [await counter.subscriber(), in_beijing]


async def ordered(headquarters: Headquarters, numbers: list[str], policy: str = "all-or-nothing") -> str:
    """A plan from the next cycle on, for all of these numbers."""
    bodies = [change_plan(number, BIG_PLAN, "next-cycle") for number in numbers]
    order = await headquarters.order(together(*bodies, policy=policy))
    assert order["state"] == "pending"
    return str(order["id"])


async def kept(order: str, *homes: RunningService) -> None:
    """Wait until every one of these homes has its child of an order, for its time."""

    async def all_dated() -> bool:
        return all([await at_home(one, order, "dated") == 1 for one in homes])

    await eventually(all_dated)


async def plans(numbers: list[str], counter: Counter, counter_in_bj: Counter) -> list[str]:
    products = [await counter.product_of(numbers[0]), await counter_in_bj.product_of(numbers[1])]
    return [one["productOffering"]["id"] for one in products]


@pytest.mark.parametrize("policy", POLICIES)
async def test_it_is_done_at_its_time_and_not_a_second_before(
    headquarters: Headquarters,
    counter: Counter,
    counter_in_bj: Counter,
    hq: RunningService,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    numbers: list[str],
    policy: str,
) -> None:
    due = next_cycle(clock.now())
    order = await ordered(headquarters, numbers, policy)
    await kept(order, gd, bj)
    seen = await headquarters.seen(order)
    assert datetime.fromisoformat(seen["expectedCompletionDate"]) == due
    assert {one["state"] for one in (seen, *seen["productOrderItem"])} == {"pending"}
    assert {one.deadline for one in forwards_of(router, order)} == {due + timedelta(hours=72)}
    assert await headquarters.locks() == 0, "it holds nothing before its time"

    clock.set(due - timedelta(seconds=1))
    for service, timer in ((hq, "groups"), (gd, "sweep"), (bj, "sweep")):
        await service.tick(timer)
    assert (await headquarters.seen(order))["state"] == "pending"
    assert (others.of(order), others_in_bj.of(order)) == ([], [])

    others_in_bj.silent = lambda task: task.name == "change-billing"
    clock.set(due)
    await hq.tick("groups")
    assert (await headquarters.seen(order))["state"] == "inProgress"
    for service in (gd, bj):
        await service.tick("sweep")
    begun = await asked(others_in_bj, order, "change-billing")
    others_in_bj.silent = lambda task: False
    await others_in_bj.answer(begun)
    ended = await headquarters.ended(order)
    assert {one["state"] for one in (ended, *ended["productOrderItem"])} == {"completed"}
    assert await plans(numbers, counter, counter_in_bj) == [BIG_PLAN, BIG_PLAN]
    assert await headquarters.locks() == 0


async def test_homes_begin_it_while_headquarters_is_away(
    headquarters: Headquarters,
    hq: RunningService,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    numbers: list[str],
) -> None:
    order = await ordered(headquarters, numbers)
    await kept(order, gd, bj)
    await hq.stop()
    clock.set(next_cycle(clock.now()) + timedelta(hours=9))
    for service in (gd, bj):
        await service.tick("sweep")
        await eventually(lambda at=service: ready(at, order))  # type: ignore[misc]
    await hq.start()
    assert (await headquarters.ended(order))["state"] == "completed"


async def test_until_its_time_another_group_works_on_its_numbers(
    headquarters: Headquarters,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    numbers: list[str],
) -> None:
    order = await ordered(headquarters, numbers)
    await kept(order, gd, bj)
    for body in (suspend, resume):
        other = await headquarters.order(together(*(body(number) for number in numbers)))
        assert (await headquarters.ended(other["id"]))["state"] == "completed"
    assert (await headquarters.seen(order))["state"] == "pending"
    await headquarters.cancel(order)
    await headquarters.ended(order)


async def test_at_its_time_another_group_waits_for_it(
    headquarters: Headquarters,
    hq: RunningService,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    numbers: list[str],
) -> None:
    order = await ordered(headquarters, numbers)
    await kept(order, gd, bj)
    others_in_bj.silent = lambda task: task.name == "change-billing"
    clock.set(next_cycle(clock.now()))
    for service, timer in ((hq, "groups"), (gd, "sweep"), (bj, "sweep")):
        await service.tick(timer)
    begun = await asked(others_in_bj, order, "change-billing")
    assert await headquarters.locks() == 2
    other = await headquarters.order(together(*(suspend(number) for number in numbers)))
    await hq.tick("groups")
    assert forwards_of(router, other["id"]) == []
    others_in_bj.silent = lambda task: False
    await others_in_bj.answer(begun)
    assert (await headquarters.ended(order))["state"] == "completed"
    assert (await headquarters.ended(other["id"]))["state"] == "completed"
    assert await headquarters.locks() == 0


async def test_what_another_group_works_on_at_its_time_it_locks_after_that(
    headquarters: Headquarters,
    hq: RunningService,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    numbers: list[str],
) -> None:
    order = await ordered(headquarters, numbers)
    await kept(order, gd, bj)
    others.silent = lambda task: task.name == "set-barring"
    others_in_bj.silent = lambda task: task.name == "change-billing"
    before = await headquarters.order(together(suspend(numbers[0]), policy="best-effort"))
    running = await asked(others, before["id"], "set-barring")
    clock.set(next_cycle(clock.now()))
    for service, timer in ((hq, "groups"), (gd, "sweep"), (bj, "sweep")):
        await service.tick(timer)
    whose = "SELECT order_id FROM group_locks WHERE number = $1"
    assert [await hq.db.fetchval(whose, one) for one in numbers] == [before["id"], order]
    others.silent = lambda task: False
    await others.answer(running)
    assert (await headquarters.ended(before["id"]))["state"] == "completed"
    await hq.tick("groups")
    assert [await hq.db.fetchval(whose, one) for one in numbers] == [order, order]
    others_in_bj.silent = lambda task: False
    await others_in_bj.answer(await asked(others_in_bj, order, "change-billing"))
    assert (await headquarters.ended(order))["state"] == "completed"


async def test_a_child_that_does_not_get_its_turn_within_ten_minutes_of_its_time_takes_the_others_back(
    headquarters: Headquarters,
    counter: Counter,
    counter_in_bj: Counter,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    numbers: list[str],
) -> None:
    order = await ordered(headquarters, numbers)
    await kept(order, gd, bj)
    others.silent = lambda task: task.name == "set-barring"
    before = await counter.order(suspend(numbers[0], "lost"))
    running = await asked(others, before["id"], "set-barring")
    due = next_cycle(clock.now())
    clock.set(due)
    for service in (gd, bj):
        await service.tick("sweep")
    await eventually(lambda: ready(bj, order))
    assert await at_home(gd, order, "waiting") == 1
    clock.set(due + timedelta(minutes=9))
    await gd.tick("sweep")
    assert await at_home(gd, order, "waiting") == 1
    clock.set(due + timedelta(minutes=10))
    await gd.tick("sweep")
    ended = await headquarters.ended(order)
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "subscription-busy")
    assert await plans(numbers, counter, counter_in_bj) == [PLAN, PLAN]
    others.silent = lambda task: False
    await others.answer(running)
    assert (await counter.ended(before["id"]))["state"] == "completed"


@pytest.mark.parametrize("policy", POLICIES)
async def test_it_is_cancelled_before_its_time(
    headquarters: Headquarters,
    counter: Counter,
    counter_in_bj: Counter,
    hq: RunningService,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    numbers: list[str],
    policy: str,
) -> None:
    order = await ordered(headquarters, numbers, policy)
    await kept(order, gd, bj)
    wish = await headquarters.cancel(order)
    assert (await headquarters.ended(order))["state"] == "cancelled"
    assert await headquarters.wish(wish) == "done"
    clock.set(next_cycle(clock.now()))
    for service, timer in ((hq, "groups"), (gd, "sweep"), (bj, "sweep")):
        await service.tick(timer)
    assert (await headquarters.seen(order))["state"] == "cancelled"
    assert (others.of(order), others_in_bj.of(order)) == ([], [])
    assert await plans(numbers, counter, counter_in_bj) == [PLAN, PLAN]
    assert await headquarters.locks() == 0


async def test_what_homes_keep_for_its_time_is_asked_after_once_a_day(
    headquarters: Headquarters,
    hq: RunningService,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    numbers: list[str],
) -> None:
    clock.set(next_cycle(clock.now()))
    order = await ordered(headquarters, numbers)
    await kept(order, gd, bj)
    children = [one.origin_transaction for one in forwards_of(router, order)]

    async def heard() -> int:
        sql = "SELECT count(*) FROM late_results WHERE work_order = ANY($1::text[])"
        return int(await hq.db.fetchval(sql, children))

    async def questions_after(time: timedelta) -> int:
        """How many there have been when this time has passed, each answered."""
        clock.advance(time)
        await hq.tick("ask")
        await eventually(lambda: hq.db.fetchval("SELECT count(*) = 0 FROM outbox"))
        sent = await hq.topics.read(uplink("hq", "work-orders"))
        mine = [one for one in sent if one.type == StateAsked.ce_type]
        asked_after = [one for one in mine if one.data["originTransaction"] in children]

        async def all_answered() -> bool:
            return await heard() == len(asked_after)

        await eventually(all_answered)
        return len(asked_after)

    assert await questions_after(ASK_AFTER) == 2
    assert await questions_after(ASK_AFTER) == 2
    assert await questions_after(timedelta(hours=23)) == 2
    assert await questions_after(timedelta(hours=1)) == 4
    await headquarters.cancel(order)
    await headquarters.ended(order)


async def test_a_home_that_was_not_told_is_told_long_before_its_time(
    headquarters: Headquarters,
    hq: RunningService,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    numbers: list[str],
) -> None:
    order = await ordered(headquarters, numbers)
    await kept(order, gd, bj)
    router.loses_next[CancelAsked] = "gd"
    await headquarters.cancel(order)
    await eventually(lambda: router.lost)
    clock.advance(ASK_AFTER)
    await hq.tick("ask")
    assert (await headquarters.ended(order))["state"] == "cancelled"


async def test_what_a_home_refuses_takes_the_others_back_long_before_their_time(
    headquarters: Headquarters, router: Router, others: Others, others_in_bj: Others, numbers: list[str]
) -> None:
    order = await ordered(headquarters, [*numbers, fresh_number()])
    ended = await headquarters.ended(order)
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "number-unknown")


async def test_of_a_best_effort_order_the_others_keep_their_time(
    headquarters: Headquarters,
    counter: Counter,
    counter_in_bj: Counter,
    hq: RunningService,
    gd: RunningService,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    numbers: list[str],
) -> None:
    unknown = fresh_number()
    order = await ordered(headquarters, [*numbers, unknown], "best-effort")
    await kept(order, gd, bj)
    rejected = "SELECT count(*) FROM group_children WHERE order_id = $1 AND state = 'rejected'"
    await eventually(lambda: hq.db.fetchval(rejected, order))
    assert (await headquarters.seen(order))["state"] == "pending"
    clock.set(next_cycle(clock.now()))
    for service in (gd, bj):
        await service.tick("sweep")
    ended = await headquarters.ended(order)
    assert ended["state"] == "partial"
    states = [item["state"] for item in ended["productOrderItem"]]
    assert states == ["completed", "completed", "rejected"]
    assert await plans(numbers, counter, counter_in_bj) == [BIG_PLAN, BIG_PLAN]
