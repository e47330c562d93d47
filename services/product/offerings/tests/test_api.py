from typing import Any

import pytest

from libs.ids import new_id
from services.product.identifiers import fixed_id
from services.product.tests.desk import Desk, category, reasons, ref
from tests.running import RunningService

NOBODY = "00000000-0000-0000-0000-000000000000"
PLAN = {"category": [category("postpaid-plans")], "productSpecification": ref("specification", "mobile-5g")}


async def launched_price(hq: Desk, amount: float = 9.9, **more: Any) -> dict[str, Any]:
    return await hq.make(
        "productOfferingPrice",
        **{
            "priceType": "oneTime",
            "price": {"unit": "CNY", "value": amount},
            "lifecycleStatus": "Launched",
        }
        | more,
    )


async def events_of(desk: Desk, id: str, count: int) -> list[dict[str, Any]]:
    """What was published of an offering, `count` at least, oldest first."""
    topic = f"{desk.node.node}.product.events"
    found = await desk.node.topics.wait(topic, count, where=lambda one: one.key == id)
    assert {one.type for one in found} == {"unicrm.product.offering-changed.v1"}
    return [one.data for one in found]


async def test_an_offering_is_made_with_all_that_tmf620_knows_of_it(hq: Desk) -> None:
    price = await launched_price(hq)
    document = {
        "name": "校园5G套餐",
        "description": "For students",
        "version": "1.0",
        "isBundle": False,
        "isSellable": True,
        "statusReason": "autumn",
        "validFor": {
            "startDateTime": "2026-09-01T00:00:00+08:00",
            "endDateTime": "2036-09-01T00:00:00+08:00",
        },
        "channel": [{"id": "hall", "name": "Halls"}],
        "marketSegment": [{"id": "students", "name": "Students"}],
        "place": [{"id": "020", "name": "Guangzhou", "@referredType": "Area"}],
        "agreement": [{"id": "a-1", "name": "Campus"}],
        "attachment": [
            {"name": "leaflet", "url": "https://example.org/l.pdf", "mimeType": "application/pdf"}
        ],
        "productOfferingTerm": [{"name": "a year", "duration": {"amount": 12, "units": "month"}}],
        "serviceLevelAgreement": {"id": "sla-1", "name": "best effort"},
        "serviceCandidate": {"id": "sc-1"},
        "resourceCandidate": {"id": "rc-1"},
        "prodSpecCharValueUse": [
            {"name": "network", "productSpecCharacteristicValue": [{"value": "nr", "isDefault": True}]}
        ],
        "productOfferingPrice": [{"id": price["id"], "name": price["name"]}],
        "productOfferingRelationship": [
            {**ref("offering", "plan-5g-99"), "relationshipType": "substitution", "role": "successor"}
        ],
        **PLAN,
    }
    answer = await hq.post("productOffering", document)
    made = answer.json()
    assert answer.status_code == 201
    assert made.items() >= (document | {"lifecycleStatus": "In study", "@type": "ProductOffering"}).items()
    assert (
        answer.headers["location"]
        == made["href"]
        == (f"http://hq.unicrm.test/tmf-api/productCatalogManagement/v4/productOffering/{made['id']}")
    )
    assert (await hq.get("productOffering", made["id"])).json() == made


async def test_without_a_name_there_is_no_offering_and_every_fault_is_told_at_once(hq: Desk) -> None:
    before = await hq.node.db.fetchval("SELECT count(*) FROM offerings")
    answer = await hq.post(
        "productOffering",
        {
            "lifecycleStatus": "On sale",
            "isBundle": "no",
            "category": [{}],
            "validFor": {"startDateTime": "2030-01-01T00:00:00Z", "endDateTime": "2029-01-01T00:00:00Z"},
            "colour": "red",
        },
    )
    assert answer.status_code == 400
    assert {("missing", "name"), ("missing", "category[0].id"), ("unknown-attribute", "colour")} <= set(
        reasons(answer)
    )
    assert {path for _, path in reasons(answer)} >= {"lifecycleStatus", "isBundle", "validFor"}
    assert await hq.node.db.fetchval("SELECT count(*) FROM offerings") == before


