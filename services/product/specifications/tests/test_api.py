from typing import Any

from services.product.identifiers import fixed_id
from services.product.tests.desk import Desk, reasons


def network(*values: str) -> list[dict[str, Any]]:
    return [{"name": "network", "productSpecCharacteristicValue": [{"value": value} for value in values]}]


async def test_a_specification_is_made_with_all_that_tmf620_knows_of_it(hq: Desk) -> None:
    document = {
        "name": "固定电话",
        "brand": "乡音",
        "description": "Fixed telephony",
        "version": "1.0",
        "productNumber": "fixed-voice",
        "isBundle": False,
        "validFor": {"startDateTime": "2026-01-01T00:00:00+08:00"},
        "attachment": [{"name": "sheet", "url": "https://example.org/s.pdf"}],
        "bundledProductSpecification": [{"id": fixed_id("specification", "broadband"), "name": "光纤宽带"}],
        "productSpecCharacteristic": [
            {
                "name": "line",
                "valueType": "string",
                "configurable": True,
                "minCardinality": 1,
                "maxCardinality": 1,
                "regex": "[a-z]+",
                "productSpecCharRelationship": [{"name": "area", "relationshipType": "dependency"}],
                "productSpecCharacteristicValue": [
                    {"value": "copper", "isDefault": True},
                    {"value": "fibre"},
                ],
            }
        ],
        "productSpecificationRelationship": [{"id": "other", "relationshipType": "migration"}],
        "relatedParty": [{"id": "hq", "role": "owner", "@referredType": "Organization"}],
        "resourceSpecification": [{"id": "r-1"}],
        "serviceSpecification": [{"id": "s-1"}],
        "targetProductSchema": {"@type": "FixedLine", "@schemaLocation": "https://example.org/fixed.json"},
    }
    answer = await hq.post("productSpecification", document)
    assert answer.status_code == 201, answer.text
    assert answer.json().items() >= (document | {"lifecycleStatus": "In study"}).items()
    assert (await hq.get("productSpecification", brand="乡音", name="固定电话")).json() == [answer.json()]


async def test_what_it_must_have_and_what_it_may_not_say(hq: Desk) -> None:
    answer = await hq.post(
        "productSpecification",
        {"relatedParty": [{"id": "x"}], "targetProductSchema": {}, "productSpecCharacteristic": {}},
    )
    assert answer.status_code == 400
    assert {
        ("missing", "name"),
        ("missing", "relatedParty[0].role"),
        ("missing", "relatedParty[0].@referredType"),
        ("missing", "targetProductSchema.@type"),
    } <= set(reasons(answer))
    unheard = await hq.post("productSpecification", {"name": "x", "productSpecCharacteristic": network("6g")})
    assert (unheard.status_code, reasons(unheard)) == (
        400,
        [("network-unknown", "productSpecCharacteristic")],
    )


async def test_it_lives_along_its_lifecycle(hq: Desk) -> None:
    made = await hq.make("productSpecification")
    skipped = await hq.patch("productSpecification", made["id"], {"lifecycleStatus": "Active"})
    assert (skipped.status_code, reasons(skipped)) == (409, [("lifecycle-not-allowed", "lifecycleStatus")])
    rejected = await hq.patch("productSpecification", made["id"], {"lifecycleStatus": "Rejected"})
    assert rejected.json()["lifecycleStatus"] == "Rejected"
    again = await hq.patch("productSpecification", made["id"], {"lifecycleStatus": "In design"})
    assert again.status_code == 409


async def test_one_that_is_sold_stays_and_an_unused_draft_goes(hq: Desk) -> None:
    used = await hq.delete("productSpecification", fixed_id("specification", "mobile-5g"))
    assert used.status_code == 409
    assert [code for code, _ in reasons(used)] == ["deletion-not-allowed", "still-referenced"]
    draft = await hq.make("productSpecification")
    assert (await hq.delete("productSpecification", draft["id"])).status_code == 204
    assert (await hq.get("productSpecification", draft["id"])).status_code == 404


async def test_a_specification_does_not_grow_beyond_what_can_be_published(hq: Desk) -> None:
    made = await hq.make("productSpecification")
    half = {"attachment": [{"name": "leaflet", "content": "A" * 400_000}]}
    assert (await hq.patch("productSpecification", made["id"], half)).status_code == 200
    more = {"productSpecCharacteristic": [{"name": f"c-{i}", "description": "x" * 1_000} for i in range(150)]}
    answer = await hq.patch("productSpecification", made["id"], more)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
