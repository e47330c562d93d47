"""Every endpoint of every service at every tier, in every role, for one's own records and for others'."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from deploy import services
from deploy.authorisation import deals_of, endpoints_of, table_of
from libs.node import HQ
from libs.security.roles import ALL_ROLES, STAFF_ROLES
from libs.web.routes import Endpoint, Public
from tests.house.authorisation.asking import ask, fault_of, is_of_one
from tests.house.authorisation.people import Relation
from tests.house.authorisation.world import World
from tests.house.authorisation.worlds import world_of
from tests.running import Bench

AT = [(package, tier) for package in services.packages() for tier in sorted(services.service(package).tiers)]
AT_ONCE = 16


@pytest.fixture(scope="module", params=AT, ids=lambda at: f"{at[0]}-{at[1]}")
async def world(request: pytest.FixtureRequest, bench: Bench) -> AsyncIterator[World]:
    package, tier = request.param
    async with world_of(bench, services.service(package), HQ if tier == "hq" else "gd") as made:
        yield made


@pytest.mark.parametrize("package", services.packages())
def test_somebody_has_thought_of_whose_records_every_endpoint_deals_with(package: str) -> None:
    service = services.service(package)
    of_none = {one.path for one in table_of(service)}
    for endpoint in endpoints_of(service):
        if not isinstance(endpoint.allow, Public):
            of_none.discard(deals_of(service, endpoint).path)
    own = f"/api/{service.name}/v1"
    assert of_none <= {f"{own}/rebuilds", f"{own}/snapshots"}


async def test_without_a_token_only_public_endpoints_answer(world: World) -> None:
    for endpoint in world.endpoints:
        answer = await ask(world, endpoint, {})
        where = f"{endpoint.method} {endpoint.path}: {answer.text[:200]}"
        if isinstance(endpoint.allow, Public):
            assert answer.status_code != 401 or answer.json().get("code") != "unauthenticated", where
        else:
            assert answer.status_code == 401, where
            assert answer.headers["WWW-Authenticate"].startswith("Bearer"), where


@pytest.mark.parametrize("role", sorted(ALL_ROLES))
async def test_a_token_of_another_province_is_worth_nothing(world: World, role: str) -> None:
    headers = world.service.bearer(role, issuer="bj")
    for endpoint in world.guarded:
        answer = await ask(world, endpoint, headers)
        assert answer.status_code == 401, f"{endpoint.method} {endpoint.path}: {answer.text[:200]}"


@pytest.mark.parametrize("role", sorted(ALL_ROLES))
@pytest.mark.parametrize("relation", [Relation.OWN, Relation.ANOTHERS])
async def test_a_role_reaches_what_the_table_says(world: World, role: str, relation: Relation) -> None:
    found = await faults(world, role, relation)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
@pytest.mark.parametrize("relation", [Relation.OWN_AREA, Relation.ANOTHER_AREA])
async def test_whose_right_ends_at_an_area_reaches_what_is_of_it(
    world: World, role: str, relation: Relation
) -> None:
    found = await faults(world, role, relation)
    assert not found, "\n".join(found)


async def faults(world: World, role: str, relation: Relation) -> list[str]:
    """What is wrong with a column. Lists come last, one by one: what they count must not change meanwhile."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(endpoint: Endpoint) -> str | None:
        async with places:
            return await fault_of(world, endpoint, role, relation)

    every = world.guarded
    lists = [one for one in every if one.method == "GET" and not is_of_one(one)]
    found = await asyncio.gather(*(one(endpoint) for endpoint in every if endpoint not in lists))
    found += [await one(endpoint) for endpoint in lists]
    return [fault for fault in found if fault is not None]
