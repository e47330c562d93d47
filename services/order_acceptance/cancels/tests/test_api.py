"""TMF622 cancelProductOrder at a counter: at home, from afar, and against whoever is faster."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from contracts.control import ASK_AFTER
from contracts.work_orders import CancelAsked, CancelTooLate
from libs.clock import ManualClock
from services.order_acceptance.tests import businesses
from services.order_acceptance.tests.bodies import open_account, replace_sim
from services.order_acceptance.tests.businesses import BIG_PLAN, change_plan, suspend
from services.order_acceptance.tests.counter import Counter, fresh_card, fresh_number
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import RunningService

CANCELS = "/tmf-api/productOrderingManagement/v4/cancelProductOrder"


def wish(order: str, **more: Any) -> dict[str, Any]:
    return {"productOrder": {"id": order}, "cancellationReason": "changed his mind", **more}


async def asked(counter: Counter, order: str) -> dict[str, Any]:
    answer = await counter.post(CANCELS, wish(order))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def wish_is(counter: Counter, id_: str, state: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found: dict[str, Any] = (await counter.get(f"{CANCELS}/{id_}")).json()
        return found if found["state"] == state else None

    there = await eventually(look)
    assert there is not None
    return there


async def order_is(counter: Counter, order: str, state: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found = await counter.seen(order)
        return found if found["state"] == state else None

    there = await eventually(look)
    assert there is not None
    return there


async def opening(counter: Counter, money: str) -> dict[str, Any]:
    return await counter.order(open_account(await counter.check(), money, number=fresh_number()))


async def test_an_order_that_is_cancelled_at_home_leaves_nothing_and_the_money_goes_back(
    counter: Counter, others: Others
) -> None:
    others.silent = lambda task: task.name == "start-billing"
    money = await counter.pay()
    order = await opening(counter, money)
    await eventually(lambda: "start-billing" in others.names(order["id"]))
    made = await asked(counter, order["id"])
    assert (made["state"], made["productOrder"]["id"]) == ("inProgress", order["id"])
    ended = await counter.ended(order["id"])
    assert ended["state"] == "cancelled"
    assert [one["code"] for one in ended["failure"]] == ["cancelled-on-request"]
    assert {item["state"] for item in ended["productOrderItem"]} == {"cancelled"}
    assert others.left_behind(order["id"]) == []
    assert await counter.refunded(money) == [100.00]
    done = await wish_is(counter, made["id"], "done")
    assert done["effectiveCancellationDate"] == ended["completionDate"]


async def test_while_home_decides_the_order_says_so_and_a_granted_wish_cancels_it(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    others.silent = lambda task: task.direction == "do" and task.name == "swap-card"
    number = await counter.subscriber()
    money = await counter_in_bj.pay(10.00)
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), money, number=number))
    await eventually(lambda: "swap-card" in others.names(order["id"]))
    made = await asked(counter_in_bj, order["id"])
    assert made["state"] == "inProgress"
    assert (await counter_in_bj.seen(order["id"]))["state"] in ("assessingCancellation", "cancelled")
    ended = await counter_in_bj.ended(order["id"])
    assert ended["state"] == "cancelled"
    assert [(one["code"], one["node"]) for one in ended["failure"]] == [("cancelled-on-request", "gd")]
    assert others.left_behind(order["id"]) == others_in_bj.left_behind(order["id"]) == []
    assert await counter_in_bj.refunded(money) == [10.00]
    await wish_is(counter_in_bj, made["id"], "done")


async def test_past_the_point_of_no_return_home_goes_on_and_so_does_the_order(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    others.silent = lambda task: task.name == "bind-profile"
    number = await counter.subscriber()
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    await eventually(lambda: "bind-profile" in others.names(order["id"]))
    made = await asked(counter_in_bj, order["id"])
    await wish_is(counter_in_bj, made["id"], "terminatedWithError")
    await order_is(counter_in_bj, order["id"], "inProgress")
    again = await asked(counter_in_bj, order["id"])
    await wish_is(counter_in_bj, again["id"], "terminatedWithError")
    (bound,) = {task.task_id for task in others.of(order["id"]) if task.name == "bind-profile"}
    others.silent = lambda task: False
    await others.answer(next(task for task in others.of(order["id"]) if task.task_id == bound))
    assert (await counter_in_bj.ended(order["id"]))["state"] == "completed"


async def five_minutes_later(bj: RunningService, clock: ManualClock) -> None:
    clock.advance(ASK_AFTER)
    await bj.tick("ask")


@pytest.mark.parametrize("effective", ["now", "next-cycle"])
async def test_a_wish_that_is_lost_on_the_way_is_said_again(
    counter: Counter,
    counter_in_bj: Counter,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
    effective: str,
) -> None:
    for one in (counter, counter_in_bj):
        await businesses.catalogue(one)
    others.silent = lambda task: task.direction == "do" and task.name == "change-billing"
    order = await counter_in_bj.order(change_plan(await counter.subscriber(), BIG_PLAN, effective))
    begun = "SELECT count(*) FROM work_orders WHERE order_id = $1 AND state IN ('dated', 'running')"
    await eventually(lambda: counter.service.db.fetchval(begun, order["id"]))
    router.loses_next[CancelAsked] = "gd"
    made = await asked(counter_in_bj, order["id"])
    await eventually(lambda: router.lost)
    await order_is(counter_in_bj, order["id"], "assessingCancellation")
    await five_minutes_later(bj, clock)
    assert (await counter_in_bj.ended(order["id"]))["state"] == "cancelled"
    await wish_is(counter_in_bj, made["id"], "done")
    assert others.left_behind(order["id"]) == []


async def test_a_home_that_went_on_and_was_not_heard_is_asked_again(
    counter: Counter,
    counter_in_bj: Counter,
    bj: RunningService,
    router: Router,
    others: Others,
    others_in_bj: Others,
    clock: ManualClock,
) -> None:
    others.silent = lambda task: task.name == "bind-profile"
    number = await counter.subscriber()
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    await eventually(lambda: "bind-profile" in others.names(order["id"]))
    router.loses_next[CancelTooLate] = "gd"
    made = await asked(counter_in_bj, order["id"])
    await eventually(lambda: router.lost)
    await five_minutes_later(bj, clock)
    await wish_is(counter_in_bj, made["id"], "terminatedWithError")
    await order_is(counter_in_bj, order["id"], "inProgress")
    others.silent = lambda task: False
    await others.answer(next(task for task in others.of(order["id"]) if task.name == "bind-profile"))
    assert (await counter_in_bj.ended(order["id"]))["state"] == "completed"


async def test_a_wish_that_is_heard_twice_is_not_too_late_while_it_is_granted(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    others.silent = lambda task: task.name in ("swap-card", "swap-card-back")
    number = await counter.subscriber()
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    await eventually(lambda: "swap-card" in others.names(order["id"]))
    made = await asked(counter_in_bj, order["id"])
    await eventually(lambda: others.names(order["id"], "undo"))
    again = await router.send("gd", router.cancels[-1].model_copy(update={"home": "gd"}))
    heard = "SELECT count(*) FROM inbox WHERE ce_id = $1"
    await eventually(lambda: counter.service.db.fetchval(heard, again))
    others.silent = lambda task: False
    await others.answer(next(task for task in others.of(order["id"]) if task.direction == "undo"))
    assert (await counter_in_bj.ended(order["id"]))["state"] == "cancelled"
    await wish_is(counter_in_bj, made["id"], "done")
    assert router.too_late == []


async def test_a_wish_that_an_end_overtakes_has_failed(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    others.refuses = lambda task: task.name == "swap-card"
    others.silent = lambda task: task.direction == "undo"
    number = await counter.subscriber()
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    await eventually(lambda: others.names(order["id"], "undo"))
    made = await asked(counter_in_bj, order["id"])
    others.silent = lambda task: False
    await others.answer(next(task for task in others.of(order["id"]) if task.direction == "undo"))
    assert (await counter_in_bj.ended(order["id"]))["state"] == "failed"
    await wish_is(counter_in_bj, made["id"], "terminatedWithError")


async def test_before_the_forward_is_written_the_counter_cancels_alone(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    others_in_bj.silent = lambda task: task.direction == "do"
    number = await counter.subscriber()
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    await eventually(lambda: others_in_bj.of(order["id"]))
    await asked(counter_in_bj, order["id"])
    assert (await counter_in_bj.ended(order["id"]))["state"] == "cancelled"
    assert others_in_bj.left_behind(order["id"]) == []
    assert [one for one in router.forwards if one.order == order["id"]] == []
    assert router.cancels == []


async def test_a_cancel_that_overtakes_its_forward_ends_it_for_ever(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    number = await counter.subscriber()
    router.loses = True
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    forward = await router.forward_of(order["id"])
    router.loses = False
    await asked(counter_in_bj, order["id"])
    assert (await counter_in_bj.ended(order["id"]))["state"] == "cancelled"
    await router.send("gd", forward.model_copy(update={"home": "gd"}))
    told = await router.outcome_of(forward, times=2)
    assert (told.state, told.duplicate) == ("cancelled", True)
    assert others.of(order["id"]) == [], "home never touched the card"


async def test_a_dated_order_is_cancelled_at_its_home_before_its_time(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    await businesses.catalogue(counter)
    await businesses.catalogue(counter_in_bj)
    number = await counter.subscriber()
    here = await counter.order(change_plan(number, BIG_PLAN, "next-cycle"))
    await asked(counter, here["id"])
    assert (await counter.seen(here["id"]))["state"] == "cancelled", "it is answered as it is"
    there = await counter_in_bj.order(change_plan(number, BIG_PLAN, "next-cycle"))
    await router.forward_of(there["id"])
    await asked(counter_in_bj, there["id"])
    assert (await counter_in_bj.ended(there["id"]))["state"] == "cancelled"
    assert others.of(here["id"]) == others.of(there["id"]) == []


async def test_one_that_waits_for_its_turn_is_cancelled_and_the_others_have_theirs(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    number = await counter.subscriber()
    others.silent = lambda task: task.name == "set-barring"
    first = await counter.order(suspend(number))
    await eventually(lambda: others.of(first["id"]))
    second = await counter.order(replace_sim(await counter.check(), number=number, iccid=fresh_card()))
    third = await counter.order(replace_sim(await counter.check(), number=number, iccid=fresh_card()))
    await asked(counter, second["id"])
    assert (await counter.seen(second["id"]))["state"] == "cancelled"
    others.silent = lambda task: False
    await others.answer(others.of(first["id"])[0])
    assert (await counter.ended(first["id"]))["state"] == "completed"
    assert (await counter.ended(third["id"]))["state"] == "completed"
    assert await gd.db.fetchval("SELECT count(*) FROM guards WHERE number = $1", number) == 0


async def test_a_race_of_cancels_and_completions_ends_every_order_once(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    numbers = [await counter.subscriber() for _ in range(12)]
    checks = await counter_in_bj.owners.checks(len(numbers))
    orders = [
        await counter_in_bj.order(replace_sim(check, number=number, iccid=fresh_card()))
        for number, check in zip(numbers, checks, strict=True)
    ]
    answers = await asyncio.gather(*(counter_in_bj.post(CANCELS, wish(order["id"])) for order in orders))
    for order, answer in zip(orders, answers, strict=True):
        ended = await counter_in_bj.ended(order["id"])
        if answer.status_code == 409:
            assert answer.json()["code"] == "too-late-to-cancel"
        else:
            state = "done" if ended["state"] == "cancelled" else "terminatedWithError"
            await wish_is(counter_in_bj, answer.json()["id"], state)
        if ended["state"] == "cancelled":
            assert others.left_behind(order["id"]) == others_in_bj.left_behind(order["id"]) == []
        else:
            assert ended["state"] == "completed"


async def test_what_has_ended_or_is_past_its_return_here_is_refused_at_once(
    counter: Counter, others: Others
) -> None:
    number = await counter.subscriber()
    order = await counter.order(suspend(number))
    await counter.ended(order["id"])
    before = await counter.rows()
    answer = await counter.post(CANCELS, wish(order["id"]))
    assert (answer.status_code, answer.json()["code"]) == (409, "too-late-to-cancel")
    assert await counter.rows() == before
    assert (await counter.seen(order["id"]))["state"] == "completed"


async def test_one_wish_at_a_time(
    counter: Counter, counter_in_bj: Counter, router: Router, others: Others, others_in_bj: Others
) -> None:
    router.loses = True
    number = await counter.subscriber()
    order = await counter_in_bj.order(replace_sim(await counter_in_bj.check(), number=number))
    await router.forward_of(order["id"])
    made = await asked(counter_in_bj, order["id"])
    second = await counter_in_bj.post(CANCELS, wish(order["id"]))
    assert (second.status_code, second.json()["code"]) == (409, "cancel-under-way")
    same = await counter_in_bj.get(CANCELS, **{"productOrder.id": order["id"]})
    assert [one["id"] for one in same.json()] == [made["id"]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "missing"),
        ({"productOrder": {"id": "nobody's"}}, 400, "order-unknown"),
        ({"productOrder": {"id": "x"}, "state": "done"}, 400, "unknown-attribute"),
        ({"productOrder": "x"}, 400, "invalid"),
    ],
)
async def test_a_wish_that_cannot_be_understood_changes_nothing(
    counter: Counter, body: dict[str, Any], status: int, code: str
) -> None:
    before = await counter.rows()
    answer = await counter.post(CANCELS, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert await counter.rows() == before


async def test_a_wish_for_another_day_is_refused(counter: Counter, clock: ManualClock) -> None:
    later = (clock.now() + timedelta(days=1)).isoformat()
    answer = await counter.post(CANCELS, wish("x", requestedCancellationDate=later))
    assert (answer.status_code, answer.json()["code"]) == (400, "cannot-be-set")


async def test_an_order_of_another_dealer_is_not_there_and_an_auditor_cancels_nothing(
    counter: Counter, others: Others
) -> None:
    others.silent = lambda task: task.name == "set-barring"
    order = await counter.order(suspend(await counter.subscriber()))
    stranger = await counter.post(CANCELS, wish(order["id"]), role="dealer-clerk", dealer="dealer-9")
    assert (stranger.status_code, stranger.json()["code"]) == (400, "order-unknown")
    auditor = await counter.post(CANCELS, wish(order["id"]), role="auditor")
    assert auditor.status_code == 403
    made = await asked(counter, order["id"])
    hidden = await counter.get(f"{CANCELS}/{made['id']}", role="dealer-clerk", claims={"dealer": "dealer-9"})
    assert hidden.status_code == 404
    assert (await counter.ended(order["id"]))["state"] == "cancelled"
