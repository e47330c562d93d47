"""What others are told when what an offering is made of changes: in the same transaction, and only what is new."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.events import OfferingChanged
from services.product.app import SERVICE
from services.product.offerings.tests.test_api import PLAN, events_of, launched_price
from services.product.seed import seed
from services.product.tests.desk import Desk, category
from tests.engines import RunService
from tests.running import RunningService


async def offering_with(hq: Desk, *prices: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = [{"id": price["id"]} for price in prices]
    return await hq.make(
        "productOffering", productOfferingPrice=named, lifecycleStatus="Launched", **PLAN | more
    )


def amounts(facts: dict[str, Any]) -> list[str]:
    return [price["amount"] for price in facts["prices"]]


async def test_a_new_amount_is_told_for_every_offering_that_asks_it(hq: Desk) -> None:
    price = await launched_price(hq, 10.0)
    other = await launched_price(hq, 1.5)
    both = await offering_with(hq, other, price)
    single = await offering_with(hq, price)
    untouched = await offering_with(hq, other)
    answer = await hq.patch("productOfferingPrice", price["id"], {"price": {"value": 12.34}})
    assert answer.status_code == 200
    for made, expected in ((both, ["1.50", "12.34"]), (single, ["12.34"])):
        told = await events_of(hq, made["id"], 2)
        assert [one["version"] for one in told] == [1, 2]
        assert amounts(told[-1]) == expected
        assert await hq.facts(made["id"]) == told[-1]
    assert (await hq.facts(untouched["id"]))["version"] == 1


async def test_a_change_that_makes_no_difference_is_not_told(hq: Desk) -> None:
    price = await launched_price(hq)
    made = await offering_with(hq, price)
    assert (await hq.patch("productOfferingPrice", price["id"], {"description": "new"})).status_code == 200
    assert (await hq.facts(made["id"]))["version"] == 1


async def test_a_price_that_is_named_twice_is_asked_once(hq: Desk) -> None:
    price = await launched_price(hq, 10.0)
    made = await offering_with(hq, price, price)
    assert amounts(await hq.facts(made["id"])) == ["10.00"]


async def test_a_refused_price_is_told_to_nobody(hq: Desk) -> None:
    price = await launched_price(hq, 10.0)
    made = await offering_with(hq, price)
    answer = await hq.patch("productOfferingPrice", price["id"], {"price": {"value": -1}})
    assert answer.status_code == 400
    assert amounts(await hq.facts(made["id"])) == ["10.00"]


async def test_a_retired_price_is_no_longer_asked(hq: Desk) -> None:
    price = await launched_price(hq)
    made = await offering_with(hq, price)
    await hq.patch("productOfferingPrice", price["id"], {"lifecycleStatus": "Retired"})
    assert amounts(await hq.facts(made["id"])) == []


async def test_a_specification_for_another_network_is_told_for_its_offerings(hq: Desk) -> None:
    def on(network: str) -> list[dict[str, Any]]:
        return [{"name": "network", "productSpecCharacteristicValue": [{"value": network}]}]

    specification = await hq.make("productSpecification", productSpecCharacteristic=on("lte"))
    made = await offering_with(hq, productSpecification={"id": specification["id"]})
    assert (await hq.facts(made["id"]))["networks"] == ["lte"]
    await hq.patch("productSpecification", specification["id"], {"productSpecCharacteristic": on("nr")})
    facts = await hq.facts(made["id"])
    assert (facts["networks"], facts["version"]) == (["nr"], 2)


async def test_prices_begin_and_end_by_the_clock_and_that_is_told(running: RunService) -> None:
    async with running(SERVICE, "hq") as node:
        await seed(node.runtime)
        hq = Desk(node, "hq-operator")
        turn = node.clock.now() + timedelta(days=10)
        old = await launched_price(hq, 10.0, validFor={"endDateTime": turn.isoformat()})
        new = await launched_price(hq, 12.0, validFor={"startDateTime": turn.isoformat()})
        made = await offering_with(hq, old, new)
        assert amounts(await hq.facts(made["id"])) == ["10.00"]
        node.clock.advance(timedelta(days=9))
        await node.tick("prices-in-force")
        assert (await hq.facts(made["id"]))["version"] == 1
        node.clock.advance(timedelta(days=1))
        await node.tick("prices-in-force")
        await node.tick("prices-in-force")
        told = await events_of(hq, made["id"], 2)
        assert [(one["version"], amounts(one)) for one in told] == [(1, ["10.00"]), (2, ["12.00"])]
        assert (
            await node.db.fetchval("SELECT count(*) FROM offerings WHERE prices_change_at IS NOT NULL") == 0
        )


async def test_the_facts_are_the_contract(gd: Desk) -> None:
    (fee,) = (await gd.get("productOffering", name="replace-sim")).json()
    facts = await gd.facts(fee["id"])
    again = OfferingChanged.model_validate(facts)
    assert again.model_dump(mode="json", by_alias=True) == facts


@pytest.mark.parametrize("role", ["hall-clerk", "supervisor", "auditor", "machine"])
async def test_facts_are_for_the_fleets_own_services(guangdong: RunningService, role: str) -> None:
    path = "/api/product/v1/facts/offerings/x"
    assert (await guangdong.client.get(path)).status_code == 401
    assert (await guangdong.client.get(path, headers=guangdong.bearer(role))).status_code == 403
    unknown = await guangdong.client.get(path, headers=guangdong.bearer("service"))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")


async def test_a_provinces_own_offering_is_told_as_its_own(gd: Desk) -> None:
    made = await gd.make("productOffering", category=[category("data-options")], lifecycleStatus="Launched")
    (told,) = await events_of(gd, made["id"], 1)
    assert (told["national"], told["kind"]) == (False, "option")
