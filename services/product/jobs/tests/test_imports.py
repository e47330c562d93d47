"""A file is taken into the catalogue, line by line, as if each had come over the API."""

from typing import Any

import pytest

from libs.ids import new_id
from services.product.app import SERVICE
from services.product.jobs import files_api, importing
from services.product.jobs.rules import LONGEST_LINE, MOST_BYTES
from services.product.jobs.tests.office import Office, lines, record
from services.product.seed import seed
from services.product.tests.desk import Desk, category, reasons
from tests.engines import RunService
from tests.running import RunningService


@pytest.fixture
def office(hq: Desk) -> Office:
    return Office(hq)


def counts(job: dict[str, Any]) -> dict[str, int]:
    return {name: n for name, n in job["progress"].items() if n and name not in ("lines", "done")}


def plan(price: str, **more: Any) -> dict[str, Any]:
    given = {
        "lifecycleStatus": "Launched",
        "category": [category("postpaid-plans")],
        "productOfferingPrice": [{"id": price}],
    }
    return record("ProductOffering", f"plan-{new_id()}", **given | more)


def monthly(amount: float = 10.0, **more: Any) -> dict[str, Any]:
    given = {
        "lifecycleStatus": "Launched",
        "priceType": "recurring",
        "recurringChargePeriodType": "month",
        "price": {"unit": "CNY", "value": amount},
    }
    return record("ProductOfferingPrice", f"price-{new_id()}", **given | more)


async def test_records_are_made_whatever_the_order_of_their_lines(office: Office) -> None:
    price = monthly()
    offering = plan(price["id"])
    bundle = plan(
        price["id"],
        category=[category("bundles")],
        bundledProductOffering=[{"id": offering["id"]}],
        isBundle=True,
    )
    job = await office.imported(bundle, offering, price)
    assert (job["status"], counts(job)) == ("Succeeded", {"made": 3}), job
    assert job["progress"]["lines"] == job["progress"]["done"] == 3
    shown = (await office.desk.get("productOffering", offering["id"])).json()
    assert (shown["name"], shown["isBundle"]) == (offering["name"], False)
    told = await office.desk.facts(offering["id"])
    assert [one["amount"] for one in told["prices"]] == ["10.00"], "who listens hears of it"


async def test_the_same_file_again_changes_nothing(office: Office) -> None:
    price = monthly()
    nameless = {"@type": "Category", "name": f"without an id {new_id()}"}
    url = await office.brought(price, plan(price["id"]), nameless)
    assert counts(await office.imported_from(url)) == {"made": 3}
    assert counts(await office.imported_from(url)) == {"unchanged": 3}
    found = (await office.desk.get("category", name=nameless["name"])).json()
    assert len(found) == 1


async def test_what_was_exported_may_be_imported_and_is_unchanged(office: Office) -> None:
    exported, records = await office.exported()
    job = await office.imported_from(exported["url"])
    assert (job["status"], counts(job)) == ("Succeeded", {"unchanged": len(records)}), job.get("errorLog")


async def test_a_national_catalogue_is_unchanged_in_a_province_and_not_to_be_changed(gd: Desk) -> None:
    office = Office(gd)
    exported, records = await office.exported()
    assert counts(await office.imported_from(exported["url"])) == {"unchanged": len(records)}
    fee = next(one for one in records if one["name"] == "replace-sim")
    job = await office.imported(fee | {"description": "dearer"})
    assert (job["status"], counts(job)) == ("Failed", {"failed": 1})
    assert job["errorLog"].startswith("line 1: national-record (description): ")


async def test_a_province_takes_in_records_of_its_own(gd: Desk) -> None:
    price = monthly()
    job = await Office(gd).imported(price, plan(price["id"]))
    assert counts(job) == {"made": 2}, job
    national = await gd.node.db.fetchval("SELECT national FROM prices WHERE id = $1", price["id"])
    assert national is False


async def test_a_change_follows_the_rules_of_the_api(office: Office) -> None:
    price = monthly(10.0)
    await office.imported(price, plan(price["id"]))
    job = await office.imported(price | {"price": {"unit": "CNY", "value": 12.5}})
    assert counts(job) == {"changed": 1}
    back = await office.imported(price | {"lifecycleStatus": "In study"})
    assert back["errorLog"].startswith("line 1: lifecycle-not-allowed (lifecycleStatus): ")
    assert (await office.desk.get("productOfferingPrice", price["id"])).json()["price"]["value"] == 12.5


async def test_every_bad_line_is_named_with_its_reasons_and_the_others_are_taken_in(office: Office) -> None:
    good = monthly()
    job = await office.imported(
        good,
        "{not json",
        "[]",
        {"name": "of no type"},
        {"@type": "Customer", "name": "of another"},
        record("Category", "with a slash", id="a/b"),
        record("Category", "nobody", parentId="nobody"),
        record("ProductOffering", new_id(), lifecycleStatus="Launched"),
        record("ProductOffering", new_id(), productOfferingPrice=[{"id": "x"}], category=[{"id": "y"}]),
        record("Catalog", new_id(), lifecycleStatus="Obsolete", colour="red"),
        monthly(-1),
        '{"@type": "Category", "name": "\\u0000"}',
    )
    assert (job["status"], counts(job)) == ("Failed", {"made": 1, "failed": 11})
    said = [line.split(": ")[:2] for line in job["errorLog"].splitlines()]
    assert said == [
        ["line 2", "malformed"],
        ["line 3", "invalid"],
        ["line 4", "type-unknown (@type)"],
        ["line 5", "type-unknown (@type)"],
        ["line 6", "invalid (id)"],
        ["line 7", "category-unknown (parentId)"],
        ["line 8", "not-complete (category)"],
        ["line 9", "category-unknown (category[0].id)"],
        ["line 10", "unknown-attribute (colour)"],
        ["line 11", "invalid (price.value)"],
        ["line 12", "malformed"],
    ]
    assert "price-unknown (productOfferingPrice[0].id)" in job["errorLog"], "every reason of a line"
    assert (await office.desk.get("productOfferingPrice", good["id"])).status_code == 200


