"""Businesses on a Guangdong subscriber that Beijing accepts: judged and done at home, told back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from libs.clock import ManualClock
from libs.node.settings import CROSSING
from services.order_acceptance.app import SERVICE
from services.order_acceptance.tests.businesses import (
    BIG_PLAN,
    ONLY_WITH_PLAN,
    THIRD,
    catalogue,
    change_plan,
    done,
    refused,
    resume,
    subscribe,
    suspend,
    terminate,
    unsubscribe,
)
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import OPTION, PLAN, STRANGER
from services.order_acceptance.tests.router import Router
from tests.engines import eventually
from tests.running import Bench, RunningService


@pytest.fixture(scope="module")
async def bj(bench: Bench, shared_prefix: str, clock: ManualClock) -> AsyncIterator[RunningService]:
    """A Beijing that lets more leave than Guangdong takes."""
    crossing = CROSSING | {"terminate"}
    async with bench.running(
        SERVICE, node="bj", clock=clock, topic_prefix=shared_prefix, crossing=crossing
    ) as service:
        yield service


@pytest.fixture(scope="module", autouse=True)
async def offerings(counter: Counter, counter_in_bj: Counter) -> None:
    await catalogue(counter)
    await catalogue(counter_in_bj)


@pytest.fixture
async def number(counter: Counter) -> str:
    return await counter.subscriber()


@pytest.fixture(autouse=True)
def between(router: Router, others: Others, others_in_bj: Others) -> None:
    """Headquarters passes on, and both sides' executors answer."""


async def rejected(counter: Counter, body: dict[str, Any]) -> list[tuple[str, str]]:
    """Codes, each with the node that said it, of an order that home refuses."""
    order = await counter.order(body)
    ended = await counter.ended(order["id"])
    assert ended["state"] == "rejected", ended
    return [(one["code"], one["node"]) for one in ended["failure"]]


async def test_a_subscriber_is_suspended_and_resumed_from_beijing(
    counter: Counter, counter_in_bj: Counter, others: Others, others_in_bj: Others, number: str
) -> None:
    order = await done(counter_in_bj, suspend(number, "lost"))
    assert others.names(order) == ["set-barring"]
    assert others_in_bj.of(order) == []
    assert (await counter.product_of(number))["status"] == "suspended"
    assert await rejected(counter_in_bj, suspend(number, "lost")) == [("already-suspended", "gd")]
    assert await rejected(counter_in_bj, resume(number, "voluntary")) == [("not-suspended", "gd")]
    assert await refused(counter_in_bj, resume(number, "lost")) == (400, ["presenter-required"])
    stranger = await counter_in_bj.check(STRANGER)
    assert await rejected(counter_in_bj, resume(number, "lost", check=stranger)) == [
        ("identity-mismatch", "gd")
    ]
    await done(counter_in_bj, resume(number, "lost", check=await counter_in_bj.check()))
    assert (await counter.product_of(number))["status"] == "active"


async def test_nobody_shown_at_the_counter_lifts_no_loss(
    counter_in_bj: Counter, router: Router, number: str
) -> None:
    await done(counter_in_bj, suspend(number, "lost"))
    router.change = lambda forward: forward.model_copy(update={"sealed": None})
    body = resume(number, "lost", check=await counter_in_bj.check())
    assert await rejected(counter_in_bj, body) == [("presenter-required", "gd")]


@pytest.mark.parametrize("reason", ["arrears", "regulatory"])
async def test_only_home_suspends_for_the_operators_reasons(
    counter_in_bj: Counter, router: Router, number: str, reason: str
) -> None:
    assert await refused(counter_in_bj, suspend(number, reason), role="supervisor") == (409, ["home-only"])
    router.change = lambda forward: forward.model_copy(
        update={"content": {**forward.content, "reason": reason}}
    )
    assert await rejected(counter_in_bj, suspend(number)) == [("home-only", "gd")]


async def test_a_supervisor_lifts_arrears_from_afar_a_clerk_does_not(
    counter: Counter, counter_in_bj: Counter, number: str
) -> None:
    await done(counter, suspend(number, "arrears"), role="supervisor")
    assert await refused(counter_in_bj, resume(number, "arrears")) == (403, ["reason-not-yours"])
    await done(counter_in_bj, resume(number, "arrears"), role="supervisor")
    assert (await counter.product_of(number))["status"] == "active"


async def test_plan_and_options_are_changed_from_beijing(
    counter: Counter, counter_in_bj: Counter, others: Others, number: str
) -> None:
    await done(counter_in_bj, change_plan(number, BIG_PLAN))
    money = await counter_in_bj.pay(10.00)
    order = await done(counter_in_bj, subscribe(number, OPTION, THIRD, payments=(money,)))
    assert others.input_of(order, "change-services")["services"] == [BIG_PLAN, OPTION, THIRD]
    assert others.input_of(order, "post-payment")["amount"] == "2.00", "10 less the option's 8"
    assert (await counter_in_bj.payment(money))["status"] == "done"
    assert len((await counter.product_of(number))["productRelationship"]) == 2
    await done(counter_in_bj, unsubscribe(number, THIRD, OPTION))
    assert (await counter.product_of(number))["productRelationship"] == []


