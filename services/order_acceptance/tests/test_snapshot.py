"""An order keeps what was sold as it was sold: offering, version and prices, whatever the catalogue says later."""

from typing import Any
from urllib.parse import urlsplit

from contracts.events import OfferingChanged
from libs.ids import new_id
from services.order_acceptance.tests.bodies import cny, open_account
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.others import Others
from services.order_acceptance.tests.owners import OPTION


async def sold(counter: Counter, plan: str, version: int, name: str, *prices: tuple[str, str]) -> None:
    """A plan as product tells it, in a version."""
    told: OfferingChanged = counter.owners.offering(plan, "plan", *prices, version=version, name=name)
    monthly = [
        price.model_copy(update={"period": "month"}) if price.price_type == "recurring" else price
        for price in told.prices
    ]
    await counter.owners.tell("product", told.model_copy(update={"prices": monthly}))
    await counter.owners.until_known("known_offerings", plan, version=version)


def priced(order: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Of each item, the offering and the prices that it shows."""
    return [(item["productOffering"], item["itemPrice"]) for item in order["productOrderItem"]]


async def test_an_order_keeps_its_prices_after_the_offering_changed(counter: Counter, others: Others) -> None:
    plan = new_id()
    await sold(counter, plan, 4, "Summer", ("recurring", "59.00"), ("oneTime", "30.50"))
    body = open_account(await counter.check(), number=fresh_number())
    body["productOrderItem"][0]["productOffering"] = {"id": plan}
    # What a client says of a price decides nothing: the catalogue's is kept.
    body["productOrderItem"][0]["itemPrice"] = [{"name": "free of charge"}]
    order = await counter.order(body)
    kept = [
        (
            {"id": plan, "name": "Summer", "version": "4"},
            [
                {
                    "name": f"{plan} recurring",
                    "priceType": "recurring",
                    "recurringChargePeriod": "month",
                    "price": {"taxIncludedAmount": cny(59.00)},
                    "productOfferingPrice": {"id": f"{plan}-0", "name": f"{plan} recurring"},
                },
                {
                    "name": f"{plan} oneTime",
                    "priceType": "oneTime",
                    "price": {"taxIncludedAmount": cny(30.50)},
                    "productOfferingPrice": {"id": f"{plan}-1", "name": f"{plan} oneTime"},
                },
            ],
        ),
        (
            {"id": OPTION, "name": OPTION, "version": "1"},
            [
                {
                    "name": f"{OPTION} recurring",
                    "priceType": "recurring",
                    "price": {"taxIncludedAmount": cny(5.00)},
                    "productOfferingPrice": {"id": f"{OPTION}-0", "name": f"{OPTION} recurring"},
                }
            ],
        ),
    ]
    assert priced(order) == kept
    await sold(counter, plan, 5, "Autumn", ("recurring", "79.00"))
    ended = await counter.ended(order["id"])
    assert ended["state"] == "completed", ended
    assert priced(ended) == kept
    charged = others.input_of(order["id"], "start-billing")["recurring"]
    assert [charge["amount"] for charge in charged] == ["59.00", "5.00"], (
        "what was agreed, not what is asked now"
    )

    body = open_account(await counter.check(), number=fresh_number())
    body["productOrderItem"][0]["productOffering"] = {"id": plan}
    offering, prices = priced(await counter.order(body))[0]
    assert offering == {"id": plan, "name": "Autumn", "version": "5"}
    assert [price["price"]["taxIncludedAmount"] for price in prices] == [cny(79.00)]


async def test_an_order_says_where_what_it_adds_to_tm_forums_is_described(
    counter: Counter, others: Others
) -> None:
    order = await counter.order(open_account(await counter.check(), number=fresh_number()))
    document = counter.service.app.openapi()
    for shown in (order, await counter.ended(order["id"])):
        assert (shown["@type"], shown["@baseType"]) == ("UniCrmProductOrder", "ProductOrder")
        address = urlsplit(shown["@schemaLocation"])
        assert f"{address.scheme}://{address.netloc}" == counter.service.settings.public_url
        # The front door answers the document of each service at this path.
        assert address.path == "/api/order-acceptance/v1/openapi.json"
        described: Any = document
        for step in address.fragment.strip("/").split("/"):
            described = described[step]
        assert {"failure", "realized", "policy", "orderRelationship"} <= set(described["properties"])
