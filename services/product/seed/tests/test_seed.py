from pathlib import Path
from typing import Any

from services import product
from services.product.app import SERVICE
from services.product.catalog.rules import KIND_OF_CATEGORY
from services.product.identifiers import fixed_id
from services.product.offerings.rules import BUSINESSES
from services.product.seed import seed
from services.product.seed.write import OFFERINGS
from services.product.tests.desk import Desk, reasons
from tests.engines import RunService
from tests.running import RunningService

TABLES = ("catalogs", "categories", "specifications", "prices", "offerings")


async def rows(node: RunningService) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: [tuple(row) for row in await node.db.fetch(f"SELECT * FROM {table} ORDER BY id")]
        for table in TABLES
    }


async def test_seeding_tells_of_every_offering_once_and_seeding_again_of_none(running: RunService) -> None:
    async with running(SERVICE, "gd") as node:
        first = await seed(node.runtime)
        told = await node.topics.wait("gd.product.events", len(OFFERINGS))
        before = await rows(node)
        assert await seed(node.runtime) == 0
        assert await rows(node) == before
        assert await node.db.fetchval("SELECT count(*) FROM outbox") == 0
        assert len(await node.topics.read("gd.product.events")) == len(told)
    assert first == sum(len(found) for found in before.values())
    assert {one.key for one in told} == {fixed_id("offering", one.key) for one in OFFERINGS}
    assert len(told) == len(OFFERINGS)


async def test_every_node_has_the_same_records_under_the_same_ids(hq: Desk, gd: Desk) -> None:
    for resource in (
        "catalog",
        "category",
        "productSpecification",
        "productOffering",
        "productOfferingPrice",
    ):
        ids = []
        for desk in (hq, gd):
            answer = await desk.get(resource, limit="100", sort="id", fields="name", version="1")
            ids.append({(one["id"], one["name"]) for one in answer.json()})
        assert ids[0] & ids[1] == ids[0] | ids[1]
        assert ids[0]


async def test_what_headquarters_has_retired_is_not_brought_back_by_seeding(running: RunService) -> None:
    async with running(SERVICE, "hq") as node:
        await seed(node.runtime)
        desk = Desk(node, "hq-operator")
        plan = fixed_id("offering", "plan-4g-29")
        assert (await desk.patch("productOffering", plan, {"lifecycleStatus": "Retired"})).status_code == 200
        assert await seed(node.runtime) == 0
        assert (await desk.get("productOffering", plan)).json()["lifecycleStatus"] == "Retired"


async def test_every_business_has_a_fee_that_is_found_by_its_name(gd: Desk) -> None:
    for business in BUSINESSES:
        (found,) = (await gd.get("productOffering", name=business)).json()
        facts = await gd.facts(found["id"])
        assert (facts["kind"], facts["business"], facts["national"]) == ("business-fee", business, True)
        assert [price["priceType"] for price in facts["prices"]] == ["oneTime"]
    assert (await gd.facts(fixed_id("offering", "replace-sim")))["prices"][0]["amount"] == "10.00"
    assert (await gd.facts(fixed_id("offering", "change-number")))["prices"][0]["amount"] == "20.00"


async def test_a_plan_says_its_monthly_fee_its_networks_and_its_quotas(gd: Desk) -> None:
    (plan,) = (await gd.get("productOffering", name="畅越5G 129元套餐")).json()
    facts = await gd.facts(plan["id"])
    assert (facts["kind"], facts["networks"], facts["lifecycleStatus"]) == ("plan", ["lte", "nr"], "Launched")
    monthly = [price for price in facts["prices"] if price["priceType"] == "recurring"]
    assert [(price["amount"], price["period"]) for price in monthly] == [("129.00", "month")]
    said = {
        one["name"]: one["productSpecCharacteristicValue"][0]["value"] for one in plan["prodSpecCharValueUse"]
    }
    assert said == {"data-quota": 60, "voice-quota": 700, "sms-quota": 100}


