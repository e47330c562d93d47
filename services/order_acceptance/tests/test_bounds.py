"""Whose orders, products, money and work an actor sees: the same in list, count, filter, retrieval and change."""

from dataclasses import dataclass
from typing import Any

import pytest

from services.order_acceptance.tests.bodies import (
    DEAD_LETTERS,
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    REFUNDS,
    WORK_ORDERS,
    open_account,
    payment,
    refund,
    replace_sim,
)
from services.order_acceptance.tests.businesses import suspend
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others

HERE, THERE = {"area": "020"}, {"area": "0755"}
OURS: dict[str, Any] = {"dealer": "dealer-x", "subject": "clerk-x"} | HERE
MANAGED: dict[str, Any] = {"subject": "manager-x"} | HERE
BOUND = {"area_bound": True}


@dataclass(frozen=True)
class Someone:
    """Who asks; whose orders and products (D, M, A), and whose money, they see."""

    role: str
    claims: dict[str, Any]
    orders: str
    money: str
    issuer: str | None = None


EVERYBODY = {
    "the dealer's clerk": Someone("dealer-clerk", OURS, "D", "D"),
    "another clerk of the dealer": Someone("dealer-clerk", OURS | {"subject": "another"}, "D", "D"),
    "another dealer's clerk": Someone("dealer-clerk", OURS | {"dealer": "dealer-y"}, "", ""),
    "the dealer's clerk, bound elsewhere": Someone("dealer-clerk", OURS | THERE | BOUND, "", ""),
    "the account manager": Someone("account-manager", MANAGED, "M", "M"),
    "another account manager": Someone("account-manager", MANAGED | {"subject": "manager-y"}, "", ""),
    "a hall clerk of the area": Someone("hall-clerk", HERE | BOUND, "DM", "DM"),
    "a hall clerk of another area": Someone("hall-clerk", THERE | BOUND, "A", "A"),
    "a hall clerk of the node": Someone("hall-clerk", HERE, "DMA", "DMA"),
    "a supervisor of an area": Someone("supervisor", THERE | BOUND, "A", "A"),
    "a supervisor": Someone("supervisor", {}, "DMA", "DMA"),
    "an auditor of an area": Someone("auditor", HERE | BOUND, "DM", "DM"),
    "a partner": Someone("machine", {}, "DMA", "DMA"),
}


@dataclass
class Records:
    """By path, the ids of the records of a dealer, of a manager's customer, and of another area."""

    ids: dict[str, dict[str, str]]
    accounts: dict[str, str]


@pytest.fixture(scope="module")
async def records(counter: Counter, executors_in_gd: Others) -> Records:
    executors_in_gd.behave()
    makers: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "D": ("dealer-clerk", OURS, {"dealer": "dealer-x", "area": "020"}),
        "M": ("account-manager", MANAGED, {"accountManager": "manager-x", "area": "020"}),
        "A": ("hall-clerk", {"subject": "hall-there"} | THERE, {"area": "0755"}),
    }
    ids: dict[str, dict[str, str]] = {path: {} for path in (ORDERS, PRODUCTS, PAYMENTS, WORK_ORDERS, REFUNDS)}
    accounts = {}
    for name, (role, claims, care) in makers.items():
        customer = await counter.owners.customer(f"bounds-{name}", **care)
        accounts[name] = await counter.owners.account(f"account-{name}", customer)
        ids[PAYMENTS][name] = await counter.pay(200.00, role=role, **claims)
        check = await counter.check(by=claims["subject"])
        number = fresh_number()
        body = open_account(check, ids[PAYMENTS][name], number=number, customer=customer)
        order = await counter.order(body, role=role, **claims)
        ids[ORDERS][name] = order["id"]
        assert (await counter.ended(order["id"]))["state"] == "completed"
        ids[PRODUCTS][name] = (await counter.product_of(number))["id"]
        ids[WORK_ORDERS][name] = await counter.service.db.fetchval(
            "SELECT id FROM work_orders WHERE order_id = $1", order["id"]
        )
    for name, place in (("D", HERE), ("A", THERE)):
        money = await counter.pay(10.00, **place)
        given = await counter.post(REFUNDS, refund(money, 1.00), **place)
        assert given.status_code == 201, given.text
        ids[REFUNDS][name] = given.json()["id"]
    return Records(ids, accounts)


