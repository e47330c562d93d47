"""The service as a whole: its seeds, its schema, its texts and its documents."""

from typing import TYPE_CHECKING, Any

import pytest
from stdnum.cn import ric, uscc

from libs.database.migrations import difference
from libs.node.register import PROVINCES
from libs.service import routes_of
from libs.web.app import bare_app
from services.customer.app import SERVICE
from services.customer.seed import COMPANY, PEOPLE, credit_code, resident_id, seed, seeded_id
from services.customer.tests.hall import ACCOUNT, CUSTOMER, EVENTS, INDIVIDUAL, ORGANIZATION, Hall

if TYPE_CHECKING:
    from tests.engines import MakeDatabase


@pytest.mark.parametrize("node", PROVINCES)
def test_the_seeded_people_have_valid_documents(node: str) -> None:
    numbers = {resident_id(node, person) for person in PEOPLE}
    assert len(numbers) == len(PEOPLE)
    assert all(ric.is_valid(number) for number in numbers)
    assert uscc.is_valid(credit_code(node))


async def test_seeding_again_changes_nothing(hall: Hall) -> None:
    await seed(hall.service.runtime)
    before = await hall.rows()
    assert before == before | {
        "individuals": 3,
        "organizations": 1,
        "organization_agents": 1,
        "customers": 4,
        "billing_accounts": 4,
    }
    for name in (*(person.name for person in PEOPLE), COMPANY):
        id = seeded_id("gd", "customer", name)
        facts = await hall.facts("customers", id)
        assert (facts["status"], facts["area"], facts["version"]) == ("active", "020", 1)
        (event,) = await hall.told(id)
        assert event.data == facts
        account = await hall.facts("billingAccounts", seeded_id("gd", "billingAccount", name))
        assert account["customer"] == id
    await seed(hall.service.runtime)
    assert await hall.rows() == before
    for person in PEOPLE:
        assert resident_id("gd", person) not in await hall.everything_stored()


async def test_the_seeded_company_is_represented_by_its_agent(hall: Hall) -> None:
    await seed(hall.service.runtime)
    facts = await hall.facts("customers", seeded_id("gd", "customer", COMPANY))
    agent = await hall.facts("customers", seeded_id("gd", "customer", "lin"))
    assert facts["agentDigests"] == agent["identityDigests"]


async def test_headquarters_and_another_province_are_seeded_for_themselves(bench: Any) -> None:
    async with bench.running(SERVICE, "hq") as headquarters:
        await seed(headquarters.runtime)
        assert await headquarters.db.fetchval("SELECT count(*) FROM customers") == 0
    async with bench.running(SERVICE, "bj") as beijing:
        await seed(beijing.runtime)
        areas = await beijing.db.fetch("SELECT DISTINCT area FROM customers")
        assert [row["area"] for row in areas] == ["010"]


async def test_nobody_is_made_up_in_production(bench: Any) -> None:
    async with bench.running(SERVICE, "gd", development=False) as province:
        await seed(province.runtime)
        assert await province.db.fetchval("SELECT count(*) FROM individuals") == 0


async def test_the_migrations_make_the_declared_tables(database: "MakeDatabase", engines: Any) -> None:
    made = await database("customer")
    name = await made.fetchval("SELECT current_database()")
    assert await difference(f"{engines.postgres_url}/{name}", SERVICE.tables) == []


def test_every_endpoint_is_documented_with_its_roles() -> None:
    paths = bare_app(SERVICE.title, routes_of(SERVICE)).openapi()["paths"]
    for path in (INDIVIDUAL, ORGANIZATION, CUSTOMER, ACCOUNT):
        assert paths[path].keys() == {"get", "post"}
        assert paths[f"{path}/{{id}}"].keys() == {"get", "patch", "delete"}
    assert "machine" not in paths[CUSTOMER]["post"]["x-roles"]


async def test_events_wait_for_their_customers_in_order_of_version(hall: Hall) -> None:
    id = await hall.customer()
    for level in ("silver", "gold", "platinum"):
        change = {"characteristic": [{"name": "area", "value": "020"}, {"name": "level", "value": level}]}
        assert (await hall.patch(f"{CUSTOMER}/{id}", change)).status_code == 200
    told = [one for one in await hall.told(id, 4) if one.topic == EVENTS]
    assert [one.data["version"] for one in told] == [1, 2, 3, 4]
    assert [one.data["level"] for one in told] == [None, "silver", "gold", "platinum"]
    assert {one.headers["ce_subject"] for one in told} == {id}
