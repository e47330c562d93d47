"""Whoever listens hears what becomes of orders, products and money, whichever statement did it."""

from collections.abc import Sequence
from typing import Any

from services.order_acceptance.orders.resource import PRODUCT_ORDER
from services.order_acceptance.payments.resource import BASE as PAYMENTS
from services.order_acceptance.products.resource import PRODUCT
from services.order_acceptance.tests.bodies import REFUNDS, open_account, refund
from services.order_acceptance.tests.businesses import done, suspend
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others
from tests.engines import eventually
from tests.listening import Listener, told
from tests.running import RunningService

ORDERS, PRODUCTS = PRODUCT_ORDER.base, PRODUCT.base


def of(listener: Listener, resource: str, id: str) -> list[dict[str, Any]]:
    """The notifications about one record, in their order."""
    return [one for one in listener.taken if one["event"].get(resource, {}).get("id") == id]


async def heard(listener: Listener, resource: str, id: str, types: Sequence[str]) -> list[dict[str, Any]]:
    """The notifications about one record, once there are as many as types: they are of these types."""

    def come() -> bool:
        return len(of(listener, resource, id)) >= len(types)

    await eventually(come)
    found = of(listener, resource, id)
    assert [one["eventType"] for one in found] == list(types)
    return found


async def test_an_order_is_told_from_its_acceptance_to_its_end_with_all_that_it_changes(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    async with (
        told(gd, ORDERS) as orders,
        told(gd, PRODUCTS) as products,
        told(gd, PAYMENTS) as payments,
    ):
        number = fresh_number()
        money = await counter.pay(100.00)
        order = await counter.order(open_account(await counter.check(), money, number=number))
        ended = await counter.ended(order["id"])
        states = ["ProductOrderStateChangeEvent"] * 2
        found = await heard(orders, "productOrder", order["id"], ["ProductOrderCreateEvent", *states])
        assert [one["event"]["productOrder"]["state"] for one in found] == [
            "acknowledged",
            "inProgress",
            "completed",
        ]
        assert found[0]["event"]["productOrder"] == order
        assert found[2]["event"]["productOrder"] == ended
        product = await counter.product_of(number)
        (installed,) = await heard(products, "product", product["id"], ["ProductCreateEvent"])
        assert installed["event"]["product"] == product
        option = product["productRelationship"][0]["product"]["id"]
        await heard(products, "product", option, ["ProductCreateEvent"])
        paid = await heard(payments, "payment", money, ["PaymentCreateEvent", "PaymentStateChangeEvent"])
        assert [one["event"]["payment"]["status"] for one in paid] == ["authorized", "done"]
        await done(counter, suspend(number))
        suspended = await heard(
            products, "product", product["id"], ["ProductCreateEvent", "ProductStateChangeEvent"]
        )
        assert suspended[1]["event"]["product"]["status"] == "suspended"


async def test_what_ends_badly_is_told_with_its_reasons_and_so_is_the_money_that_goes_back(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    others.refuses = lambda task: task.name == "activate-subscriber"
    async with (
        told(
            gd, ORDERS, "eventType=ProductOrderStateChangeEvent&state=failed&fields=state,failure"
        ) as orders,
        told(gd, PAYMENTS) as payments,
    ):
        money = await counter.pay(100.00)
        order = await counter.order(open_account(await counter.check(), money, number=fresh_number()))
        await counter.ended(order["id"])
        (failed,) = await heard(orders, "productOrder", order["id"], ["ProductOrderStateChangeEvent"])
        shown = failed["event"]["productOrder"]
        assert set(shown) == {"id", "href", "@type", "state", "failure"}
        assert shown["failure"][0]["code"] == "provisioning-failed"
        await heard(payments, "payment", money, ["PaymentCreateEvent", "PaymentStateChangeEvent"])
        (back,) = [
            one["event"]["refund"] for one in payments.taken if one["eventType"] == "RefundCreateEvent"
        ]
        assert (back["payment"]["id"], back["totalAmount"]["value"]) == (money, 100)


async def test_a_wish_to_cancel_is_told_and_what_became_of_it(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    others.silent = lambda task: task.direction == "do" and task.name == "start-billing"
    async with told(gd, ORDERS) as orders:
        order = await counter.order(open_account(await counter.check(), number=fresh_number()))
        await eventually(lambda: "start-billing" in others.names(order["id"]))
        wish = await counter.post(f"{ORDERS}/cancelProductOrder", {"productOrder": {"id": order["id"]}})
        assert (await counter.ended(order["id"]))["state"] == "cancelled"
        types = ["CancelProductOrderCreateEvent", "CancelProductOrderStateChangeEvent"]
        found = await heard(orders, "cancelProductOrder", wish.json()["id"], types)
        assert [one["event"]["cancelProductOrder"]["state"] for one in found] == ["inProgress", "done"]


async def test_money_that_is_given_back_at_the_counter_is_told(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    async with told(gd, PAYMENTS) as payments:
        money = await counter.pay(80.00)
        given = await counter.post(REFUNDS, refund(money, 80.00))
        assert given.status_code == 201
        await heard(payments, "refund", given.json()["id"], ["RefundCreateEvent"])
        await heard(payments, "payment", money, ["PaymentCreateEvent", "PaymentStateChangeEvent"])


async def test_a_note_on_an_order_is_an_attribute(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    order = await counter.order(open_account(await counter.check(), number=fresh_number()))
    await counter.ended(order["id"])
    async with told(gd, ORDERS) as orders:
        headers = gd.bearer("hall-clerk")
        path = f"{ORDERS}/productOrder/{order['id']}"
        answer = await gd.client.patch(path, json={"description": "gift"}, headers=headers)
        assert answer.status_code == 200
        types = ["ProductOrderAttributeValueChangeEvent"]
        (changed,) = await heard(orders, "productOrder", order["id"], types)
        assert (changed["fieldPath"], changed["event"]["productOrder"]) == ("description", answer.json())


async def test_a_dealer_s_system_hears_of_what_the_dealer_accepted_alone(
    gd: RunningService, counter: Counter, others: Others
) -> None:
    async with (
        told(gd, PAYMENTS, "", "dealer-clerk", dealer="d-9") as theirs,
        told(gd, PAYMENTS) as all_of_them,
    ):
        own = await counter.pay(10.00, role="dealer-clerk", dealer="d-9")
        foreign = await counter.pay(20.00)
        await heard(all_of_them, "payment", foreign, ["PaymentCreateEvent"])
        await heard(theirs, "payment", own, ["PaymentCreateEvent"])
        assert {one["event"]["payment"]["id"] for one in theirs.heard} == {own}
