"""A subscription ends at home: what is owed, what ends with it, and for how long its number rests."""

from datetime import datetime, timedelta

import pytest

from services.order_acceptance.tests.bodies import PRODUCTS
from services.order_acceptance.tests.businesses import done, refused, subscribe, suspend, terminate
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import OPTION, STRANGER
from tests.running import RunningService


@pytest.fixture
async def number(counter: Counter) -> str:
    return await counter.subscriber()


async def test_a_subscription_ends_with_its_options_and_suspensions(
    counter: Counter, others: Others, number: str, gd: RunningService
) -> None:
    await done(counter, subscribe(number, OPTION))
    await done(counter, suspend(number))
    product = await counter.product_of(number)
    order = await done(counter, terminate(number, await counter.check()))
    assert others.names(order) == [
        "ask-balance",
        "end-billing",
        "remove-subscriber",
        "cool-number",
        "retire-card",
    ]
    rests = others.input_of(order, "cool-number")
    assert rests["subscription"] == product["id"]
    until = datetime.fromisoformat(rests["until"])
    assert abs(until - gd.clock.now() - timedelta(days=90)) < timedelta(minutes=1)
    assert others.input_of(order, "retire-card")["iccid"] == product["realizingResource"][1]["id"]
    for id_ in (product["id"], product["productRelationship"][0]["product"]["id"]):
        ended = (await counter.get(f"{PRODUCTS}/{id_}")).json()
        assert ended["status"] == "terminated"
        assert ended["terminationDate"]
    left = await gd.db.fetchval("SELECT count(*) FROM suspensions WHERE product = $1", product["id"])
    assert left == 0


async def test_the_number_of_a_terminated_subscription_is_at_home_no_more(
    counter: Counter, others: Others, number: str
) -> None:
    await done(counter, terminate(number, await counter.check()))
    assert await refused(counter, terminate(number, await counter.check())) == (409, ["home-only"])


async def test_who_owes_does_not_leave(counter: Counter, others: Others, number: str) -> None:
    others.outside.outputs["ask-balance"] = {"balance": "-12.50"}
    money = await counter.pay(10.00)
    order = await counter.order(terminate(number, await counter.check(), payments=(money,)))
    ended = await counter.ended(order["id"])
    assert ended["state"] == "rejected"
    assert [(one["code"], one["task"], one["reason"]) for one in ended["failure"]] == [
        ("balance-owed", "ask-balance", "2.50 yuan are owed.")
    ]
    assert others.names(order["id"]) == ["ask-balance"], "nothing was begun"
    assert others.names(order["id"], "undo") == []
    assert await counter.refunded(money) == [10.00]
    assert (await counter.product_of(number))["status"] == "active"


async def test_what_is_owed_may_be_paid_with_the_order(counter: Counter, others: Others, number: str) -> None:
    others.outside.outputs["ask-balance"] = {"balance": "-12.50"}
    money = await counter.pay(12.50)
    order = await done(counter, terminate(number, await counter.check(), payments=(money,)))
    assert others.input_of(order, "post-payment")["amount"] == "12.50"


async def test_only_the_owner_ends_a_subscription(counter: Counter, number: str) -> None:
    assert await refused(counter, terminate(number, None)) == (400, ["presenter-required"])
    stranger = await counter.check(STRANGER)
    assert await refused(counter, terminate(number, stranger)) == (409, ["identity-mismatch"])


async def test_what_cannot_be_removed_from_the_network_is_billed_as_before(
    counter: Counter, others: Others, number: str
) -> None:
    others.refuses = lambda task: task.name == "remove-subscriber"
    order = await counter.order(terminate(number, await counter.check()))
    ended = await counter.ended(order["id"])
    assert (ended["state"], ended["failure"][0]["code"]) == ("failed", "provisioning-failed")
    assert others.names(order["id"], "undo") == ["take-up-billing"]
    assert (await counter.product_of(number))["status"] == "active"
