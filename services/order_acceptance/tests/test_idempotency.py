"""The same request again, whatever happened to the first answer: one effect, one answer."""

import asyncio
from typing import Any

import pytest

from libs.ids import new_id
from services.order_acceptance.tests.bodies import (
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    REFUNDS,
    open_account,
    payment,
    refund,
    replace_sim,
    subscription,
)
from services.order_acceptance.tests.counter import Counter, fresh_card, fresh_number
from services.order_acceptance.tests.others import Others

AT_ONCE = 10


async def made(counter: Counter, what: str) -> tuple[str, dict[str, Any], str]:
    """Path, body and role of a request that is new each time."""
    match what:
        case "order":
            body = open_account(await counter.check(), await counter.pay(), number=fresh_number())
            return ORDERS, body, "hall-clerk"
        case "order from afar":
            body = replace_sim(await counter.check(), await counter.pay(), number=fresh_number())
            return ORDERS, body, "hall-clerk"
        case "payment":
            return PAYMENTS, payment(12.00), "hall-clerk"
        case "payment for a number":
            return PAYMENTS, payment(12.00, f"tel:+86{await counter.subscriber()}"), "hall-clerk"
        case "refund":
            return REFUNDS, refund(await counter.pay(5.00), 5.00), "hall-clerk"
        case _:
            return PRODUCTS, subscription(fresh_number(), fresh_card()), "migration"


EVERYTHING = ["order", "order from afar", "payment", "payment for a number", "refund", "product"]


@pytest.mark.parametrize("what", EVERYTHING)
async def test_ten_equal_requests_at_the_same_moment_have_one_effect_and_one_answer(
    counter: Counter, others: Others, what: str
) -> None:
    path, body, role = await made(counter, what)
    key = new_id()
    before = await effects(counter, path, body)
    answers = await asyncio.gather(*(counter.post(path, body, key=key, role=role) for _ in range(AT_ONCE)))
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert sum(answer.headers.get("Idempotency-Replayed") == "true" for answer in answers) == AT_ONCE - 1
    assert await effects(counter, path, body) == before + 1


@pytest.mark.parametrize("what", EVERYTHING)
async def test_a_client_that_never_read_the_answer_gets_it_by_asking_again(
    counter: Counter, others: Others, what: str
) -> None:
    path, body, role = await made(counter, what)
    key = new_id()
    await counter.post(path, body, key=key, role=role)  # lost on the way
    await counter.service.restart()
    before = await effects(counter, path, body)
    again = await counter.post(path, body, key=key, role=role)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert (await counter.get(again.headers["Location"])).json()["id"] == again.json()["id"]
    assert await effects(counter, path, body) == before


@pytest.mark.parametrize("what", EVERYTHING)
async def test_another_body_under_the_same_key_is_refused(
    counter: Counter, others: Others, what: str
) -> None:
    path, body, role = await made(counter, what)
    key = new_id()
    assert (await counter.post(path, body, key=key, role=role)).status_code == 201
    other = await counter.post(path, body | {"description": "another"}, key=key, role=role)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")


async def test_a_refusal_is_not_kept_and_the_same_request_is_judged_anew(
    counter: Counter, others: Others
) -> None:
    check, key = await counter.check(), new_id()
    body = open_account(check, number=fresh_number(), customer="customer-late")
    refused = await counter.post(ORDERS, body, key=key)
    assert (refused.status_code, refused.json()["code"]) == (400, "customer-unknown")
    await counter.owners.customer("customer-late")
    assert (await counter.post(ORDERS, body, key=key)).status_code == 201


async def test_a_key_is_the_callers_own(counter: Counter) -> None:
    key = new_id()
    mine = await counter.post(PAYMENTS, payment(1.00), key=key)
    theirs = await counter.post(PAYMENTS, payment(1.00), key=key, subject="hall-clerk-2")
    assert mine.json()["id"] != theirs.json()["id"]


async def test_a_key_that_is_none_is_refused(counter: Counter) -> None:
    answer = await counter.post(PAYMENTS, payment(1.00), key="x" * 256)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")


async def test_without_a_key_nothing_protects_a_repetition(counter: Counter) -> None:
    headers = counter.service.bearer("hall-clerk")
    first, second = [
        await counter.service.client.post(PAYMENTS, json=payment(1.00), headers=headers) for _ in range(2)
    ]
    assert first.json()["id"] != second.json()["id"]


async def effects(counter: Counter, path: str, body: dict[str, Any]) -> int:
    """How many records there are that such a request makes."""
    names = {ORDERS: "product_orders", PAYMENTS: "payments", REFUNDS: "refunds", PRODUCTS: "products"}
    where = f"number = '{body['productSerialNumber']}'" if path == PRODUCTS else "true"
    return int(await counter.service.db.fetchval(f"SELECT count(*) FROM {names[path]} WHERE {where}"))
