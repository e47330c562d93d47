"""An account is opened at home: what it takes, what it leaves, and what is left when it fails."""

from services.order_acceptance.tests.bodies import PRODUCTS, open_account
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others


async def test_a_customer_gets_a_number_a_card_and_a_plan(counter: Counter, others: Others) -> None:
    number = fresh_number()
    money = await counter.pay(100.00)
    order = await counter.order(open_account(await counter.check(), money, number=number))
    assert order["state"] == "acknowledged"
    ended = await counter.ended(order["id"])
    assert ended["state"] == "completed", ended
    assert {item["state"] for item in ended["productOrderItem"]} == {"completed"}
    assert (await counter.payment(money))["status"] == "done"
    assert others.names(order["id"]) == [
        "reserve-number",
        "reserve-card",
        "open-billing-account",
        "allocate-profile",
        "start-billing",
        "post-payment",
        "activate-subscriber",
        "bind-profile",
        "bind-number",
        "bind-card",
    ]
    posted = others.input_of(order["id"], "post-payment")
    assert posted["amount"] == "50.00", "100 less the counter's 20 and the plan's 30"
    assert others.input_of(order["id"], "allocate-profile")["sealFor"] == "gd", "the card is written here"
    assert others.input_of(order["id"], "bind-card")["writeData"]
    product = await counter.product_of(number)
    assert product["status"] == "active"
    assert len(product["productRelationship"]) == 1


async def test_what_provisioning_refuses_is_taken_back_and_the_money_is_refunded(
    counter: Counter, others: Others
) -> None:
    others.refuses = lambda task: task.name == "activate-subscriber"
    number = fresh_number()
    money = await counter.pay(100.00)
    order = await counter.order(open_account(await counter.check(), money, number=number))
    ended = await counter.ended(order["id"])
    assert ended["state"] == "failed"
    assert ended["failure"][0]["code"] == "provisioning-failed"
    assert ended["failure"][0]["task"] == "activate-subscriber"
    assert others.left_behind(order["id"]) == []
    assert (await counter.payment(money))["status"] == "failed"
    assert await counter.refunded(money) == [100]
    assert (await counter.get(PRODUCTS, productSerialNumber=number)).json() == []


async def test_a_number_that_the_stock_refuses_rejects_the_order(counter: Counter, others: Others) -> None:
    others.refuses = lambda task: task.name == "reserve-card"
    order = await counter.order(open_account(await counter.check(), number=fresh_number()))
    assert (await counter.ended(order["id"]))["state"] == "rejected", "no home step was begun"
    assert others.left_behind(order["id"]) == []
