"""One subscription, many orders at once: one work order runs, the others wait their turn, their deadline, or longer."""

import asyncio
from datetime import timedelta
from itertools import groupby
from typing import Any

import pytest

from libs.clock import ManualClock
from services.order_acceptance.tests.bodies import ORDERS, replace_sim
from services.order_acceptance.tests.counter import Counter, fresh_card
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService

AT_ONCE = 20


async def at_once(counter: Counter, number: str, count: int = AT_ONCE) -> list[dict[str, Any]]:
    """So many orders for new cards of one number, sent at the same moment."""
    checks = await counter.owners.checks(count)
    answers = await asyncio.gather(
        *(counter.post(ORDERS, replace_sim(check, number=number, iccid=fresh_card())) for check in checks)
    )
    assert {answer.status_code for answer in answers} == {201}
    return [answer.json() for answer in answers]


async def states(counter: Counter, orders: list[dict[str, Any]], within: float = 20) -> list[str]:
    return [(await counter.ended(order["id"], within))["state"] for order in orders]


async def guards(service: RunningService, number: str) -> int:
    return int(await service.db.fetchval("SELECT count(*) FROM guards WHERE number = $1", number))


def turns(others: Others, number: str) -> list[str]:
    """The work orders that asked for something done to a number, one for each turn that they had."""
    return [work for work, _ in groupby(task.work_order for task in others.seen if task.number == number)]


