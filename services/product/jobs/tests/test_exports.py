"""The catalogue is written to a file: all of it, or what a query asks for."""

from datetime import timedelta

import pytest

from libs.ids import new_id
from services.product.app import SERVICE
from services.product.jobs import exporting
from services.product.jobs.tests.office import FILES, Office
from services.product.parts import BASE
from services.product.seed import seed
from services.product.tests.desk import Desk, reasons
from tests.engines import RunService
from tests.running import RunningService


@pytest.fixture
def office(hq: Desk) -> Office:
    return Office(hq)


async def test_everything_is_exported_as_its_apis_show_it(office: Office) -> None:
    job, records = await office.exported()
    sorts = ["Category", "Catalog", "ProductSpecification", "ProductOfferingPrice", "ProductOffering"]
    assert sorted({one["@type"] for one in records}) == sorted(sorts)
    assert job["progress"] == {"lines": len(records), "done": len(records)}
    assert (job["contentType"], "errorLog" in job) == ("application/x-ndjson", False)
    assert job["creationDate"] <= job["completionDate"]
    total = 0
    for name in ("category", "catalog", "productSpecification", "productOfferingPrice", "productOffering"):
        total += int((await office.desk.get(name, limit="1")).headers["X-Total-Count"])
    assert len(records) == total
    one = next(record for record in records if record["@type"] == "ProductOffering")
    shown = (await office.desk.get("productOffering", one["id"])).json()
    assert one == {name: value for name, value in shown.items() if name != "href"}


@pytest.mark.parametrize(
    "path", ["productOffering", f"{BASE}/productOffering", f"http://hq.unicrm.test{BASE}/productOffering/"]
)
async def test_one_collection_is_exported_as_its_list_filters_it(office: Office, path: str) -> None:
    query = "category.name=business-fees&lifecycleStatus=Launched"
    _, records = await office.exported(path=path, query=query)
    listed = await office.desk.get(
        "productOffering", **{"category.name": "business-fees"}, lifecycleStatus="Launched", limit="100"
    )
    assert records
    assert {one["id"] for one in records} == {one["id"] for one in listed.json()}


async def test_a_query_without_a_path_filters_every_collection(office: Office) -> None:
    _, records = await office.exported(query="name=replace-sim")
    assert {one["@type"] for one in records} == {"ProductOffering"}
    _, nothing = await office.exported(query="name=there-is-none")
    assert nothing == []


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({"path": "customer"}, ("path-unknown", "path")),
        ({"path": "http://elsewhere.test/category"}, ("path-unknown", "path")),
        ({"query": "category.name=x"}, ("unknown-filter", "category.name")),
        (
            {"path": "category", "query": "lifecycleStatus.regex=" + "x" * 500},
            ("invalid-filter", "lifecycleStatus.regex"),
        ),
        ({"url": "http://elsewhere.test/file"}, ("read-only", "url")),
        ({"status": "Succeeded"}, ("read-only", "status")),
        ({"contentType": "application/json"}, ("invalid", "contentType")),
    ],
)
async def test_what_cannot_be_exported_is_refused_at_once(
    office: Office, asked: dict[str, str], refused: tuple[str, str]
) -> None:
    answer = await office.desk.post("exportJob", asked)
    assert (answer.status_code, reasons(answer)) == (400, [refused])
    told = office.node.app.openapi()["paths"][f"{BASE}/exportJob"]["post"]["responses"]["400"]
    assert refused[0] in told["description"].split(", ")


async def test_a_pattern_that_is_none_ends_the_job_with_the_reason(office: Office) -> None:
    answer = await office.desk.post("exportJob", {"path": "category", "query": "name.regex=("})
    job = await office.ended("exportJob", answer.json()["id"])
    assert (job["status"], "regular expression" in job["errorLog"]) == ("Failed", True)
    assert (await office.fetched(job["url"])).status_code == 404


