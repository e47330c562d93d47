"""Another plan, more options and fewer, at home: what the network gives, what is billed, what is installed."""

import pytest

from services.order_acceptance.tests.bodies import PRODUCTS
from services.order_acceptance.tests.businesses import (
    BIG_PLAN,
    ELSEWHERE,
    NEW_NETWORK,
    OLD_NETWORK,
    ONLY_WITH_PLAN,
    RETIRED,
    THIRD,
    catalogue,
    change_plan,
    done,
    refused,
    subscribe,
    suspend,
    unsubscribe,
    unsubscribe_product,
)
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import OPTION, PLAN


@pytest.fixture(scope="module", autouse=True)
async def offerings(counter: Counter) -> None:
    await catalogue(counter)


@pytest.fixture
async def number(counter: Counter) -> str:
    return await counter.subscriber()


async def options_of(counter: Counter, number: str) -> dict[str, str]:
    """The options that a subscription names, by offering, with their products."""
    product = await counter.product_of(number)
    found = {}
    for related in product.get("productRelationship", []):
        option = (await counter.get(f"{PRODUCTS}/{related['product']['id']}")).json()
        assert option["status"] == "active"
        assert option["productRelationship"][0]["product"]["id"] == product["id"]
        found[option["productOffering"]["id"]] = option["id"]
    return found


# -- plans


async def test_a_subscriber_changes_the_plan_at_once(counter: Counter, others: Others, number: str) -> None:
    order = await done(counter, change_plan(number, BIG_PLAN))
    assert others.names(order) == ["change-billing", "change-services"]
    billed = others.input_of(order, "change-billing")
    assert (billed["before"], billed["offerings"]) == ([PLAN], [BIG_PLAN])
    assert [charge["amount"] for charge in billed["recurring"]] == ["129.00"]
    product = await counter.product_of(number)
    assert product["productOffering"]["id"] == BIG_PLAN
    assert "productCharacteristic" not in product


async def test_options_that_go_with_the_new_plan_stay(counter: Counter, others: Others, number: str) -> None:
    await done(counter, subscribe(number, OPTION))
    order = await done(counter, change_plan(number, BIG_PLAN, "now"))
    assert others.input_of(order, "change-services") == {
        "number": number,
        "services": [BIG_PLAN, OPTION],
        "before": [PLAN, OPTION],
    }
    assert set(await options_of(counter, number)) == {OPTION}


async def test_the_one_time_price_of_a_plan_is_paid_with_the_order(
    counter: Counter, others: Others, number: str
) -> None:
    await done(counter, change_plan(number, BIG_PLAN))
    money = await counter.pay(50.00)
    order = await done(counter, change_plan(number, PLAN, payments=(money,)))
    assert others.input_of(order, "post-payment")["amount"] == "20.00", "50 less the plan's 30"
    assert (await counter.payment(money))["status"] == "done"


async def test_what_no_payment_covers_is_charged_to_the_account(
    counter: Counter, others: Others, number: str
) -> None:
    order = await done(counter, subscribe(number, THIRD))
    assert [one["amount"] for one in others.input_of(order, "charge-fees")["charges"]] == ["8.00"]


@pytest.mark.parametrize(
    ("plan", "status", "code"),
    [
        (PLAN, 409, "plan-unchanged"),
        (RETIRED, 409, "offering-not-available"),
        (OPTION, 400, "item-not-fitting"),
        ("no such plan", 400, "offering-unknown"),
    ],
)
async def test_a_plan_that_cannot_be_had(
    counter: Counter, number: str, plan: str, status: int, code: str
) -> None:
    assert await refused(counter, change_plan(number, plan)) == (status, [code])


async def test_a_plan_for_another_network_is_refused(counter: Counter, others: Others, number: str) -> None:
    await done(counter, change_plan(number, OLD_NETWORK))
    assert await refused(counter, change_plan(number, NEW_NETWORK)) == (409, ["network-mismatch"])


