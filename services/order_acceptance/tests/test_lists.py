"""Orders, payments and products as they are read: filtered, sorted, paged, in part; and what may be written of them."""

from typing import Any

import pytest

from services.order_acceptance.tests.bodies import ORDERS, PAYMENTS, PRODUCTS, REFUNDS, refund, replace_sim
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others


@pytest.fixture(scope="module")
async def seven(counter: Counter) -> list[str]:
    """Payments of 1 to 7 yuan, in the order in which they were taken."""
    return [await counter.pay(float(yuan)) for yuan in range(1, 8)]


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()]


async def test_payments_are_filtered(counter: Counter, seven: list[str]) -> None:
    other = await counter.pay(3.00, f"tel:+86{fresh_number()}")
    get = counter.get
    assert ids(await get(PAYMENTS, **{"totalAmount.value": "3", "account.id": "counter"})) == [seven[2]]
    assert set(ids(await get(PAYMENTS, **{"totalAmount.value": "3"}))) == {seven[2], other}
    assert set(ids(await get(PAYMENTS, **{"totalAmount.value.gt": "5"}))) == set(seven[5:])
    assert ids(await get(PAYMENTS, id=f"{seven[0]},{seven[1]}", sort="id")) == seven[:2]
    assert ids(await get(PAYMENTS, status="failed")) == []
    assert len(ids(await get(PAYMENTS, **{"paymentMethod.@type": "cash", "limit": "100"}))) == 8


async def test_refunds_are_found_by_their_payment(counter: Counter, seven: list[str]) -> None:
    made = (await counter.post(REFUNDS, refund(seven[6], 2.00))).json()
    assert ids(await counter.get(REFUNDS, **{"payment.id": seven[6]})) == [made["id"]]
    assert (await counter.get(f"{REFUNDS}/{made['id']}")).json() == made


async def test_payments_are_sorted_and_paged(counter: Counter, seven: list[str]) -> None:
    asked = {"account.id": "counter", "totalAmount.value.lte": "7", "sort": "totalAmount.value"}
    first = await counter.get(PAYMENTS, **asked, limit="3", offset="0")
    assert ids(first) == seven[:3]
    assert (first.headers["X-Total-Count"], first.headers["X-Result-Count"]) == ("7", "3")
    assert 'rel="next"' in first.headers["Link"]
    assert ids(await counter.get(PAYMENTS, **asked, limit="3", offset="6")) == seven[6:]
    beyond = await counter.get(PAYMENTS, **asked, limit="3", offset="60")
    assert (ids(beyond), beyond.headers["X-Total-Count"]) == ([], "7")
    assert (
        ids(await counter.get(PAYMENTS, **(asked | {"sort": "-totalAmount.value"}), limit="1")) == seven[6:]
    )


@pytest.mark.parametrize("path", [ORDERS, PAYMENTS, REFUNDS, PRODUCTS])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"colour": "red"}, "unknown-filter"),
        ({"limit": "100000"}, "page-too-large"),
        ({"limit": "many"}, "invalid"),
        ({"offset": "-1"}, "invalid"),
        ({"sort": "colour"}, "unknown-sort"),
        ({"fields": "colour"}, "unknown-attribute"),
        ({"status.like": "d"}, "unknown-filter"),
        ({"purpose": "sale"}, "unknown-filter"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    counter: Counter, path: str, query: dict[str, str], code: str
) -> None:
    answer = await counter.get(path, **query)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text


async def test_only_what_is_asked_for_is_answered(counter: Counter, seven: list[str]) -> None:
    part = (await counter.get(f"{PAYMENTS}/{seven[0]}", fields="status")).json()
    assert set(part) == {"id", "href", "@type", "status"}
    none = (await counter.get(PAYMENTS, fields="none", id=seven[0])).json()
    assert set(none[0]) == {"id", "href", "@type"}


async def test_orders_are_found_by_what_they_are_and_say(counter: Counter, others: Others) -> None:
    number = await counter.subscriber()
    body = replace_sim(await counter.check(), number=number, externalId="till-7")
    order = (await counter.order(body))["id"]
    await counter.ended(order)
    get = counter.get
    assert ids(await get(ORDERS, externalId="till-7")) == [order]
    assert ids(await get(ORDERS, **{"productOrderItem.product.productSerialNumber": number})) == [order]
    assert ids(await get(ORDERS, category="replace-sim", state="completed", externalId="till-7")) == [order]
    assert ids(await get(ORDERS, state="failed", externalId="till-7")) == []
    late = {"orderDate.gt": "2100-01-01T00:00:00Z"}
    assert ids(await get(ORDERS, **late)) == []


