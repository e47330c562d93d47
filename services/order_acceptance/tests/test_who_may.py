"""Who may do what, and see whose: by role, by node, by dealer, by account manager."""

from typing import Any

from services.order_acceptance.tests.bodies import (
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    REFUNDS,
    open_account,
    payment,
    refund,
    replace_sim,
)
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others


async def test_headquarters_may_read_and_its_clerks_are_not_ours(counter: Counter) -> None:
    get = counter.service.client.get
    assert (await get(ORDERS, headers=counter.service.bearer("hq-operator", issuer="hq"))).status_code == 200
    assert (await get(ORDERS, headers=counter.service.bearer("hall-clerk", issuer="hq"))).status_code in (
        401,
        403,
    )


async def dealers_order(counter: Counter, dealer: str) -> tuple[str, str]:
    """A payment and an order that a dealer's clerk took."""
    clerk: dict[str, Any] = {"role": "dealer-clerk", "dealer": dealer}
    money = await counter.pay(100.00, **clerk)
    customer = await counter.owners.customer(f"customer-of-{dealer}", dealer=dealer)
    check = await counter.check(by="dealer-clerk-1")
    body = open_account(check, money, number=fresh_number(), customer=customer)
    return money, (await counter.order(body, **clerk))["id"]


async def test_a_dealers_clerk_sees_what_his_dealer_took_and_nothing_else(
    counter: Counter, others: Others
) -> None:
    money, order = await dealers_order(counter, "dealer-a")
    await counter.ended(order)
    other_money, other_order = await dealers_order(counter, "dealer-b")
    mine = {"dealer": "dealer-a"}
    for path, id_, other in ((PAYMENTS, money, other_money), (ORDERS, order, other_order)):
        assert (await counter.get(f"{path}/{id_}", "dealer-clerk", mine)).status_code == 200
        hidden = await counter.get(f"{path}/{other}", "dealer-clerk", mine)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "not-found")
        listed = await counter.get(path, "dealer-clerk", mine)
        assert [one["id"] for one in listed.json()] == [id_]
        assert listed.headers["X-Total-Count"] == "1"
    product = (await counter.get(PRODUCTS, "dealer-clerk", mine)).json()
    assert {one["relatedParty"][0]["id"] for one in product} == {"customer-of-dealer-a"}


async def test_a_dealers_clerk_cannot_change_what_he_does_not_see(counter: Counter, others: Others) -> None:
    _, order = await dealers_order(counter, "dealer-c")
    headers = counter.service.bearer("dealer-clerk", dealer="dealer-d")
    client = counter.service.client
    patched = await client.patch(f"{ORDERS}/{order}", json={"description": "mine"}, headers=headers)
    assert patched.status_code == 404
    assert (await client.delete(f"{ORDERS}/{order}", headers=headers)).status_code == 404


async def test_money_and_customers_that_one_does_not_see_are_not_known_to_an_order(
    counter: Counter, others: Others
) -> None:
    money = await counter.pay(10.00, role="dealer-clerk", dealer="dealer-e")
    customer = await counter.owners.customer("customer-of-dealer-e", dealer="dealer-e")
    check = await counter.check(by="dealer-clerk-1")
    body = open_account(check, money, number=fresh_number(), customer=customer)
    answer = await counter.post(ORDERS, body, role="dealer-clerk", dealer="dealer-f")
    assert answer.status_code == 400
    assert [one["code"] for one in answer.json()["reasons"]] == ["customer-unknown", "payment-unknown"]
    assert (await counter.post(ORDERS, body, role="dealer-clerk", dealer="dealer-e")).status_code == 201


async def test_money_of_an_area_that_is_not_ones_own_is_not_known_to_a_refund(counter: Counter) -> None:
    money = await counter.pay(10.00, area="020")
    bound: dict[str, Any] = {"area": "0755", "area_bound": True}
    answer = await counter.post(REFUNDS, refund(money, 1.00), **bound)
    assert (answer.status_code, answer.json()["code"]) == (400, "payment-unknown")
    assert (await counter.post(REFUNDS, refund(money, 1.00), area="020", area_bound=True)).status_code == 201


async def test_an_account_manager_sees_the_orders_and_products_of_his_customers(
    counter: Counter, others: Others
) -> None:
    await counter.owners.customer("key-account", accountManager="am-1")
    body = open_account(await counter.check(), number=fresh_number(), customer="key-account")
    order = (await counter.order(body))["id"]
    await counter.ended(order)
    strange = (await counter.order(open_account(await counter.check(), number=fresh_number())))["id"]
    his = {"subject": "am-1"}
    assert [one["id"] for one in (await counter.get(ORDERS, "account-manager", his)).json()] == [order]
    assert (await counter.get(f"{ORDERS}/{strange}", "account-manager", his)).status_code == 404
    products = (await counter.get(PRODUCTS, "account-manager", his)).json()
    assert {one["relatedParty"][0]["id"] for one in products} == {"key-account"}


async def test_an_account_manager_sees_what_he_took_himself(counter: Counter, others: Others) -> None:
    his: dict[str, Any] = {"subject": "am-2"}
    money = await counter.pay(10.00, role="account-manager", **his)
    assert [one["id"] for one in (await counter.get(PAYMENTS, "account-manager", his)).json()] == [money]
    assert (await counter.get(f"{PAYMENTS}/{await counter.pay()}", "account-manager", his)).status_code == 404
    # A subscriber of another province is no customer of this node.
    body = replace_sim(await counter.check(by="am-2"), money, number=fresh_number())
    order = (await counter.order(body, role="account-manager", **his))["id"]
    assert (await counter.get(f"{ORDERS}/{order}", "account-manager", his)).status_code == 200


async def test_who_stood_where_is_kept_from_the_token(counter: Counter) -> None:
    answer = await counter.post(PAYMENTS, payment(1.00), role="dealer-clerk", dealer="dealer-g", area="0755")
    row = await counter.service.db.fetchrow("SELECT * FROM payments WHERE id = $1", answer.json()["id"])
    assert row is not None
    assert [row[name] for name in ("actor", "issuer", "channel", "hall", "dealer", "area")] == [
        "dealer-clerk-1",
        "http://gd.unicrm.test",
        "dealer",
        None,
        "dealer-g",
        "0755",
    ]
