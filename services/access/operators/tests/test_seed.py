from typing import Any

import pytest

from libs.security.key_files import rotate
from libs.security.keys import Keys
from services.access.operators.rules import SERVICES, Operator
from services.access.operators.seed import SeededClient, development_password, save, seed
from tests.running import RunningService


async def rows(node: RunningService) -> list[tuple[Any, ...]]:
    operators = await node.db.fetch("SELECT * FROM operators ORDER BY id")
    clients = await node.db.fetch("SELECT * FROM clients ORDER BY id")
    return [tuple(row) for row in (*operators, *clients)]


async def secret_hashes(node: RunningService) -> dict[str, str]:
    return {row["id"]: row["secret_hash"] for row in await node.db.fetch("SELECT * FROM clients")}


async def test_seeding_again_changes_nothing(access: RunningService) -> None:
    before = await rows(access)
    again = await seed(access.runtime)
    assert await rows(access) == before
    assert {user.username for user in again.users} == {
        "clerk",
        "caller",
        "dealer",
        "manager",
        "supervisor",
        "auditor",
        "local-clerk",
    }
    assert again.users[0].roles == ("hall-clerk",)
    assert {user.username: user.area for user in again.users if user.area} == {"local-clerk": "0769"}
    assert again.client == SeededClient("partner", development_password("gd", "partner"))


async def test_a_rotated_secret_of_a_service_is_followed(access: RunningService) -> None:
    folder = access.runtime.settings.keys_dir
    before = await secret_hashes(access)
    rotate(folder.parent, folder.name, "clients")
    access.runtime.keys = Keys.load(folder)
    await seed(access.runtime)
    after = await secret_hashes(access)
    assert {id for id in before if before[id] != after[id]} == set(SERVICES)


async def test_without_development_there_are_services_and_nobody_else(production: RunningService) -> None:
    seeded = await seed(production.runtime)
    assert (seeded.users, seeded.client) == ((), None)
    assert await production.db.fetchval("SELECT count(*) FROM operators") == 0
    ids = await production.db.fetch("SELECT id FROM clients")
    assert {row["id"] for row in ids} == set(SERVICES)


async def test_who_does_not_fit_the_node_is_not_stored(access: RunningService) -> None:
    stranger = Operator("x", "wang", frozenset({"hq-operator"}), "王", "back-office", area="010")
    before = await rows(access)
    with pytest.raises(ValueError, match=r"only headquarters.*not one of gd"):
        await save(access.runtime, [stranger], (), {"x": "secret"})
    assert await rows(access) == before