async def seen(counter: Counter, path: str, someone: Someone, **query: str) -> tuple[set[str], int]:
    answer = await counter.get(path, someone.role, someone.claims, **query)
    assert answer.status_code == 200, answer.text
    return {one["id"] for one in answer.json()}, int(answer.headers["X-Total-Count"])


@pytest.mark.parametrize("path", [ORDERS, PRODUCTS, PAYMENTS])
async def test_list_count_filter_retrieval_and_change_agree(
    counter: Counter, records: Records, path: str
) -> None:
    ids = records.ids[path]
    for who, someone in EVERYBODY.items():
        theirs = someone.money if path == PAYMENTS else someone.orders
        expected = {ids[name] for name in theirs}
        every = ",".join(ids.values())
        assert await seen(counter, path, someone, id=every) == (expected, len(expected)), (who, path)
        assert (await seen(counter, path, someone, id=every, limit="1"))[1] == len(expected), (who, path)
        for id_ in ids.values():
            there = id_ in expected
            one = await counter.get(f"{path}/{id_}", someone.role, someone.claims)
            assert one.status_code == (200 if there else 404), (who, path)
            if path == PAYMENTS or (path == PRODUCTS and someone.role not in ("hall-clerk", "supervisor")):
                continue
            if someone.role == "auditor":
                continue
            headers = counter.service.bearer(someone.role, **someone.claims)
            body = {"description": f"seen by {who}"}
            patched = await counter.service.client.patch(f"{path}/{id_}", json=body, headers=headers)
            assert patched.status_code == (200 if there else 404), (who, path, patched.text)


async def test_a_list_without_a_filter_counts_only_what_is_seen(counter: Counter, records: Records) -> None:
    someone = EVERYBODY["the dealer's clerk"]
    for path in (ORDERS, PAYMENTS):
        assert await seen(counter, path, someone) == ({records.ids[path]["D"]}, 1)
    options_too, count = await seen(counter, PRODUCTS, someone)
    assert (len(options_too), count) == (2, 2), "the subscription and its option"


@pytest.mark.parametrize(
    ("role", "claims", "sees"),
    [
        ("hall-clerk", HERE | BOUND, "D"),
        ("hall-clerk", THERE | BOUND, "A"),
        ("hall-clerk", HERE, "DA"),
        ("supervisor", THERE | BOUND, "A"),
        ("dealer-clerk", OURS, ""),
        ("account-manager", MANAGED, ""),
    ],
)
async def test_refunds_are_seen_where_they_were_given(
    counter: Counter, records: Records, role: str, claims: dict[str, Any], sees: str
) -> None:
    ids = records.ids[REFUNDS]
    expected = {ids[name] for name in sees}
    someone = Someone(role, claims, "", sees)
    assert await seen(counter, REFUNDS, someone, id=",".join(ids.values())) == (expected, len(expected))
    for id_ in ids.values():
        found = await counter.get(f"{REFUNDS}/{id_}", role, claims)
        assert found.status_code == (200 if id_ in expected else 404)


async def test_work_is_seen_and_tried_again_where_it_was_accepted(counter: Counter, records: Records) -> None:
    ids = records.ids[WORK_ORDERS]
    for someone, sees in (
        (EVERYBODY["a supervisor of an area"], "A"),
        (EVERYBODY["an auditor of an area"], "DM"),
        (EVERYBODY["a supervisor"], "DMA"),
    ):
        for name, id_ in ids.items():
            order = records.ids[ORDERS][name]
            expected = {id_} if name in sees else set()
            assert await seen(counter, WORK_ORDERS, someone, order=order) == (expected, len(expected))
            one = await counter.get(f"{WORK_ORDERS}/{id_}", someone.role, someone.claims)
            assert one.status_code == (200 if name in sees else 404)
            if someone.role == "supervisor":
                again = await counter.post(
                    f"{WORK_ORDERS}/{id_}/retry", {}, role=someone.role, **someone.claims
                )
                assert again.status_code == (409 if name in sees else 404), again.text