async def test_twenty_orders_for_one_number_are_done_one_after_the_other(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    number = await counter.subscriber()
    orders = await at_once(counter, number)
    assert await states(counter, orders) == ["completed"] * AT_ONCE
    assert len(turns(others, number)) == AT_ONCE, "nobody's turn was interrupted by another"
    # The network refuses a swap that does not name the card before it: each saw the one before.
    swaps = [task.input for task in others.seen if task.name == "swap-card" and task.number == number]
    assert [one["replacesImsi"] for one in swaps[1:]] == [one["imsi"] for one in swaps[:-1]]
    bound = [task.input for task in others.seen if task.name == "bind-profile" and task.number == number]
    last = next(task.input["iccid"] for task in reversed(others.seen) if task.name == "bind-card")
    assert (await counter.product_of(number))["realizingResource"][1]["id"] == last
    assert len({one["replacesCard"] for one in bound}) == AT_ONCE, "each retired another card"
    assert await guards(gd, number) == 0


async def test_those_behind_one_that_fails_have_their_turn(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    number = await counter.subscriber()
    bad: set[str] = set()
    others.refuses = lambda task: task.name == "swap-card" and task.work_order in bad
    others.silent = lambda task: len(bad) == 0 and bad.add(task.work_order) is None and False
    orders = await at_once(counter, number, 5)
    assert sorted(await states(counter, orders)) == ["completed"] * 4 + ["failed"]
    assert len(turns(others, number)) == 5, "what is being undone keeps its turn"
    assert await guards(gd, number) == 0


async def test_whoever_waits_past_the_deadline_is_rejected_and_the_one_that_runs_goes_on(
    gd: RunningService, counter: Counter, others: Others, clock: ManualClock
) -> None:
    others.silent = lambda task: task.name == "bind-profile"
    number = await counter.subscriber()
    orders = await at_once(counter, number, 4)
    await eventually(lambda: any(task.name == "bind-profile" for task in others.seen))
    clock.advance(timedelta(hours=73))
    await gd.tick("sweep")
    running = {task.order for task in others.seen if task.number == number}
    assert len(running) == 1
    late = [order for order in orders if order["id"] not in running]
    for order in late:
        ended = await counter.ended(order["id"])
        assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "deadline-passed")
    others.behave()
    clock.advance(timedelta(minutes=20))
    await gd.tick("sweep")
    assert (await counter.ended(running.pop()))["state"] == "completed", "beyond its point of no return"
    assert await guards(gd, number) == 0


async def test_a_deadline_before_the_point_of_no_return_takes_everything_back(
    gd: RunningService, counter: Counter, others: Others, clock: ManualClock
) -> None:
    others.silent = lambda task: task.name == "allocate-profile"
    order = (await at_once(counter, await counter.subscriber(), 1))[0]
    await eventually(lambda: "allocate-profile" in others.names(order["id"]))
    clock.advance(timedelta(hours=73))
    others.silent = lambda task: False
    await gd.tick("sweep")
    ended = await counter.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("failed", "deadline-passed")
    assert others.left_behind(order["id"]) == []


async def test_forwards_wait_for_their_turn_too(
    bj: RunningService,
    gd: RunningService,
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    number = await counter.subscriber()
    here, there = await asyncio.gather(at_once(counter, number, 4), at_once(counter_in_bj, number, 4))
    assert await states(counter, here) == ["completed"] * 4
    assert await states(counter_in_bj, there) == ["completed"] * 4
    at_home = [task for task in others.seen if task.number == number]
    assert len([work for work, _ in groupby(task.work_order for task in at_home)]) == 8
    assert await guards(gd, number) == 0


async def test_orders_for_different_numbers_do_not_wait_for_each_other(
    counter: Counter, others: Others
) -> None:
    others.silent = lambda task: task.number == held
    held, free = await counter.subscriber(), await counter.subscriber()
    waiting = (await at_once(counter, held, 1))[0]
    assert await states(counter, await at_once(counter, free, 1)) == ["completed"]
    assert (await counter.seen(waiting["id"]))["state"] == "acknowledged"


async def test_money_for_a_number_does_not_wait_for_its_orders(counter: Counter, others: Others) -> None:
    others.silent = lambda task: task.name == "swap-card"
    number = await counter.subscriber()
    await at_once(counter, number, 1)
    await counter.payment_is(await counter.pay(5.00, f"tel:+86{number}"), "done")


async def test_after_a_restart_everything_goes_on(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    number = await counter.subscriber()
    others.silent = lambda task: len({one.work_order for one in others.seen if one.number == number}) > 1
    orders = await at_once(counter, number, 6)
    await eventually(lambda: len({one.work_order for one in others.seen if one.number == number}) > 1)
    await gd.restart()
    others.behave()
    gd.clock.advance(timedelta(minutes=1))
    await gd.tick("sweep")
    assert await states(counter, orders) == ["completed"] * 6
    assert await guards(gd, number) == 0


@pytest.mark.parametrize("gone", ["terminated", "another-customer"])
async def test_what_waited_for_a_subscription_that_is_gone_is_rejected(
    gd: RunningService, counter: Counter, others: Others, gone: str
) -> None:
    number = await counter.subscriber()
    others.silent = lambda task: task.name == "bind-profile"
    orders = await at_once(counter, number, 2)
    await eventually(lambda: any(task.name == "bind-profile" for task in others.seen))
    change = "status = 'terminated'" if gone == "terminated" else "customer = 'somebody else'"
    await gd.db.execute(f"UPDATE products SET {change} WHERE number = $1", number)
    others.silent = lambda task: False
    gd.clock.advance(timedelta(minutes=1))
    await gd.tick("sweep")
    ends = [await counter.ended(order["id"]) for order in orders]
    rejected = next(end for end in ends if end["state"] == "rejected")
    expected = "subscription-terminated" if gone == "terminated" else "identity-mismatch"
    assert rejected["failure"][0]["code"] == expected
    assert await guards(gd, number) == 0


async def test_whom_the_clock_ends_in_the_moment_of_his_turn_hands_it_on(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    """The clock ends a waiting one while the guard is being passed to it: it stays ended, and the next begins."""
    number = await counter.subscriber()
    others.silent = lambda task: task.name == "bind-card"
    orders = await at_once(counter, number, 3)
    await eventually(lambda: any(task.name == "bind-card" for task in others.seen))
    waiting = await gd.db.fetch(
        "SELECT id, order_id FROM work_orders WHERE number = $1 AND state = 'waiting' ORDER BY created, id",
        number,
    )
    late, last = waiting
    async with gd.db.transaction() as clock_ends:
        await clock_ends.execute(
            "UPDATE work_orders SET state = 'rejected', next_at = NULL WHERE id = $1", late["id"]
        )
        others.silent = lambda task: False
        gd.clock.advance(timedelta(minutes=1))
        sweep = asyncio.create_task(gd.tick("sweep"))

        async def waits_for_the_clock() -> bool:
            return bool(
                await gd.db.fetchval(
                    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database()"
                    " AND wait_event_type = 'Lock' AND query LIKE '%FROM work_orders WHERE id = ANY%'"
                )
            )

        await eventually(waits_for_the_clock)
    await sweep
    assert (await counter.ended(last["order_id"]))["state"] == "completed"
    states_by_id = dict(
        await gd.db.fetch("SELECT id, state FROM work_orders WHERE number = $1", number)  # type: ignore[arg-type]
    )
    assert states_by_id[late["id"]] == "rejected", "it was not called back to life"
    assert sorted(states_by_id.values()) == ["completed", "completed", "rejected"]
    assert len(orders) == len(states_by_id)
    assert await guards(gd, number) == 0
