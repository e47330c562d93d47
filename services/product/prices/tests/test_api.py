from typing import Any

import pytest

from services.product.identifiers import fixed_id
from services.product.tests.desk import Desk, reasons

MONTHLY = {
    "name": "月基本费",
    "priceType": "recurring",
    "price": {"unit": "CNY", "value": 19.9},
    "recurringChargePeriodType": "month",
    "recurringChargePeriodLength": 1,
}


async def test_a_price_is_made_with_all_that_tmf620_knows_of_it(hq: Desk) -> None:
    document = MONTHLY | {
        "description": "Monthly fee",
        "version": "2.0",
        "isBundle": False,
        "percentage": 10.5,
        "unitOfMeasure": {"amount": 1.0, "units": "month"},
        "validFor": {"startDateTime": "2026-01-01T00:00:00+08:00"},
        "tax": [{"taxCategory": "VAT", "taxRate": 6.0, "taxAmount": {"unit": "CNY", "value": 1.13}}],
        "constraint": [{"id": "c-1", "name": "students only"}],
        "place": [{"id": "020"}],
        "pricingLogicAlgorithm": [{"id": "a-1", "plaSpecId": "flat"}],
        "popRelationship": [{"id": "other", "relationshipType": "discountedBy"}],
        "bundledPopRelationship": [{"id": "part"}],
        "prodSpecCharValueUse": [{"name": "data-quota", "productSpecCharacteristicValue": [{"value": 20}]}],
        "productOfferingTerm": [{"name": "a year", "duration": {"amount": 12, "units": "month"}}],
        "lifecycleStatus": "Launched",
    }
    answer = await hq.post("productOfferingPrice", document)
    assert answer.status_code == 201, answer.text
    assert answer.json().items() >= document.items()
    assert (await hq.get("productOfferingPrice", answer.json()["id"])).json() == answer.json()


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"price": {"unit": "CNY", "value": -0.01}}, "price.value"),
        ({"price": {"unit": "CNY", "value": 1.005}}, "price.value"),
        ({"price": {"unit": "CNY", "value": 1000000.01}}, "price.value"),
        ({"price": {"unit": "USD", "value": 1}}, "price.unit"),
        ({"price": {"unit": "CNY", "value": "1.00"}}, "price.value"),
        ({"price": {"unit": "CNY", "value": True}}, "price.value"),
        ({"price": {"unit": "CNY"}}, "price.value"),
        ({"price": 5}, "price"),
        ({"priceType": "discount"}, "priceType"),
        ({"recurringChargePeriodType": "fortnight"}, "recurringChargePeriodType"),
        ({"recurringChargePeriodLength": 2}, "recurringChargePeriodLength"),
        ({"percentage": 101}, "percentage"),
        ({"tax": [{"taxRate": 101}]}, "tax[0].taxRate"),
        ({"validFor": {"startDateTime": "tomorrow"}}, "validFor.startDateTime"),
    ],
)
async def test_a_bad_value_is_refused_at_its_place_and_nothing_is_kept(
    hq: Desk, wrong: dict[str, Any], path: str
) -> None:
    before = await hq.node.db.fetchval("SELECT count(*) FROM prices")
    answer = await hq.post("productOfferingPrice", MONTHLY | wrong)
    assert answer.status_code == 400
    assert path in [at for _, at in reasons(answer)]
    assert await hq.node.db.fetchval("SELECT count(*) FROM prices") == before


async def test_an_amount_keeps_its_fen(hq: Desk) -> None:
    made = await hq.make("productOfferingPrice", price={"unit": "CNY", "value": 0.01})
    assert made["price"]["value"] == 0.01
    largest = await hq.make("productOfferingPrice", price={"unit": "CNY", "value": 1000000})
    assert largest["price"]["value"] == 1000000


async def test_a_draft_may_lack_its_amount_and_what_is_asked_for_may_not(hq: Desk) -> None:
    made = await hq.make("productOfferingPrice", lifecycleStatus="In test")
    answer = await hq.patch("productOfferingPrice", made["id"], {"lifecycleStatus": "Active"})
    assert (answer.status_code, reasons(answer)) == (
        409,
        [("not-complete", "priceType"), ("not-complete", "price")],
    )
    usage = {"name": "x", "priceType": "usage", "price": {"value": 1}, "lifecycleStatus": "Launched"}
    assert reasons(await hq.post("productOfferingPrice", usage)) == [("not-complete", "unitOfMeasure.units")]


async def test_a_price_in_use_stays_and_an_unused_draft_goes(hq: Desk) -> None:
    used = await hq.delete("productOfferingPrice", fixed_id("price", "replace-sim/fee"))
    assert used.status_code == 409
    assert [code for code, _ in reasons(used)] == ["deletion-not-allowed", "still-referenced"]
    draft = await hq.make("productOfferingPrice", **MONTHLY)
    named = await hq.make("productOffering", productOfferingPrice=[{"id": draft["id"]}])
    held = await hq.delete("productOfferingPrice", draft["id"])
    assert (held.status_code, [code for code, _ in reasons(held)]) == (409, ["still-referenced"])
    assert (await hq.delete("productOffering", named["id"])).status_code == 204
    assert (await hq.delete("productOfferingPrice", draft["id"])).status_code == 204