async def test_what_it_refers_to_must_exist(hq: Desk) -> None:
    answer = await hq.post(
        "productOffering",
        {
            "name": "nowhere",
            "productSpecification": {"id": NOBODY},
            "category": [category("postpaid-plans"), {"id": NOBODY}],
            "productOfferingPrice": [{"id": NOBODY}],
            "bundledProductOffering": [{"id": NOBODY}],
        },
    )
    assert answer.status_code == 400
    assert reasons(answer) == [
        ("specification-unknown", "productSpecification.id"),
        ("category-unknown", "category[1].id"),
        ("price-unknown", "productOfferingPrice[0].id"),
        ("offering-unknown", "bundledProductOffering[0].id"),
    ]


async def test_a_price_is_named_not_written_into_its_offering(hq: Desk) -> None:
    price = {"name": "a price of its own", "priceType": "oneTime"}
    answer = await hq.post("productOffering", {"name": "x", "productOfferingPrice": [price]})
    assert ("missing", "productOfferingPrice[0].id") in reasons(answer)


async def test_it_is_launched_step_by_step_and_each_step_is_told(hq: Desk) -> None:
    made = await hq.make("productOffering", **PLAN)
    for state in ("In design", "In test", "Active", "Launched"):
        answer = await hq.patch("productOffering", made["id"], {"lifecycleStatus": state})
        assert (answer.status_code, answer.json()["lifecycleStatus"]) == (200, state)
    told = await events_of(hq, made["id"], 5)
    assert [(one["version"], one["lifecycleStatus"]) for one in told] == [
        (1, "In study"),
        (2, "In design"),
        (3, "In test"),
        (4, "Active"),
        (5, "Launched"),
    ]
    assert told[-1] == await hq.facts(made["id"])
    assert told[-1]["record"]["id"] == made["id"]


async def test_a_step_that_is_not_allowed_changes_nothing(hq: Desk) -> None:
    made = await hq.make("productOffering", **PLAN)
    answer = await hq.patch("productOffering", made["id"], {"lifecycleStatus": "Launched", "name": "new"})
    assert (answer.status_code, reasons(answer)) == (409, [("lifecycle-not-allowed", "lifecycleStatus")])
    assert (await hq.get("productOffering", made["id"])).json() == made
    gone = await hq.patch("productOffering", made["id"], {"lifecycleStatus": None})
    assert (gone.status_code, reasons(gone)) == (400, [("missing", "lifecycleStatus")])


async def test_a_draft_needs_no_category_but_what_is_sold_does(hq: Desk) -> None:
    made = await hq.make("productOffering", lifecycleStatus="In test")
    answer = await hq.patch("productOffering", made["id"], {"lifecycleStatus": "Active"})
    assert (answer.status_code, reasons(answer)) == (409, [("not-complete", "category")])
    assert (
        await hq.node.client.get(
            f"/api/product/v1/facts/offerings/{made['id']}", headers=hq.node.bearer("service")
        )
    ).status_code == 404
    direct = await hq.post("productOffering", {"name": "x", "lifecycleStatus": "Launched"})
    assert (direct.status_code, reasons(direct)) == (409, [("not-complete", "category")])
    ended = await hq.post("productOffering", {"name": "x", "lifecycleStatus": "Obsolete"})
    assert (ended.status_code, reasons(ended)) == (400, [("lifecycle-not-initial", "lifecycleStatus")])


async def test_what_was_offered_as_a_plan_never_becomes_an_option(hq: Desk) -> None:
    made = await hq.make("productOffering", lifecycleStatus="Active", **PLAN)
    answer = await hq.patch("productOffering", made["id"], {"category": [category("data-options")]})
    assert (answer.status_code, reasons(answer)) == (409, [("kind-fixed", "category")])


async def test_one_business_has_one_fee(hq: Desk) -> None:
    fee = {"name": "replace-sim", "category": [category("business-fees")]}
    answer = await hq.post("productOffering", fee | {"lifecycleStatus": "Launched"})
    assert (answer.status_code, reasons(answer)) == (409, [("fee-already-offered", "lifecycleStatus")])
    made = await hq.make("productOffering", lifecycleStatus="Active", **fee)
    again = await hq.patch("productOffering", made["id"], {"lifecycleStatus": "Launched"})
    assert (again.status_code, reasons(again)) == (409, [("fee-already-offered", "lifecycleStatus")])
    assert reasons(await hq.post("productOffering", fee | {"name": "补卡"})) == [("business-unknown", "name")]


