"""The national catalogue goes from headquarters to a province: once, whole, in the end the same, and acknowledged."""

from typing import Any

import pytest

from contracts.publications import CataloguePublished, CatalogueRecord, PublicationHeld
from libs.ids import new_id
from libs.publishing import declaration
from services.product.identifiers import fixed_id
from services.product.offerings.tests.test_api import PLAN, events_of, launched_price
from services.product.publishing.tests.conftest import PUBLICATIONS, Tiers
from services.product.tests.desk import Desk, category
from tests.engines import eventually

RECORDS = ("catalog", "category", "productSpecification", "productOfferingPrice", "productOffering")


def said(document: dict[str, Any]) -> dict[str, Any]:
    """A record without what each node says for itself."""
    return {name: value for name, value in document.items() if name not in ("href", "lastUpdate")}


async def plan(hq: Desk, *prices: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = [{"id": price["id"]} for price in prices]
    return await hq.make(
        "productOffering", productOfferingPrice=named, **PLAN | {"lifecycleStatus": "Launched"} | more
    )


async def test_what_headquarters_launches_is_sold_in_a_province(tiers: Tiers) -> None:
    price = await launched_price(tiers.hq, 88.0)
    made = await plan(tiers.hq, price)
    await tiers.arrived()
    there = (await tiers.gd.get("productOffering", made["id"])).json()
    assert said(there) == said(made)
    assert there["href"].startswith("http://gd.unicrm.test/")
    facts = await tiers.gd.facts(made["id"])
    assert (facts["kind"], facts["national"], facts["networks"]) == ("plan", True, ["lte", "nr"])
    assert [one["amount"] for one in facts["prices"]] == ["88.00"]
    assert facts["nationalPrices"] is None


async def test_all_of_headquarters_catalogue_but_its_drafts_is_the_same_in_a_province(tiers: Tiers) -> None:
    for sort in RECORDS:
        await tiers.hq.make(
            sort,
            lifecycleStatus="Active",
            **(
                {"price": {"value": 1}, "priceType": "oneTime"}
                if sort == "productOfferingPrice"
                else PLAN
                if sort == "productOffering"
                else {}
            ),
        )
    await tiers.arrived()
    for sort in RECORDS:
        pages = [(await desk.get(sort, limit="100", sort="id")).json() for desk in (tiers.hq, tiers.gd)]
        at_hq, in_gd = ([said(one) for one in page if one["lifecycleStatus"] != "In test"] for page in pages)
        assert len(at_hq) > 0
        assert in_gd == at_hq


async def test_a_draft_stays_at_headquarters_until_it_is_ready(tiers: Tiers) -> None:
    draft = await plan(tiers.hq, lifecycleStatus="In test")
    await plan(tiers.hq)
    await tiers.arrived()
    assert (await tiers.gd.get("productOffering", draft["id"])).status_code == 404
    assert (await tiers.hq.patch("productOffering", draft["id"], {"lifecycleStatus": "Active"})).is_success
    await tiers.arrived()
    assert (await tiers.gd.get("productOffering", draft["id"])).json()["lifecycleStatus"] == "Active"


async def test_a_new_national_price_is_asked_in_every_province(tiers: Tiers) -> None:
    price = await launched_price(tiers.hq, 10.0)
    made = await plan(tiers.hq, price)
    await tiers.arrived()
    answer = await tiers.hq.patch("productOfferingPrice", price["id"], {"price": {"value": 12.34}})
    assert answer.status_code == 200
    await tiers.arrived()
    told = await events_of(tiers.gd, made["id"], 2)
    assert [one["amount"] for one in told[-1]["prices"]] == ["12.34"]
    assert await tiers.gd.facts(made["id"]) == told[-1]


async def test_what_a_province_was_seeded_with_is_not_told_anew_for_being_published(tiers: Tiers) -> None:
    id = fixed_id("offering", "plan-5g-99")
    assert (await tiers.gd.facts(id))["version"] == 1
    assert await tiers.gd.node.db.fetchval("SELECT edition FROM offerings WHERE id = $1", id) is not None


async def test_a_retired_fee_makes_room_for_another_in_a_province_too(tiers: Tiers) -> None:
    fee = {"category": [category("business-fees")], "lifecycleStatus": "Launched"}
    old = fixed_id("offering", "port-out")
    mine = await tiers.hq.patch("productOffering", old, {"lifecycleStatus": "Retired"})
    assert mine.status_code == 200
    await tiers.arrived()
    own = await tiers.gd.make("productOffering", **fee | {"name": "port-out"})
    new = await tiers.hq.make("productOffering", **fee | {"name": "port-out"})
    await tiers.arrived()
    states = [
        (await tiers.gd.get("productOffering", id)).json()["lifecycleStatus"]
        for id in (old, own["id"], new["id"])
    ]
    assert states == ["Retired", "Retired", "Launched"]


@pytest.mark.parametrize(
    "new", ["00000000-0000-7000-8000-00000000000a", "ffffffff-ffff-7fff-bfff-fffffffffffa"]
)
async def test_a_fee_and_the_one_in_its_place_may_come_in_one_page_in_any_order(
    tiers: Tiers, new: str
) -> None:
    fee = {"category": [category("business-fees")], "name": "port-in"}
    rows = (await tiers.hq.get("productOffering", name="port-in", lifecycleStatus="Launched")).json()
    (old,) = [one["id"] for one in rows]
    position = (await tiers.copy(tiers.gd))["position"]
    there = (await tiers.gd.get("productOffering", old)).json()
    records = [
        CatalogueRecord(
            id=id,
            number=position + place,
            sort="offering",
            kind="business-fee",
            document=document | {"id": id},
        )
        for place, (id, document) in enumerate(
            sorted(
                {
                    old: said(there) | {"lifecycleStatus": "Retired"},
                    new: fee | {"lifecycleStatus": "Launched", "@type": "ProductOffering"},
                }.items()
            ),
            1,
        )
    ]
    page = CataloguePublished(
        after=position, upto=position + 2, newest=position + 2, records=records, at=tiers.clock.now()
    )
    before = await letters(tiers.gd)
    await tiers.gd.node.topics.put("gd.downlink.control", "catalogue", page, source="/hq/product")
    await eventually(lambda: found(tiers.gd, "productOffering", new))
    assert await letters(tiers.gd) == before
    assert (await tiers.gd.get("productOffering", old)).json()["lifecycleStatus"] == "Retired"
    # Headquarters says it too, with numbers behind these.
    await tiers.pass_time(seconds=1)
    await tiers.hq.patch("productOffering", old, {"lifecycleStatus": "Retired"})
    await tiers.hq.make("productOffering", **fee | {"lifecycleStatus": "Launched"})
    await tiers.arrived()


async def test_more_than_a_page_arrives_page_by_page(tiers: Tiers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declaration, "PAGE_BYTES", 1)
    made = [await tiers.hq.make("catalog", lifecycleStatus="Active") for _ in range(5)]
    before = len(await tiers.gd.node.topics.read("gd.downlink.control"))
    await tiers.arrived()
    assert len(await tiers.gd.node.topics.read("gd.downlink.control")) == before + 5
    for one in made:
        assert (await tiers.gd.get("catalog", one["id"])).status_code == 200


async def test_a_page_that_was_lost_comes_again(tiers: Tiers) -> None:
    await tiers.hq.node.db.execute(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER losing BEFORE INSERT ON outbox FOR EACH ROW "
        "WHEN (new.topic LIKE '%.downlink.control') EXECUTE FUNCTION lose()"
    )
    made = await tiers.hq.make("catalog", lifecycleStatus="Active")

    async def lost() -> bool:
        row = await tiers.hq.node.db.fetchrow("SELECT sent > position AS waits FROM publication_nodes")
        return bool(row and row["waits"])

    await tiers.hq.node.tick("publish")
    await eventually(lost)
    await tiers.hq.node.db.execute("DROP TRIGGER losing ON outbox")
    assert (await tiers.copy(tiers.hq))["state"] == "behind"
    await tiers.pass_time(minutes=3)
    await tiers.arrived()
    assert (await tiers.gd.get("catalog", made["id"])).status_code == 200


async def test_an_older_page_changes_nothing_that_is_newer(tiers: Tiers) -> None:
    made = await tiers.hq.make("catalog", lifecycleStatus="Active", description="first")
    await tiers.arrived()
    await tiers.hq.patch("catalog", made["id"], {"description": "second"})
    await tiers.arrived()
    topic = "gd.downlink.control"
    first = next(
        one
        for one in await tiers.gd.node.topics.read(topic)
        if any(record["id"] == made["id"] for record in one.data["records"])
    )
    page = CataloguePublished.model_validate(first.data)
    await tiers.gd.node.topics.put(topic, "catalogue", page, source="/hq/product")
    await taken_in(tiers.gd, topic)
    assert (await tiers.gd.get("catalog", made["id"])).json()["description"] == "second"
    assert (await tiers.copy(tiers.gd))["state"] == "current"


async def test_a_page_behind_a_gap_is_taken_in_and_what_lies_between_comes(tiers: Tiers) -> None:
    position = (await tiers.copy(tiers.gd))["position"]
    id, number = new_id(), position + 2000
    record = CatalogueRecord(
        id=id,
        number=number,
        sort="catalog",
        document={"id": id, "name": "early", "lifecycleStatus": "Active", "@type": "Catalog"},
    )
    page = CataloguePublished(
        after=position + 1000, upto=number, newest=number, records=[record], at=tiers.clock.now()
    )
    topic = "gd.downlink.control"
    await tiers.gd.node.topics.put(topic, "catalogue", page, source="/hq/product")
    await eventually(lambda: found(tiers.gd, "catalog", id))
    copy = await tiers.copy(tiers.gd)
    assert (copy["position"], copy["state"]) == (position, "behind")
    # Headquarters never said so: its next number is higher all the same.
    await tiers.pass_time(seconds=1)
    await tiers.hq.make("catalog", lifecycleStatus="Active")
    await tiers.arrived()
    assert (await tiers.copy(tiers.gd))["state"] == "current"


async def test_a_record_of_the_province_itself_is_left_alone_and_the_conflict_is_shown(tiers: Tiers) -> None:
    own = await tiers.gd.make("catalog", description="ours")
    position = (await tiers.copy(tiers.gd))["position"]
    record = CatalogueRecord(
        id=own["id"],
        number=position + 1,
        sort="catalog",
        document={"name": "theirs", "lifecycleStatus": "Active"},
    )
    page = CataloguePublished(
        after=position, upto=position + 1, newest=position + 1, records=[record], at=tiers.clock.now()
    )
    await tiers.gd.node.topics.put("gd.downlink.control", "catalogue", page, source="/hq/product")

    async def told() -> bool:
        return bool((await tiers.copy(tiers.hq)).get("conflict"))

    await eventually(told)
    conflict = [{"record": own["id"], "number": position + 1, "reason": "record-of-another"}]
    for desk in (tiers.hq, tiers.gd):
        assert (await tiers.copy(desk))["conflict"] == conflict
    assert (await tiers.gd.get("catalog", own["id"])).json() == own
    # It has what headquarters has not: as after a database that was put back.
    assert (await tiers.copy(tiers.hq))["state"] == "ahead"
    await tiers.pass_time(seconds=1)
    await tiers.hq.make("catalog", lifecycleStatus="Active")
    await tiers.arrived()


async def test_nobody_speaks_for_another_node(tiers: Tiers) -> None:
    for desk, topic, data, source in (
        (
            tiers.hq,
            "bj.uplink.control",
            PublicationHeld(node="gd", publication="catalogue", position=1, at=tiers.clock.now()),
            "/gd/product",
        ),
        (
            tiers.hq,
            "bj.uplink.control",
            PublicationHeld(node="gd", publication="catalogue", position=1, at=tiers.clock.now()),
            "/bj/product",
        ),
        (
            tiers.gd,
            "gd.downlink.control",
            CataloguePublished(after=0, upto=1, newest=2**60, at=tiers.clock.now()),
            "/bj/product",
        ),
    ):
        before = await letters(desk)
        copy = await tiers.copy(tiers.gd)
        await desk.node.topics.put(topic, "x", data, source=source)
        await eventually(lambda desk=desk, before=before: more_letters(desk, before))
        reason = await desk.node.db.fetchval("SELECT detail FROM dead_letters ORDER BY id DESC LIMIT 1")
        assert reason.startswith("Spoofed")
        assert await tiers.copy(tiers.gd) == copy


async def test_a_province_that_never_spoke_is_awaited(tiers: Tiers) -> None:
    answer = await tiers.hq.node.client.get(PUBLICATIONS, headers=tiers.hq.headers, params={"limit": "100"})
    states = {one["node"]: one["state"] for one in answer.json()}
    assert len(states) == 31
    assert states["bj"] == "awaited"
    assert "hq" not in states


async def test_an_operator_asks_which_provinces_are_behind(tiers: Tiers) -> None:
    async def nodes(**query: str) -> list[str]:
        answer = await tiers.hq.node.client.get(
            PUBLICATIONS, headers=tiers.hq.headers, params={"limit": "100"} | query
        )
        return [one["node"] for one in answer.json()]

    assert await nodes(state="current") == ["gd"]
    assert await nodes(state="behind") == []
    assert len(await nodes(state="awaited")) == 30
    assert await nodes(node="bj") == ["bj"]


async def letters(desk: Desk) -> int:
    return int(await desk.node.db.fetchval("SELECT count(*) FROM dead_letters"))


async def more_letters(desk: Desk, before: int) -> bool:
    return await letters(desk) > before


async def found(desk: Desk, sort: str, id: str) -> bool:
    return (await desk.get(sort, id)).status_code == 200


async def taken_in(desk: Desk, topic: str) -> None:
    """Wait until everything that lies in a topic is in the inbox."""

    async def all_in() -> bool:
        ids = {one.id for one in await desk.node.topics.read(topic)}
        rows = await desk.node.db.fetch("SELECT ce_id FROM inbox")
        return ids <= {row["ce_id"] for row in rows}

    await eventually(all_in)
