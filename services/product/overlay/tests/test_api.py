"""A province differs from headquarters over TMF620's own PATCH: within bounds, and for as long as these hold."""

from typing import Any

import pytest

from services.product.offerings.tests.test_api import PLAN, launched_price
from services.product.publishing.tests.conftest import Tiers, tiers
from services.product.tests.desk import Desk, reasons

__all__ = ["tiers"]

BOUNDS = {"lowest": {"unit": "CNY", "value": 8.0}, "highest": {"unit": "CNY", "value": 12.0}}


async def sold(tiers: Tiers, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A national plan at ten yuan, and its price, as Guangdong has them."""
    price = await launched_price(tiers.hq, 10.0, priceBounds=BOUNDS)
    plan = await tiers.hq.make(
        "productOffering",
        productOfferingPrice=[{"id": price["id"]}],
        lifecycleStatus="Launched",
        **PLAN | more,
    )
    await tiers.arrived()
    return plan, price


def amounts(prices: list[dict[str, Any]] | None) -> list[str]:
    return [one["amount"] for one in prices or ()]


async def asked(desk: Desk, plan: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What is asked for a plan here, and what headquarters asks where that is something else."""
    facts = await desk.facts(plan["id"])
    return amounts(facts["prices"]), amounts(facts["nationalPrices"])


async def lay(desk: Desk, price: dict[str, Any], value: float | None) -> int:
    wanted = None if value is None else {"unit": "CNY", "value": value}
    return (await desk.patch("productOfferingPrice", price["id"], {"price": wanted})).status_code


async def test_a_province_asks_its_own_price_and_everybody_there_sees_it(tiers: Tiers) -> None:
    plan, price = await sold(tiers)
    assert await lay(tiers.gd, price, 8.5) == 200
    shown = (await tiers.gd.get("productOfferingPrice", price["id"])).json()
    assert shown["price"] == {"unit": "CNY", "value": 8.5}
    assert await asked(tiers.gd, plan) == (["8.50"], ["10.00"])
    assert (await tiers.hq.get("productOfferingPrice", price["id"])).json()["price"]["value"] == 10.0
    # Headquarters' word again.
    assert await lay(tiers.gd, price, None) == 200
    assert (await tiers.gd.get("productOfferingPrice", price["id"])).json()["price"]["value"] == 10.0
    assert await asked(tiers.gd, plan) == (["10.00"], [])


async def test_outside_of_the_bounds_nothing_changes(tiers: Tiers) -> None:
    plan, price = await sold(tiers)
    answer = await tiers.gd.patch("productOfferingPrice", price["id"], {"price": {"value": 12.01}})
    assert (answer.status_code, reasons(answer)) == (409, [("outside-bounds", "price")])
    assert await asked(tiers.gd, plan) == (["10.00"], [])


async def test_what_is_not_a_provinces_to_say_is_told_attribute_by_attribute(tiers: Tiers) -> None:
    plan, _ = await sold(tiers)
    answer = await tiers.gd.patch(
        "productOffering",
        plan["id"],
        {"description": "ours", "lifecycleStatus": "Retired", "place": [{"id": "020"}]},
    )
    assert answer.status_code == 409
    assert reasons(answer) == [("national-record", "description"), ("national-record", "lifecycleStatus")]
    assert "place" not in (await tiers.gd.get("productOffering", plan["id"])).json()


async def test_a_province_says_where_when_and_through_whom(tiers: Tiers) -> None:
    plan, _ = await sold(tiers, channel=[{"id": "hall"}, {"id": "dealer"}])
    overlay = {
        "channel": [{"id": "hall"}],
        "place": [{"id": "020", "@referredType": "Area"}],
        "validFor": {"endDateTime": "2030-01-01T00:00:00Z"},
    }
    assert (await tiers.gd.patch("productOffering", plan["id"], overlay)).status_code == 200
    assert (await tiers.gd.get("productOffering", plan["id"])).json().items() >= overlay.items()
    facts = await tiers.gd.facts(plan["id"])
    assert facts["validUntil"] == "2030-01-01T00:00:00Z"
    assert facts["record"].items() >= overlay.items()
    # It filters as it is in force.
    there = (await tiers.gd.get("productOffering", **{"place.id": "020"})).json()
    assert plan["id"] in {one["id"] for one in there}


async def test_headquarters_change_comes_under_the_overlay(tiers: Tiers) -> None:
    plan, price = await sold(tiers)
    assert await lay(tiers.gd, price, 9.0) == 200
    change = {"price": {"unit": "CNY", "value": 11.0}, "description": "dearer"}
    assert (await tiers.hq.patch("productOfferingPrice", price["id"], change)).status_code == 200
    await tiers.arrived()
    shown = (await tiers.gd.get("productOfferingPrice", price["id"])).json()
    assert (shown["price"]["value"], shown["description"]) == (9.0, "dearer")
    assert await asked(tiers.gd, plan) == (["9.00"], ["11.00"])


async def test_an_overlay_that_the_bounds_allow_no_longer_gives_way_and_is_shown(tiers: Tiers) -> None:
    plan, price = await sold(tiers)
    assert await lay(tiers.gd, price, 8.5) == 200
    narrower = {"priceBounds": BOUNDS | {"lowest": {"unit": "CNY", "value": 9.0}}}
    assert (await tiers.hq.patch("productOfferingPrice", price["id"], narrower)).status_code == 200
    await tiers.arrived()
    assert await asked(tiers.gd, plan) == (["10.00"], [])
    for desk in (tiers.hq, tiers.gd):
        conflicts = (await tiers.copy(desk))["conflict"]
        assert ("outside-bounds", price["id"]) in {(one["reason"], one["record"]) for one in conflicts}
    # The province decides anew, and the conflict is over.
    assert await lay(tiers.gd, price, 9.5) == 200
    assert await asked(tiers.gd, plan) == (["9.50"], ["10.00"])
    await tiers.gd.node.tick("tell-position")
    conflicts = (await tiers.copy(tiers.gd))["conflict"]
    assert price["id"] not in {one["record"] for one in conflicts}


async def test_an_overlay_comes_back_when_the_bounds_do(tiers: Tiers) -> None:
    plan, price = await sold(tiers)
    assert await lay(tiers.gd, price, 8.5) == 200
    for lowest, expected in ((9.0, "10.00"), (8.0, "8.50")):
        bounds = BOUNDS | {"lowest": {"unit": "CNY", "value": lowest}}
        await tiers.hq.patch("productOfferingPrice", price["id"], {"priceBounds": bounds})
        await tiers.arrived()
        assert (await asked(tiers.gd, plan))[0] == [expected]


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ("hall-clerk", {}),
        ("auditor", {}),
        ("hq-operator", {"issuer": "hq"}),
        ("supervisor", {"issuer": "hq"}),
        ("supervisor", {"area": "020", "area_bound": True}),
    ],
)
async def test_only_the_provinces_supervisor_lays_one(
    tiers: Tiers, role: str, claims: dict[str, Any]
) -> None:
    _, price = await sold(tiers)
    assert await lay(Desk(tiers.gd.node, role, **claims), price, 9.0) == 403


async def test_bounds_in_the_wrong_order_are_refused(tiers: Tiers) -> None:
    wrong = {"lowest": BOUNDS["highest"], "highest": BOUNDS["lowest"]}
    answer = await tiers.hq.post("productOfferingPrice", {"name": "p", "priceBounds": wrong})
    assert answer.status_code == 400
    assert reasons(answer)[0][1] == "priceBounds"
