from services.product.identifiers import fixed_id
from services.product.tests.desk import Desk, category, reasons

PLANS = fixed_id("category", "postpaid-plans")
OPTIONS = fixed_id("category", "data-options")
NOBODY = "00000000-0000-0000-0000-000000000000"


async def test_a_category_below_a_national_one_makes_its_offerings_of_that_kind(hq: Desk) -> None:
    below = await hq.make("category", parentId=PLANS)
    assert (below["isRoot"], below["lifecycleStatus"]) == (False, "In study")
    made = await hq.make("productOffering", category=[{"id": below["id"]}], lifecycleStatus="Launched")
    assert (await hq.facts(made["id"]))["kind"] == "plan"
    found = await hq.get("category", parentId=PLANS, name=below["name"])
    assert [one["id"] for one in found.json()] == [below["id"]]


async def test_a_filled_category_moves_only_where_its_offerings_stay_what_they_are(hq: Desk) -> None:
    middle = await hq.make("category", parentId=PLANS)
    lowest = await hq.make("category", parentId=middle["id"])
    moved = await hq.patch("category", middle["id"], {"parentId": OPTIONS})
    assert moved.status_code == 200
    assert (await hq.patch("category", middle["id"], {"parentId": PLANS})).status_code == 200
    await hq.make("productOffering", category=[{"id": lowest["id"]}])
    for parent in (OPTIONS, None):
        answer = await hq.patch("category", middle["id"], {"parentId": parent})
        assert (answer.status_code, reasons(answer)) == (409, [("category-filled", "parentId")])
    other_plans = fixed_id("category", "prepaid-plans")
    assert (await hq.patch("category", middle["id"], {"parentId": other_plans})).status_code == 200


async def test_a_category_never_stands_below_itself(hq: Desk) -> None:
    upper = await hq.make("category")
    lower = await hq.make("category", parentId=upper["id"])
    for parent in (upper["id"], lower["id"]):
        answer = await hq.patch("category", upper["id"], {"parentId": parent})
        assert (answer.status_code, reasons(answer)) == (400, [("closes-a-circle", "parentId")])


async def test_what_they_name_must_exist(hq: Desk) -> None:
    orphan = await hq.post("category", {"name": "x", "parentId": NOBODY})
    assert (orphan.status_code, reasons(orphan)) == (400, [("category-unknown", "parentId")])
    listed = await hq.post("catalog", {"name": "x", "category": [category("bundles"), {"id": NOBODY}]})
    assert (listed.status_code, reasons(listed)) == (400, [("category-unknown", "category[1].id")])
    kept = await hq.make("catalog", category=[category("bundles")])
    changed = await hq.patch("catalog", kept["id"], {"category": [{"id": NOBODY}]})
    assert (changed.status_code, reasons(changed)) == (400, [("category-unknown", "category[0].id")])


async def test_without_a_name_there_is_neither(hq: Desk) -> None:
    for resource in ("category", "catalog"):
        answer = await hq.post(resource, {"description": 5, "lifecycleStatus": "Sold"})
        assert answer.status_code == 400
        assert {path for _, path in reasons(answer)} == {"name", "description", "lifecycleStatus"}


async def test_what_is_referred_to_or_in_use_stays(hq: Desk) -> None:
    used = await hq.delete("category", PLANS)
    assert used.status_code == 409
    assert [code for code, _ in reasons(used)] == ["deletion-not-allowed", "still-referenced"]
    draft = await hq.make("category")
    listing = await hq.make("catalog", category=[{"id": draft["id"]}])
    held = await hq.delete("category", draft["id"])
    assert (held.status_code, held.json()["reason"]) == (409, "Others still refer to this: catalog.")
    assert (await hq.delete("catalog", listing["id"])).status_code == 204
    assert (await hq.delete("category", draft["id"])).status_code == 204
    national = await hq.delete("catalog", fixed_id("catalog", "national"))
    assert (national.status_code, reasons(national)) == (409, [("deletion-not-allowed", "lifecycleStatus")])


async def test_a_catalog_lives_along_its_lifecycle(hq: Desk) -> None:
    made = await hq.make(
        "catalog",
        catalogType="ProductCatalog",
        relatedParty=[{"id": "hq", "role": "owner", "@referredType": "Organization"}],
        validFor={"startDateTime": "2026-01-01T00:00:00+08:00"},
    )
    assert (await hq.patch("catalog", made["id"], {"lifecycleStatus": "In design"})).status_code == 200
    back = await hq.patch("catalog", made["id"], {"lifecycleStatus": "In study"})
    assert (back.status_code, reasons(back)) == (409, [("lifecycle-not-allowed", "lifecycleStatus")])