async def test_the_log_speaks_the_language_of_who_asked(office: Office) -> None:
    url = await office.brought({"@type": "Category"})
    sent = office.desk.headers | {"Accept-Language": "zh-CN"}
    answer = await office.node.client.post(
        "/tmf-api/productCatalogManagement/v4/importJob", json={"url": url}, headers=sent
    )
    job = await office.ended("importJob", answer.json()["id"])
    assert job["errorLog"].startswith("line 1: missing (name): ")
    assert any("\u4e00" <= sign <= "\u9fff" for sign in job["errorLog"])


async def test_a_path_lets_only_its_own_records_in(office: Office) -> None:
    job = await office.imported(record("Category", new_id()), monthly(), path="category")
    assert counts(job) == {"made": 1, "failed": 1}


async def test_a_restart_goes_on_and_takes_no_line_twice(
    running: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 3)
    async with running(SERVICE, "hq") as node:
        await seed(node.runtime)
        office = Office(Desk(node, "hq-operator"))
        records = [monthly() for _ in range(50)]
        url = await office.brought(*records)
        answer = await office.desk.post("importJob", {"url": url})
        await node.restart()
        job = await office.ended("importJob", answer.json()["id"])
        assert counts(job) == {"made": 50}
        assert await node.db.fetchval("SELECT max(version) FROM prices WHERE id LIKE 'price-%'") == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.test/file.jsonl",
        "file:///etc/passwd",
        "http://hq.unicrm.test/api/product/v1/files/none",
        "http://hq.unicrm.test/api/product/v1/files/../../health/live",
        "http://hq.unicrm.test/api/product/v1/files/",
        "http://hq.unicrm.test.elsewhere.test/api/product/v1/files/x",
    ],
)
async def test_no_address_but_that_of_a_file_of_this_node_is_taken(office: Office, url: str) -> None:
    answer = await office.desk.post("importJob", {"url": url})
    assert (answer.status_code, reasons(answer)) == (400, [("file-unknown", "url")])


async def test_a_job_without_a_file_is_refused(office: Office) -> None:
    answer = await office.desk.post("importJob", {"path": "nothing"})
    assert (answer.status_code, reasons(answer)) == (400, [("missing", "url")])


async def test_a_file_is_brought_within_its_bounds(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    key = new_id()
    first, again = await office.bring("{}\n", key), await office.bring("{}\n", key)
    assert first.json() == again.json()
    assert (first.json()["lines"], first.json()["bytes"]) == (1, 3)
    too_large = await office.bring(b" " * (MOST_BYTES + 1))
    assert (too_large.status_code, reasons(too_large)) == (413, [("body-too-large", None)])
    long_line = await office.bring("x" * (LONGEST_LINE + 1))
    assert (long_line.status_code, reasons(long_line)) == (413, [("body-too-large", None)])
    monkeypatch.setattr(files_api, "MOST_LINES", 2)
    many = await office.bring(lines({}, {}, {}))
    assert (many.status_code, reasons(many)) == (413, [("too-many-lines", None)])
    empty = await office.bring("\n \n")
    assert (empty.status_code, reasons(empty)) == (400, [("file-empty", None)])
    no_text = await office.bring(b"\xff\xfe")
    assert (no_text.status_code, reasons(no_text)) == (400, [("malformed", None)])
    other = await office.bring("{}", **{"Content-Type": "application/json"})
    assert (other.status_code, reasons(other)) == (415, [("media-type-not-supported", None)])
    monkeypatch.setattr(files_api, "MOST_FILES", 0)
    crowded = await office.bring("{}")
    assert (crowded.status_code, reasons(crowded)) == (409, [("too-many-files", None)])


async def test_of_many_bad_lines_the_first_are_told_and_the_rest_counted(office: Office) -> None:
    job = await office.imported(*("{" for _ in range(250)))
    told = job["errorLog"].splitlines()
    assert (len(told), told[-1]) == (201, "… 50 more")
    assert job["progress"]["failed"] == 250


async def test_an_import_acts_as_who_asked_for_it(headquarters: RunningService, gd: Desk) -> None:
    clerk = Office(Desk(headquarters, "hall-clerk"))
    assert (await clerk.bring("{}")).status_code == 403
    assert (await clerk.desk.post("importJob", {"url": "x"})).status_code == 403
    visiting = Office(Desk(gd.node, "supervisor", issuer="hq"))
    assert (await visiting.bring("{}")).status_code == 403


async def test_a_second_fee_of_a_business_is_refused_as_over_the_api(office: Office) -> None:
    given = {"lifecycleStatus": "Launched", "category": [category("business-fees")]}
    job = await office.imported(record("ProductOffering", "replace-sim", **given | {"id": new_id()}))
    assert job["errorLog"].startswith("line 1: fee-already-offered (lifecycleStatus): ")