async def test_a_family_bundle_says_of_what_it_consists_and_how_often(gd: Desk) -> None:
    (bundle,) = (await gd.get("productOffering", isBundle="true", name="家庭融合套餐219元")).json()
    parts = {one["id"]: one["bundledProductOfferingOption"] for one in bundle["bundledProductOffering"]}
    limits = {
        key: tuple(
            parts[fixed_id("offering", key)][f"numberRelOffer{name}"]
            for name in ("LowerLimit", "UpperLimit", "Default")
        )
        for key in ("plan-5g-199", "family-member", "broadband-300", "landline-20")
    }
    assert limits == {
        "plan-5g-199": (1, 1, 1),
        "family-member": (0, 4, 2),
        "broadband-300": (1, 1, 1),
        "landline-20": (0, 1, 0),
    }
    facts = await gd.facts(bundle["id"])
    assert (facts["kind"], facts["customerKinds"]) == ("bundle", [])
    assert {one["priceType"]: one["amount"] for one in facts["prices"]} == {
        "recurring": "219.00",
        "oneTime": "50.00",
    }
    holding = await gd.get(
        "productOffering", **{"bundledProductOffering.id": fixed_id("offering", "landline-20")}
    )
    assert [one["id"] for one in holding.json()] == [bundle["id"]]


async def test_a_leased_line_is_for_groups_and_costs_by_its_bandwidth(gd: Desk) -> None:
    lines = (
        await gd.get(
            "productOffering",
            **{"category.name": "leased-lines", "marketSegment.id": "group-customers"},
            sort="name",
        )
    ).json()
    assert [one["name"] for one in lines] == ["集团专线100M", "集团专线10M", "集团专线1G", "集团专线500M"]
    monthly = {}
    for line in lines:
        facts = await gd.facts(line["id"])
        assert (facts["kind"], facts["customerKinds"]) == ("line", ["organization"])
        said = {
            one["name"]: one["productSpecCharacteristicValue"][0]["value"]
            for one in line["prodSpecCharValueUse"]
        }
        amounts = {one["priceType"]: float(one["amount"]) for one in facts["prices"]}
        assert amounts["oneTime"] > 0
        assert set(said) == {"bandwidth", "availability", "repair-hours"}
        monthly[said["bandwidth"]] = amounts["recurring"]
    assert sorted(monthly) == [10, 100, 500, 1000]
    assert [monthly[width] for width in sorted(monthly)] == sorted(monthly.values())


async def test_the_specification_of_a_leased_line_says_what_has_to_be_agreed(gd: Desk) -> None:
    (found,) = (await gd.get("productSpecification", productNumber="leased-line")).json()
    named = {one["name"]: one for one in found["productSpecCharacteristic"]}
    assert {
        "bandwidth",
        "endpoint-a",
        "area-a",
        "endpoint-z",
        "area-z",
        "availability",
        "repair-hours",
    } <= set(named)
    choices = [one["value"] for one in named["availability"]["productSpecCharacteristicValue"]]
    assert choices == [99.9, 99.95, 99.99]


async def test_there_is_what_can_be_refused(gd: Desk) -> None:
    retired = await gd.facts(fixed_id("offering", "plan-2g-16"))
    early = await gd.facts(fixed_id("offering", "plan-5g-299"))
    boost = await gd.facts(fixed_id("offering", "boost-5g"))
    draft = await gd.facts(fixed_id("offering", "plan-5g-senior-39"))
    assert (retired["lifecycleStatus"], draft["lifecycleStatus"]) == ("Retired", "In test")
    assert (early["lifecycleStatus"], early["validFrom"]) == ("Launched", "2040-01-01T00:00:00+08:00")
    plans = {fixed_id("offering", f"plan-5g-{price}") for price in (99, 129, 199)}
    assert set(boost["reliesOn"]) == plans
    assert (await gd.facts(fixed_id("offering", "caller-id")))["reliesOn"] == []


async def test_every_seeded_record_would_be_accepted_by_the_api_too(hq: Desk) -> None:
    """What is served as it was seeded can be sent back as a new record, or says which rule a copy breaks."""
    for resource in (
        "catalog",
        "category",
        "productSpecification",
        "productOfferingPrice",
        "productOffering",
    ):
        for one in (await hq.get(resource, limit="100", version="1")).json():
            copy = {k: v for k, v in one.items() if k not in ("id", "href", "lastUpdate")}
            answer = await hq.post(resource, copy | {"lifecycleStatus": "In study", "version": "copy"})
            assert answer.status_code == 201, (one["name"], reasons(answer))
            assert (await hq.delete(resource, answer.json()["id"])).status_code == 204


def test_the_fixed_ids_are_those_that_the_readme_names() -> None:
    readme = Path(product.__file__).with_name("README.md").read_text(encoding="utf-8")
    named = [fixed_id("offering", one.key) for one in OFFERINGS]
    named += [fixed_id("category", name) for name in KIND_OF_CATEGORY]
    assert [id for id in named if id not in readme] == []
