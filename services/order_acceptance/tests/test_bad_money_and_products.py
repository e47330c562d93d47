"""What is wrong with a payment, a refund or a product that is brought over is said in full, and changes nothing."""

from typing import Any

import pytest

from services.order_acceptance.tests.bodies import (
    LEFT_OUT,
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    REFUNDS,
    changed,
    cny,
    open_account,
    payment,
    refund,
    subscription,
)
from services.order_acceptance.tests.counter import Counter, fresh_card, fresh_number
from services.order_acceptance.tests.others import Others

Cases = list[tuple[str, Any, list[tuple[str, str | None]]]]

OF_MONEY: Cases = [
    ("account", LEFT_OUT, [("missing", "account")]),
    ("account.id", LEFT_OUT, [("missing", "account.id")]),
    ("account.id", "", [("invalid", "account.id")]),
    ("account.id", 7, [("invalid", "account.id")]),
    ("paymentMethod", LEFT_OUT, [("missing", "paymentMethod")]),
    ("paymentMethod.@type", LEFT_OUT, [("missing", "paymentMethod.@type")]),
    ("paymentMethod.@type", "shells", [("invalid", "paymentMethod.@type")]),
    ("totalAmount", LEFT_OUT, [("missing", "totalAmount")]),
    ("totalAmount", 100, [("invalid", "totalAmount")]),
    ("totalAmount.value", LEFT_OUT, [("missing", "totalAmount.value")]),
    ("totalAmount.value", 0, [("invalid", "totalAmount.value")]),
    ("totalAmount.value", -1, [("invalid", "totalAmount.value")]),
    ("totalAmount.value", 0.001, [("invalid", "totalAmount.value")]),
    ("totalAmount.value", 1e15, [("invalid", "totalAmount.value")]),
    ("totalAmount.value", "a lot", [("invalid", "totalAmount.value")]),
    ("totalAmount.unit", "USD", [("invalid", "totalAmount.unit")]),
    ("colour", "red", [("unknown-attribute", "colour")]),
    ("name", "x" * 4001, [("invalid", "name")]),
]
OF_A_PAYMENT: Cases = [*OF_MONEY, ("status", "done", [("unknown-attribute", "status")])]
OF_A_REFUND: Cases = [
    *OF_MONEY,
    ("payment", LEFT_OUT, [("missing", "payment")]),
    ("payment.id", LEFT_OUT, [("missing", "payment.id")]),
    ("payment.id", "no-payment", [("payment-unknown", "payment")]),
    ("refundDate", "yesterday", [("invalid", "refundDate")]),
]
OF_A_PRODUCT: Cases = [
    ("productSerialNumber", LEFT_OUT, [("missing", "productSerialNumber")]),
    ("productSerialNumber", "130", [("invalid", "productSerialNumber")]),
    ("status", LEFT_OUT, [("missing", "status")]),
    ("status", "terminated", [("invalid", "status")]),
    ("status", "happy", [("invalid", "status")]),
    ("billingAccount", LEFT_OUT, [("missing", "billingAccount")]),
    ("billingAccount.id", LEFT_OUT, [("missing", "billingAccount.id")]),
    ("productOffering", LEFT_OUT, [("missing", "productOffering")]),
    ("relatedParty", LEFT_OUT, [("missing", "relatedParty")]),
    ("relatedParty", [], [("invalid", "relatedParty")]),
    ("relatedParty.0.role", LEFT_OUT, [("missing", "relatedParty[0].role")]),
    ("relatedParty.0.role", "user", [("missing", "relatedParty")]),
    ("realizingResource.0.id", LEFT_OUT, [("missing", "realizingResource[0].id")]),
    ("isBundle", "no", [("invalid", "isBundle")]),
    ("startDate", "2026-13-01", [("invalid", "startDate")]),
    ("colour", "red", [("unknown-attribute", "colour")]),
    ("href", "http://elsewhere", [("read-only", "href")]),
]


def ids(cases: Cases) -> list[str]:
    return [f"{where} {'left out' if value is LEFT_OUT else str(value)[:12]}" for where, value, _ in cases]


async def refused(
    counter: Counter, path: str, body: Any, reasons: list[tuple[str, str | None]], role: str = "hall-clerk"
) -> None:
    before = await counter.rows()
    answer = await counter.post(path, body, role=role)
    assert answer.status_code == 400, answer.text
    assert [(one["code"], one.get("path")) for one in answer.json()["reasons"]] == reasons
    assert await counter.rows() == before


