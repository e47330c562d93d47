"""Who may read the catalogue, and who may write what of it."""

import pytest

from libs.security.roles import ALL_ROLES
from services.product.identifiers import fixed_id
from services.product.parts import BASE
from services.product.tests.desk import Desk, reasons
from tests.running import RunningService

NATIONAL = {
    "catalog": fixed_id("catalog", "national"),
    "category": fixed_id("category", "postpaid-plans"),
    "productSpecification": fixed_id("specification", "mobile-5g"),
    "productOffering": fixed_id("offering", "plan-5g-99"),
    "productOfferingPrice": fixed_id("price", "replace-sim/fee"),
}
RESOURCES = tuple(NATIONAL)
WRITERS = {"hq-operator", "supervisor"}


@pytest.mark.parametrize("resource", RESOURCES)
async def test_everybody_with_a_token_reads_and_nobody_without(
    guangdong: RunningService, resource: str
) -> None:
    for role in ALL_ROLES - {"hq-operator"}:
        answer = await Desk(guangdong, role).get(resource, limit="1")
        assert (answer.status_code, len(answer.json())) == (200, 1)
    assert (await guangdong.client.get(f"{BASE}/{resource}")).status_code == 401


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("role", sorted(ALL_ROLES - WRITERS))
async def test_who_only_sells_does_not_write(guangdong: RunningService, resource: str, role: str) -> None:
    desk = Desk(guangdong, role)
    for answer in (
        await desk.post(resource, {"name": "mine"}),
        await desk.patch(resource, "x", {"name": "mine"}),
        await desk.delete(resource, "x"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("resource", RESOURCES)
async def test_at_headquarters_its_operators_write_and_its_supervisors_do_not(
    hq: Desk, headquarters: RunningService, resource: str
) -> None:
    supervisor = Desk(headquarters, "supervisor")
    made = await hq.make(resource)
    for answer in (
        await supervisor.post(resource, {"name": "mine"}),
        await supervisor.patch(resource, made["id"], {"name": "mine"}),
        await supervisor.delete(resource, made["id"]),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "not-yours")
    assert (await hq.patch(resource, made["id"], {"name": "better"})).json()["name"] == "better"
    assert (await hq.delete(resource, made["id"])).status_code == 204


@pytest.mark.parametrize("resource", RESOURCES)
async def test_a_province_writes_its_own_records_and_headquarters_people_do_not(
    gd: Desk, guangdong: RunningService, resource: str
) -> None:
    made = await gd.make(resource)
    for role in ("hq-operator", "supervisor"):
        stranger = Desk(guangdong, role, issuer="hq")
        for answer in (
            await stranger.post(resource, {"name": "mine"}),
            await stranger.patch(resource, made["id"], {"name": "mine"}),
            await stranger.delete(resource, made["id"]),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "not-yours")
    assert (await gd.patch(resource, made["id"], {"name": "better"})).json()["name"] == "better"
    assert (await gd.delete(resource, made["id"])).status_code == 204


@pytest.mark.parametrize(("resource", "id"), NATIONAL.items())
async def test_what_is_national_is_not_written_in_a_province(
    gd: Desk, guangdong: RunningService, resource: str, id: str
) -> None:
    before = (await gd.get(resource, id)).json()
    for desk in (gd, Desk(guangdong, "hq-operator", issuer="hq")):
        for answer in (await desk.patch(resource, id, {"name": "mine"}), await desk.delete(resource, id)):
            assert (answer.status_code, {code for code, _ in reasons(answer)}) == (409, {"national-record"})
    assert (await gd.get(resource, id)).json() == before


@pytest.mark.parametrize("resource", RESOURCES)
async def test_what_is_not_there_is_not_found(hq: Desk, resource: str) -> None:
    for answer in (
        await hq.get(resource, "nothing"),
        await hq.patch(resource, "nothing", {"name": "x"}),
        await hq.delete(resource, "nothing"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("resource", RESOURCES)
async def test_what_only_the_system_sets_cannot_be_sent(hq: Desk, resource: str) -> None:
    made = await hq.make(resource)
    for name in ("id", "href", "lastUpdate"):
        answer = await hq.patch(resource, made["id"], {name: "2026-01-01T00:00:00Z"})
        assert (answer.status_code, reasons(answer)) == (400, [("read-only", name)])
    assert reasons(await hq.post(resource, {"name": "x", "id": "mine"})) == [("read-only", "id")]