async def test_products_are_found_by_number_account_and_owner(counter: Counter) -> None:
    number = await counter.subscriber()
    found = await counter.product_of(number)
    asked = {"billingAccount.id": "account-1", "relatedParty.id": "customer-1", "name": number}
    assert ids(await counter.get(PRODUCTS, **asked)) == [found["id"]]
    assert found["href"].endswith(f"{PRODUCTS}/{found['id']}")


async def test_notes_of_an_order_may_be_written_and_what_it_does_may_not(
    counter: Counter, others: Others
) -> None:
    order = await counter.order(replace_sim(await counter.check(), number=await counter.subscriber()))
    await counter.ended(order["id"])
    path = f"{ORDERS}/{order['id']}"
    client, headers = counter.service.client, counter.service.bearer("hall-clerk")
    note = {"note": [{"text": "the customer comes on Monday"}], "description": "urgent"}
    patched = await client.patch(path, json=note, headers=headers)
    assert patched.status_code == 200, patched.text
    assert (await counter.get(path)).json()["description"] == "urgent"
    before = (await counter.get(path)).json()
    for patch in (
        {"state": "cancelled"},
        {"category": "terminate"},
        {"productOrderItem": []},
        {"payment": [{"id": "another"}]},
        {"relatedParty": None},
        {"requestedStartDate": "2027-01-01T00:00:00Z"},
    ):
        refused = await client.patch(path, json=patch, headers=headers)
        assert refused.status_code in (400, 409), patch
        if refused.status_code == 409:
            assert refused.json()["reasons"] == [
                {"code": "by-order-only", "reason": refused.json()["reason"], "path": next(iter(patch))}
            ]
    assert (await client.patch(path, json={"colour": "red"}, headers=headers)).status_code == 400
    assert (await client.patch(path, json={"id": "mine"}, headers=headers)).json()["code"] == "read-only"
    assert (await counter.get(path)).json() == before


async def test_who_saw_an_older_version_changes_nothing(counter: Counter, others: Others) -> None:
    order = await counter.order(replace_sim(await counter.check(), number=await counter.subscriber()))
    await counter.ended(order["id"])
    path = f"{ORDERS}/{order['id']}"
    seen = (await counter.get(path)).headers["ETag"]
    client, headers = counter.service.client, counter.service.bearer("hall-clerk")
    first = await client.patch(path, json={"description": "a"}, headers=headers | {"If-Match": seen})
    second = await client.patch(path, json={"description": "b"}, headers=headers | {"If-Match": seen})
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["code"] == "edited-meanwhile"


async def test_an_order_and_a_product_are_not_deleted(counter: Counter, others: Others) -> None:
    number = await counter.subscriber()
    order = await counter.order(replace_sim(await counter.check(), number=number))
    await counter.ended(order["id"])
    client = counter.service.client
    gone = await client.delete(f"{ORDERS}/{order['id']}", headers=counter.service.bearer("hall-clerk"))
    assert (gone.status_code, gone.json()["code"]) == (409, "not-deletable")
    product = await counter.product_of(number)
    headers = counter.service.bearer("supervisor")
    gone = await client.delete(f"{PRODUCTS}/{product['id']}", headers=headers)
    assert (gone.status_code, gone.json()["code"]) == (409, "by-order-only")
    assert await counter.product_of(number) == product


async def test_what_describes_a_product_may_be_written_and_what_it_is_may_not(counter: Counter) -> None:
    product = await counter.product_of(await counter.subscriber())
    path = f"{PRODUCTS}/{product['id']}"
    client, headers = counter.service.client, counter.service.bearer("supervisor")
    patched = await client.patch(path, json={"description": "the shop's own line"}, headers=headers)
    assert patched.json()["description"] == "the shop's own line"
    for patch in (
        {"status": "terminated"},
        {"productSerialNumber": "13000000000"},
        {"billingAccount": {"id": "another"}},
        {"productOffering": {"id": "another"}},
        {"relatedParty": [{"id": "another", "role": "customer", "@referredType": "Customer"}]},
        {"realizingResource": []},
    ):
        refused = await client.patch(path, json=patch, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "by-order-only"), patch
    assert (await counter.get(path)).json() == patched.json()


@pytest.mark.parametrize("path", [PAYMENTS, REFUNDS])
async def test_money_is_neither_changed_nor_deleted(counter: Counter, path: str) -> None:
    client, headers = counter.service.client, counter.service.bearer("supervisor")
    money = await counter.pay(1.00)
    for method in ("PATCH", "DELETE", "PUT"):
        answer = await client.request(method, f"{path}/{money}", json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