async def test_an_account_that_one_does_not_see_is_unknown_and_a_number_is_anybodys(
    counter: Counter, records: Records
) -> None:
    for who, someone in EVERYBODY.items():
        if someone.role == "auditor":
            continue
        for name, account in records.accounts.items():
            paid = await counter.post(PAYMENTS, payment(1.00, account), role=someone.role, **someone.claims)
            # An area-bound clerk sees a customer of the area; a dealer's or manager's customer is theirs.
            if name in someone.orders:
                assert paid.status_code == 201, (who, paid.text)
            else:
                assert (paid.status_code, paid.json()["code"]) == (400, "account-unknown"), who
    product = (await counter.get(f"{PRODUCTS}/{records.ids[PRODUCTS]['D']}")).json()
    number = product["productSerialNumber"]
    stranger = EVERYBODY["another dealer's clerk"]
    paid = await counter.post(
        PAYMENTS, payment(1.00, f"tel:+86{number}"), role=stranger.role, **stranger.claims
    )
    assert paid.status_code == 201, paid.text


async def test_a_product_that_one_does_not_see_is_unknown_by_its_id(
    counter: Counter, records: Records
) -> None:
    product = records.ids[PRODUCTS]["D"]
    stranger = EVERYBODY["another dealer's clerk"]
    check = await counter.check(by=stranger.claims["subject"])
    card = replace_sim(check, number="13000000000")
    card["productOrderItem"][0]["product"] |= {"id": product}
    del card["productOrderItem"][0]["product"]["productSerialNumber"]
    barred = suspend("13000000000")
    barred["productOrderItem"][0]["product"] |= {"id": product}
    del barred["productOrderItem"][0]["product"]["productSerialNumber"]
    for body in (card, barred):
        answer = await counter.post(ORDERS, body, role=stranger.role, **stranger.claims)
        assert (answer.status_code, answer.json()["code"]) == (400, "use-number"), answer.text
    own = await counter.post(ORDERS, barred, role="dealer-clerk", **OURS)
    assert own.status_code == 201, own.text
    await counter.ended(own.json()["id"])


async def test_an_order_that_one_does_not_see_cannot_be_cancelled(counter: Counter, records: Records) -> None:
    stranger = EVERYBODY["another dealer's clerk"]
    path = f"{ORDERS.rpartition('/')[0]}/cancelProductOrder"
    body = {"productOrder": {"id": records.ids[ORDERS]["D"]}}
    answer = await counter.post(path, body, role=stranger.role, **stranger.claims)
    unknown = await counter.post(
        path, {"productOrder": {"id": "none"}}, role=stranger.role, **stranger.claims
    )
    assert (answer.status_code, answer.json()["code"]) == (unknown.status_code, unknown.json()["code"])
    assert answer.status_code in (400, 404)


async def test_what_belongs_to_the_node_is_not_there_for_a_bounded_supervisor(counter: Counter) -> None:
    bound: dict[str, Any] = THERE | BOUND
    rebuilds = "/api/order-acceptance/v1/rebuilds"
    begun = await counter.post(rebuilds, {"projection": "known_accounts"}, role="supervisor")
    assert begun.status_code in (200, 201), begun.text
    for path in (DEAD_LETTERS, rebuilds):
        listed = await counter.get(path, "supervisor", bound)
        assert (listed.json(), listed.headers["X-Total-Count"]) == ([], "0")
    one = f"{rebuilds}/{begun.json()['id']}"
    assert (await counter.get(one, "supervisor", bound)).status_code == 404
    assert (await counter.get(one, "supervisor")).status_code == 200
    refused = await counter.post(rebuilds, {"projection": "known_accounts"}, role="supervisor", **bound)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