async def test_a_draft_is_deleted_and_whoever_heard_of_it_hears_that(hq: Desk) -> None:
    made = await hq.make("productOffering", **PLAN)
    assert (await hq.delete("productOffering", made["id"])).status_code == 204
    assert (await hq.get("productOffering", made["id"])).status_code == 404
    told = await events_of(hq, made["id"], 2)
    assert [(one["version"], one["deleted"]) for one in told] == [(1, False), (2, True)]


async def test_what_is_sold_or_referred_to_stays(hq: Desk) -> None:
    sold = await hq.delete("productOffering", fixed_id("offering", "plan-5g-99"))
    assert sold.status_code == 409
    assert [code for code, _ in reasons(sold)] == ["deletion-not-allowed", "still-referenced"]
    plan = await hq.make("productOffering", **PLAN)
    await hq.make(
        "productOffering",
        category=[category("data-options")],
        productOfferingRelationship=[{"id": plan["id"], "relationshipType": "reliesOn"}],
    )
    answer = await hq.delete("productOffering", plan["id"])
    assert (answer.status_code, [code for code, _ in reasons(answer)]) == (409, ["still-referenced"])
    assert (await hq.get("productOffering", plan["id"])).status_code == 200


async def test_the_same_request_again_makes_nothing_new(hq: Desk) -> None:
    document = {"name": "once", **PLAN}
    key = new_id()
    first = await hq.post("productOffering", document, key=key)
    again = await hq.post("productOffering", document, key=key)
    assert first.json() == again.json()
    other = await hq.post("productOffering", document | {"name": "twice"}, key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")


async def test_who_edited_an_older_version_is_told(hq: Desk) -> None:
    made = await hq.make("productOffering", **PLAN)
    assert (await hq.patch("productOffering", made["id"], {"description": "a"})).status_code == 200
    late = await hq.patch("productOffering", made["id"], {"description": "b"}, **{"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (409, "edited-meanwhile")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "replace-sim", "lifecycleStatus": "Launched"}, {"replace-sim"}),
        ({"category.name": "bundles"}, {"bundle-home-159", "bundle-family-219"}),
        ({"productOfferingRelationship.id": fixed_id("offering", "plan-5g-99")}, {"boost-5g"}),
        ({"lifecycleStatus": "Retired"}, {"plan-2g-16", "data-500mb"}),
    ],
)
async def test_it_is_found_by_what_it_says(gd: Desk, query: dict[str, str], found: set[str]) -> None:
    answer = await gd.get("productOffering", fields="name", **query)
    assert answer.status_code == 200
    assert {one["id"] for one in answer.json()} == {fixed_id("offering", key) for key in found}
    assert answer.headers["x-total-count"] == str(len(found))


async def test_reasons_are_told_in_the_language_asked_for(hq: Desk, headquarters: RunningService) -> None:
    hq_zh = Desk(headquarters, "hq-operator")
    hq_zh.headers["Accept-Language"] = "zh-CN"
    document = {"name": "x", "category": [{"id": NOBODY}]}
    assert (await hq.post("productOffering", document)).json()["reason"] == f"There is no category {NOBODY}."
    assert (await hq_zh.post("productOffering", document)).json()["reason"] == f"没有产品目录分类 {NOBODY}。"


async def test_an_offering_does_not_grow_beyond_what_can_be_told(hq: Desk) -> None:
    made = await hq.make("productOffering", **PLAN)
    half = {"attachment": [{"name": "leaflet", "content": "A" * 400_000}]}
    assert (await hq.patch("productOffering", made["id"], half)).status_code == 200
    more = {"channel": [{"id": f"hall-{i}", "name": "x" * 1_000} for i in range(150)]}
    answer = await hq.patch("productOffering", made["id"], more)
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert "channel" not in (await hq.get("productOffering", made["id"])).json()