@pytest.mark.parametrize(("where", "value", "reasons"), OF_A_PAYMENT, ids=ids(OF_A_PAYMENT))
async def test_a_payment_that_cannot_be_is_refused_and_changes_nothing(
    counter: Counter, where: str, value: Any, reasons: list[tuple[str, str | None]]
) -> None:
    await refused(counter, PAYMENTS, changed(payment(10.00), where, value), reasons)


@pytest.mark.parametrize(("where", "value", "reasons"), OF_A_REFUND, ids=ids(OF_A_REFUND))
async def test_a_refund_that_cannot_be_is_refused_and_changes_nothing(
    counter: Counter, where: str, value: Any, reasons: list[tuple[str, str | None]]
) -> None:
    body = refund(await counter.pay(10.00), 10.00)
    await refused(counter, REFUNDS, changed(body, where, value), reasons)


@pytest.mark.parametrize(("where", "value", "reasons"), OF_A_PRODUCT, ids=ids(OF_A_PRODUCT))
async def test_a_product_that_cannot_be_is_refused_and_changes_nothing(
    counter: Counter, where: str, value: Any, reasons: list[tuple[str, str | None]]
) -> None:
    body = changed(subscription("13033330000", fresh_card()), where, value)
    await refused(counter, PRODUCTS, body, reasons, role="migration")


async def test_all_that_a_payment_lacks_is_said_at_once(counter: Counter) -> None:
    await refused(
        counter,
        PAYMENTS,
        {},
        [("missing", "account"), ("missing", "paymentMethod"), ("missing", "totalAmount")],
    )


async def test_a_number_has_one_subscription(counter: Counter) -> None:
    number = await counter.subscriber()
    before = await counter.rows()
    answer = await counter.post(PRODUCTS, subscription(number, fresh_card()), role="migration")
    assert (answer.status_code, answer.json()["code"]) == (409, "number-in-use")
    assert await counter.rows() == before


async def test_nothing_is_brought_over_for_a_number_that_is_being_opened(
    counter: Counter, others: Others
) -> None:
    others.silent = lambda task: True
    number = fresh_number()
    await counter.order(open_account(await counter.check(), number=number))
    answer = await counter.post(PRODUCTS, subscription(number, fresh_card()), role="migration")
    assert (answer.status_code, answer.json()["code"]) == (409, "subscription-busy")


@pytest.mark.parametrize(("path", "limit"), [(PAYMENTS, 64), (REFUNDS, 64), (PRODUCTS, 1024)])
async def test_a_body_that_is_too_large_is_refused_before_it_is_read(
    counter: Counter, path: str, limit: int
) -> None:
    role = "migration" if path == PRODUCTS else "hall-clerk"
    answer = await counter.post(path, {"description": "x" * limit * 1024}, role=role)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


@pytest.mark.parametrize("path", [PAYMENTS, REFUNDS])
async def test_the_channel_of_money_is_that_of_the_token(counter: Counter, path: str) -> None:
    body = payment(1.00) if path == PAYMENTS else refund(await counter.pay(1.00), 1.00)
    before = await counter.rows()
    answer = await counter.post(path, body | {"channel": {"id": "dealer"}})
    assert (answer.status_code, answer.json()["code"]) == (403, "channel-differs")
    assert (await counter.post(path, body | {"channel": {"id": "hall"}})).status_code == 201
    assert (await counter.rows())["payments"] == before["payments"] + (path == PAYMENTS)


async def test_a_payment_is_answered_as_it_will_be_read(counter: Counter) -> None:
    answer = await counter.post(
        PAYMENTS,
        payment(
            10.50,
            correlatorId="till7-0042",
            payer={"id": "customer-1", "role": "payer", "@referredType": "Customer"},
        ),
    )
    made = answer.json()
    assert answer.headers["Location"] == made["href"]
    assert made["href"].endswith(f"{PAYMENTS}/{made['id']}")
    assert (await counter.payment(made["id"])) == made
    assert (made["totalAmount"], made["@type"]) == (cny(10.50), "Payment")


@pytest.mark.parametrize("path", [ORDERS, PAYMENTS, REFUNDS, PRODUCTS])
async def test_what_is_not_there_is_not_found(counter: Counter, path: str) -> None:
    answer = await counter.get(f"{path}/no-such-record")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
