"""Everybody reads the whole catalogue, which is of no area; whose right ends at one writes nothing."""

from typing import Any

import pytest

from services.product.jobs.tests.office import Office
from services.product.tests.desk import Desk
from tests.running import RunningService

EVERYBODY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("hall-clerk", {"area": "020", "area_bound": True}),
    ("dealer-clerk", {"dealer": "dealer-a"}),
    ("dealer-clerk", {"dealer": "dealer-b", "area": "0755", "area_bound": True}),
    ("account-manager", {"subject": "manager-1"}),
    ("supervisor", {"area": "0755", "area_bound": True}),
    ("auditor", {}),
    ("machine", {}),
)
RESOURCES = ("catalog", "category", "productSpecification", "productOffering", "productOfferingPrice")
BOUND: dict[str, Any] = {"area": "0755", "area_bound": True}


@pytest.mark.parametrize("resource", RESOURCES)
async def test_everybody_sees_the_same_catalogue(guangdong: RunningService, gd: Desk, resource: str) -> None:
    whole = await gd.get(resource, limit="1", sort="id")
    (first,) = whole.json()
    named = await gd.get(resource, name=first["name"])
    for role, claims in EVERYBODY:
        desk = Desk(guangdong, role, **claims)
        listed = await desk.get(resource, limit="1", sort="id")
        assert [one["id"] for one in listed.json()] == [first["id"]], role
        assert listed.headers["X-Total-Count"] == whole.headers["X-Total-Count"], role
        assert (await desk.get(resource, first["id"])).status_code == 200, role
        assert (await desk.get(resource, name=first["name"])).json() == named.json(), role


@pytest.mark.parametrize("resource", RESOURCES)
async def test_whose_right_ends_at_an_area_writes_nothing(
    guangdong: RunningService, gd: Desk, resource: str
) -> None:
    made = await gd.make(resource)
    bound = Desk(guangdong, "supervisor", **BOUND)
    answers = (
        await bound.post(resource, {"name": "mine"}),
        await bound.patch(resource, made["id"], {"description": "mine"}),
        await bound.delete(resource, made["id"]),
    )
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(403, "not-yours")] * 3
    assert (await gd.delete(resource, made["id"])).status_code == 204


async def test_jobs_and_files_are_the_nodes(guangdong: RunningService, gd: Desk) -> None:
    job, _ = await Office(gd).exported(path="category")
    bound = Office(Desk(guangdong, "supervisor", **BOUND))
    listed = await bound.desk.get("exportJob")
    assert (listed.json(), listed.headers["X-Total-Count"]) == ([], "0")
    assert (await bound.desk.get("exportJob", job["id"])).status_code == 404
    assert (await bound.desk.delete("exportJob", job["id"])).status_code == 404
    assert (await bound.fetched(job["url"])).status_code == 404
    assert (await bound.desk.post("exportJob", {})).status_code == 403
    assert (await bound.bring("{}\n")).status_code == 403
    assert (await bound.desk.post("importJob", {"url": job["url"]})).status_code == 403
