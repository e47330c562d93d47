"""What crosses between provinces is configured: more than usual, and less."""

from collections.abc import AsyncIterator

import pytest

from libs.clock import ManualClock
from libs.node.settings import CROSSING
from services.order_acceptance.app import SERVICE
from services.order_acceptance.tests.bodies import PAYMENTS, payment, replace_sim
from services.order_acceptance.tests.businesses import change_plan, done, refused, terminate
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import PLAN, STRANGER
from services.order_acceptance.tests.router import Router
from tests.running import Bench, RunningService

SWITCHED = (CROSSING | {"terminate"}) - {"change-plan", "replace-sim", "pay"}


@pytest.fixture(scope="module")
async def gd(bench: Bench, shared_prefix: str, clock: ManualClock) -> AsyncIterator[RunningService]:
    async with bench.running(
        SERVICE, node="gd", clock=clock, topic_prefix=shared_prefix, crossing=SWITCHED
    ) as service:
        yield service


@pytest.fixture(scope="module")
async def bj(bench: Bench, shared_prefix: str, clock: ManualClock) -> AsyncIterator[RunningService]:
    async with bench.running(
        SERVICE, node="bj", clock=clock, topic_prefix=shared_prefix, crossing=SWITCHED
    ) as service:
        yield service


async def test_a_subscription_ends_from_another_province_once_that_is_switched_on(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    number = await counter.subscriber()
    others.outside.outputs["ask-balance"] = {"balance": "-0.01"}
    order = await counter_in_bj.order(terminate(number, await counter_in_bj.check()))
    ended = await counter_in_bj.ended(order["id"])
    assert (ended["state"], [(one["code"], one["node"]) for one in ended["failure"]]) == (
        "rejected",
        [("balance-owed", "gd")],
    )
    others.behave()
    order_id = await done(counter_in_bj, terminate(number, await counter_in_bj.check()))
    assert others.names(order_id)[-2:] == ["cool-number", "retire-card"]
    assert others_in_bj.of(order_id) == []
    assert (await counter.product_of(number))["status"] == "terminated"


async def test_nobody_but_its_owner_ends_a_subscription_from_another_province(
    counter: Counter,
    counter_in_bj: Counter,
    router: Router,
    others: Others,
    others_in_bj: Others,
) -> None:
    number = await counter.subscriber()
    order = await counter_in_bj.order(terminate(number, await counter_in_bj.check(STRANGER)))
    ended = await counter_in_bj.ended(order["id"])
    assert (ended["state"], [(one["code"], one["node"]) for one in ended["failure"]]) == (
        "rejected",
        [("identity-mismatch", "gd")],
    )
    assert others.of(order["id"]) == others_in_bj.of(order["id"]) == [], "nothing was begun"
    assert (await counter.product_of(number))["status"] == "active"


async def test_what_is_switched_off_is_done_at_home_only(
    counter: Counter, counter_in_bj: Counter, others: Others
) -> None:
    number = await counter.subscriber()
    assert await refused(counter_in_bj, change_plan(number, PLAN)) == (409, ["home-only"])
    check = await counter_in_bj.check()
    assert await refused(counter_in_bj, replace_sim(check, number=number)) == (409, ["home-only"])
    answer = await counter_in_bj.post(PAYMENTS, payment(account=f"tel:+86{number}"))
    assert (answer.status_code, answer.json()["code"]) == (409, "home-only")
    at_home = await counter.post(PAYMENTS, payment(account=f"tel:+86{number}"))
    assert at_home.status_code == 201