async def test_an_option_that_relies_on_the_former_plan_is_in_the_way(
    counter: Counter, others: Others, number: str
) -> None:
    await done(counter, subscribe(number, ONLY_WITH_PLAN))
    assert await refused(counter, change_plan(number, BIG_PLAN)) == (409, ["option-not-for-plan"])
    assert await refused(counter, change_plan(number, BIG_PLAN, "someday")) == (
        400,
        ["characteristic-invalid"],
    )


async def test_what_billing_refuses_leaves_the_plan_and_gives_the_money_back(
    counter: Counter, others: Others, number: str
) -> None:
    others.refuses = lambda task: task.name == "change-billing"
    money = await counter.pay(10.00)
    order = await counter.order(change_plan(number, BIG_PLAN, payments=(money,)))
    assert (await counter.ended(order["id"]))["state"] == "failed"
    assert others.left_behind(order["id"]) == []
    assert await counter.refunded(money) == [10.00]
    assert (await counter.product_of(number))["productOffering"]["id"] == PLAN


# -- options


async def test_several_options_are_several_items_of_one_order(
    counter: Counter, others: Others, number: str
) -> None:
    order = await done(counter, subscribe(number, OPTION, ONLY_WITH_PLAN))
    assert others.input_of(order, "change-services")["services"] == [PLAN, OPTION, ONLY_WITH_PLAN]
    assert set(await options_of(counter, number)) == {OPTION, ONLY_WITH_PLAN}


async def test_an_option_is_there_once(counter: Counter, others: Others, number: str) -> None:
    assert await refused(counter, subscribe(number, OPTION, OPTION)) == (409, ["option-already-there"])
    await done(counter, subscribe(number, OPTION))
    assert await refused(counter, subscribe(number, OPTION)) == (409, ["option-already-there"])


@pytest.mark.parametrize(
    ("option", "status", "code"),
    [
        (ELSEWHERE, 409, "option-not-for-plan"),
        (BIG_PLAN, 400, "item-not-fitting"),
        ("no such option", 400, "offering-unknown"),
    ],
)
async def test_an_option_that_cannot_be_had(
    counter: Counter, number: str, option: str, status: int, code: str
) -> None:
    assert await refused(counter, subscribe(number, option)) == (status, [code])


async def test_an_option_is_given_up_by_its_offering_or_by_its_product(
    counter: Counter, others: Others, number: str
) -> None:
    await done(counter, subscribe(number, OPTION, ONLY_WITH_PLAN))
    there = await options_of(counter, number)
    order = await done(counter, unsubscribe(number, OPTION))
    assert others.input_of(order, "change-billing")["offerings"] == [PLAN, ONLY_WITH_PLAN]
    await done(counter, unsubscribe_product(there[ONLY_WITH_PLAN]))
    assert await options_of(counter, number) == {}
    for product in there.values():
        ended = (await counter.get(f"{PRODUCTS}/{product}")).json()
        assert ended["status"] == "terminated"
        assert ended["terminationDate"]
    await done(counter, subscribe(number, OPTION))
    assert (await options_of(counter, number))[OPTION] != there[OPTION], "it comes back as another product"


async def test_only_what_is_there_is_given_up(counter: Counter, others: Others, number: str) -> None:
    assert await refused(counter, unsubscribe(number, OPTION)) == (409, ["option-not-there"])
    assert await refused(counter, unsubscribe_product("nobody's")) == (400, ["product-unknown"])
    subscription = (await counter.product_of(number))["id"]
    assert await refused(counter, unsubscribe_product(subscription)) == (400, ["product-unknown"])


async def test_options_of_two_subscriptions_are_two_orders(counter: Counter, number: str) -> None:
    body = subscribe(number, OPTION, ONLY_WITH_PLAN)
    other = await counter.subscriber()
    body["productOrderItem"][1]["product"] = subscribe(other, OPTION)["productOrderItem"][0]["product"]
    assert await refused(counter, body) == (400, ["item-not-fitting"])


async def test_a_suspended_subscriber_keeps_what_he_has(
    counter: Counter, others: Others, number: str
) -> None:
    await done(counter, subscribe(number, OPTION))
    await done(counter, suspend(number))
    product = await counter.product_of(number)
    assert (product["status"], product["productOffering"]["id"]) == ("suspended", PLAN)
    assert set(await options_of(counter, number)) == {OPTION}
