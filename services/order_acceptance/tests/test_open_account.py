"""An account is opened at home: what it takes, what it leaves, and what is left when it fails."""

from services.order_acceptance.tests.bodies import NUMBER, ORDERS, PRODUCTS, REFUNDS, open_account
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others


async def test_a_customer_gets_a_number_a_card_and_a_plan(counter: Counter, others: Others) -> None:
    money = await counter.pay(100.00)
    order = await counter.order(open_account(await counter.check(), money))
    assert order["state"] == "acknowledged"
    ended = await counter.ended(order["id"])
    assert ended["state"] == "completed", ended
    assert {item["state"] for item in ended["productOrderItem"]} == {"completed"}
    assert (await counter.payment(money))["status"] == "done"
    assert others.names() == [
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
    posted = next(task for task in others.seen if task.name == "post-payment")
    assert posted.input["amount"] == "50.00", "100 less the counter's 20 and the plan's 30"
    products = (await counter.get(PRODUCTS, productSerialNumber=NUMBER)).json()
    assert [product["status"] for product in products] == ["active"]
    assert len(products[0]["productRelationship"]) == 1


async def test_what_provisioning_refuses_is_taken_back_and_the_money_is_refunded(
    counter: Counter, others: Others
) -> None:
    others.outside.refuses = lambda step: step == "activate-subscriber"
    money = await counter.pay(100.00)
    order = await counter.order(open_account(await counter.check(), money))
    ended = await counter.ended(order["id"])
    assert ended["state"] == "failed"
    assert ended["failure"][0]["code"] == "provisioning-failed"
    assert ended["failure"][0]["task"] == "activate-subscriber"
    assert sorted(others.outside.done.values()) == []
    assert (await counter.payment(money))["status"] == "failed"
    refunds = (await counter.get(REFUNDS, **{"payment.id": money})).json()
    assert [refund["totalAmount"]["value"] for refund in refunds] == [100]
    assert (await counter.get(PRODUCTS, productSerialNumber=NUMBER)).json() == []


async def test_the_same_request_again_makes_nothing_new(counter: Counter, others: Others) -> None:
    body = open_account(await counter.check(), await counter.pay())
    first = await counter.post(ORDERS, body, key="one")
    again = await counter.post(ORDERS, body, key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    other = await counter.post(ORDERS, body | {"description": "another"}, key="one")
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency-key-reused"
    assert (await counter.get(ORDERS)).headers["X-Total-Count"] == "1"
    await counter.ended(first.json()["id"])


async def test_a_payment_and_an_identity_check_serve_one_order(counter: Counter, others: Others) -> None:
    check, money = await counter.check(), await counter.pay()
    await counter.order(open_account(check, money))
    again = await counter.post(ORDERS, open_account(check, money, number="13012345679"))
    assert again.status_code == 409
    assert [reason["code"] for reason in again.json()["reasons"]] == [
        "identity-check-used",
        "payment-already-used",
    ]