async def test_more_than_a_batch_is_exported_whole_and_in_order(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "BATCH", 7)
    _, records = await office.exported()
    ids = [one["id"] for one in records if one["@type"] == "ProductOffering"]
    assert ids == sorted(ids)
    assert (
        len(ids) == len(set(ids)) == int((await office.desk.get("productOffering")).headers["X-Total-Count"])
    )


async def test_an_export_that_grows_too_large_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MOST_LINES", 5)
    answer = await office.desk.post("exportJob", {})
    job = await office.ended("exportJob", answer.json()["id"])
    assert (job["status"], job["errorLog"][:21]) == ("Failed", "more than 5 records, ")
    assert (await office.fetched(job["url"])).status_code == 404


async def test_jobs_are_listed_filtered_and_deleted_with_their_file(office: Office) -> None:
    job, _ = await office.exported(query="name=replace-sim")
    listed = await office.desk.get("exportJob", status="Succeeded", fields="url")
    assert job["url"] in [one["url"] for one in listed.json()]
    assert (await office.desk.delete("exportJob", job["id"])).status_code == 204
    assert (await office.desk.get("exportJob", job["id"])).status_code == 404
    assert (await office.fetched(job["url"])).status_code == 404


async def test_files_and_jobs_go_when_their_time_is_over(running: RunService) -> None:
    async with running(SERVICE, "hq") as node:
        await seed(node.runtime)
        office = Office(Desk(node, "hq-operator"))
        job, _ = await office.exported()
        node.clock.advance(timedelta(hours=25))
        later = Office(Desk(node, "hq-operator"))
        assert (await later.fetched(job["url"])).status_code == 404
        await node.tick("jobs")
        assert await node.db.fetchval("SELECT count(*) FROM file_lines") == 0
        assert (await later.desk.get("exportJob", job["id"])).status_code == 200
        node.clock.advance(timedelta(days=30))
        await node.tick("jobs")
        assert await node.db.fetchval("SELECT count(*) FROM export_jobs") == 0


async def test_ten_jobs_wait_at_most_and_one_that_runs_is_not_deleted(
    running: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_yet(_: object) -> bool:
        return False

    monkeypatch.setattr("services.product.app.export_batch", not_yet)
    monkeypatch.setattr(exporting, "BATCH", 1)
    async with running(SERVICE, "hq") as node:
        await seed(node.runtime)
        desk = Desk(node, "hq-operator")
        ids = [(await desk.post("exportJob", {})).json()["id"] for _ in range(10)]
        refused = await desk.post("exportJob", {})
        assert (refused.status_code, reasons(refused)) == (409, [("too-many-jobs", None)])
        assert await exporting.export_batch(node.runtime)
        assert (await desk.get("exportJob", ids[0])).json()["progress"] == {"lines": 1, "done": 1}
        running_one = await desk.delete("exportJob", ids[0])
        assert (running_one.status_code, reasons(running_one)) == (409, [("job-running", None)])
        assert (await desk.delete("exportJob", ids[1])).status_code == 204
        assert (await desk.post("exportJob", {})).status_code == 201


async def test_who_may_export_and_fetch(headquarters: RunningService, guangdong: RunningService) -> None:
    job, _ = await Office(Desk(headquarters, "hq-operator")).exported(path="category")
    auditor = Office(Desk(headquarters, "auditor"))
    assert (await auditor.fetched(job["url"])).status_code == 200
    assert (await auditor.desk.post("exportJob", {})).status_code == 403
    clerk = Office(Desk(headquarters, "hall-clerk"))
    assert (await clerk.fetched(job["url"])).status_code == 403
    assert (await clerk.desk.get("exportJob")).status_code == 403
    supervisor = Desk(headquarters, "supervisor")
    assert (await supervisor.post("exportJob", {})).status_code == 403, "national: its operators"
    visiting = Desk(guangdong, "supervisor", issuer="hq")
    assert (await visiting.post("exportJob", {})).status_code == 403, "a province's: its own supervisors"
    assert (await auditor.fetched(f"{FILES}/{new_id()}")).status_code == 404