async def test_home_says_what_does_not_go_together(counter_in_bj: Counter, number: str) -> None:
    assert await rejected(counter_in_bj, change_plan(number, PLAN)) == [("plan-unchanged", "gd")]
    assert await rejected(counter_in_bj, unsubscribe(number, OPTION)) == [("option-not-there", "gd")]
    await done(counter_in_bj, subscribe(number, ONLY_WITH_PLAN))
    assert await rejected(counter_in_bj, subscribe(number, ONLY_WITH_PLAN)) == [
        ("option-already-there", "gd")
    ]
    assert await rejected(counter_in_bj, change_plan(number, BIG_PLAN)) == [("option-not-for-plan", "gd")]


async def test_what_relies_on_the_one_before_it_is_judged_in_its_turn(
    counter: Counter, counter_in_bj: Counter, others: Others, number: str
) -> None:
    """Beijing has accepted both; home takes the second in while it still works on the first."""
    others.silent = lambda task: task.name == "set-barring"
    first = await counter_in_bj.order(suspend(number))
    await eventually(lambda: others.of(first["id"]))
    second = await counter_in_bj.order(resume(number))
    third = await counter_in_bj.order(resume(number))
    waiting = "SELECT count(*) FROM work_orders WHERE part = 'home' AND number = $1 AND state = 'waiting'"
    await eventually(lambda: _is(counter, waiting, number, 2))
    others.silent = lambda task: False
    await others.answer(others.of(first["id"])[0])
    assert (await counter_in_bj.ended(first["id"]))["state"] == "completed"
    assert (await counter_in_bj.ended(second["id"]))["state"] == "completed"
    ended = await counter_in_bj.ended(third["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("rejected", "not-suspended")
    assert (await counter.product_of(number))["status"] == "active"


async def test_who_is_not_the_owner_waits_for_no_turn(
    counter_in_bj: Counter, others: Others, number: str
) -> None:
    others.silent = lambda task: task.name == "set-barring"
    first = await counter_in_bj.order(suspend(number, "lost"))
    await eventually(lambda: others.of(first["id"]))
    stranger = await counter_in_bj.check(STRANGER)
    assert await rejected(counter_in_bj, resume(number, "lost", check=stranger)) == [
        ("identity-mismatch", "gd")
    ]
    others.silent = lambda task: False
    await others.answer(others.of(first["id"])[0])
    assert (await counter_in_bj.ended(first["id"]))["state"] == "completed"


async def _is(counter: Counter, sql: str, number: str, expected: int) -> bool:
    return bool(await counter.service.db.fetchval(sql, number) == expected)


async def test_an_offering_that_beijing_does_not_know_is_refused_there(
    counter_in_bj: Counter, number: str
) -> None:
    assert await refused(counter_in_bj, subscribe(number, "of-guangdong")) == (400, ["offering-unknown"])


async def test_what_home_does_not_sell_in_this_way_is_refused_by_home(
    counter: Counter, counter_in_bj: Counter, number: str
) -> None:
    id_ = "option-by-phone"
    for one, channels in ((counter, ["phone"]), (counter_in_bj, [])):
        await one.owners.tell("product", one.owners.offering(id_, "option", channels=channels))
        await one.owners.until_known("known_offerings", id_)
    assert await rejected(counter_in_bj, subscribe(number, id_)) == [("offering-not-sold-here", "gd")]
    assert await refused(counter, subscribe(number, id_)) == (409, ["offering-not-sold-here"])


async def test_what_beijing_does_not_sell_to_its_own_is_sold_to_guangdongs(
    counter: Counter, counter_in_bj: Counter, number: str
) -> None:
    id_ = "option-of-the-capital"
    for one, areas in ((counter, []), (counter_in_bj, ["010"])):
        await one.owners.tell("product", one.owners.offering(id_, "option", areas=areas))
        await one.owners.until_known("known_offerings", id_)
    await done(counter_in_bj, subscribe(number, id_))


async def test_a_price_that_is_higher_at_home_is_not_charged(
    counter: Counter, counter_in_bj: Counter, number: str
) -> None:
    dearer = counter.owners.offering("option-dearer", "option", ("oneTime", "9.00"))
    cheaper = counter.owners.offering("option-dearer", "option", ("oneTime", "8.00"))
    await counter.owners.tell("product", dearer)
    await counter.owners.until_known("known_offerings", dearer.id)
    await counter_in_bj.owners.tell("product", cheaper)
    await counter_in_bj.owners.until_known("known_offerings", cheaper.id)
    money = await counter_in_bj.pay(8.00)
    body = subscribe(number, dearer.id, payments=(money,))
    assert await rejected(counter_in_bj, body) == [("price-changed", "gd")]
    assert await counter_in_bj.refunded(money) == [8.00]


async def test_a_number_that_nobody_has_is_unknown(counter_in_bj: Counter) -> None:
    assert await rejected(counter_in_bj, suspend("13099999999")) == [("number-unknown", "hq")]


async def test_the_red_list_keeps_nobody_from_reporting_a_loss_from_afar(
    counter: Counter, counter_in_bj: Counter
) -> None:
    owner = await counter.owners.customer("customer-red", redlisted=True)
    number = await counter.subscriber(
        relatedParty=[{"id": owner, "role": "customer", "@referredType": "Customer"}]
    )
    await done(counter_in_bj, suspend(number, "lost"))


async def test_a_termination_that_home_has_not_switched_on_is_refused_there(
    counter: Counter, counter_in_bj: Counter, number: str
) -> None:
    check = await counter_in_bj.check()
    assert await rejected(counter_in_bj, terminate(number, check)) == [("home-only", "gd")]
    assert (await counter.product_of(number))["status"] == "active"
