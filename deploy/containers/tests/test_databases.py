"""A service's role opens its own database and no other, on a real server."""

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy import services
from deploy.containers.databases import make_databases, server_as
from deploy.local.trouble import Trouble
from libs.database.migrations import migrate
from libs.node import Settings, SettingsInvalid
from tests.engines import eventually

CHOSEN = ("access", "product")


@dataclass
class Server:
    """The engines' server with roles of a node of its own."""

    settings: Settings
    url: str

    def give_password(self, package: str, password: str) -> None:
        pattern = str(self.settings.postgres_password_file)
        Path(pattern.replace("{database}", self.name(package))).write_text(password)

    async def make(self) -> list[str]:
        return await make_databases([services.service(name) for name in CHOSEN], self.settings, self.url)

    def name(self, package: str) -> str:
        return self.settings.database_name(package)

    async def open(self, package: str, *, role: str | None = None) -> "asyncpg.Connection[Any]":
        """The database of a service, as its role or that of another service."""
        url = self.settings.database_url(role or package)
        return await asyncpg.connect(url.rpartition("/")[0] + "/" + self.name(package))


@pytest.fixture
async def server(engines: Any, tmp_path: Path) -> AsyncIterator[Server]:
    prefix = f"r{secrets.token_hex(4)}_"
    host = engines.postgres_url.rpartition("@")[2]
    settings = Settings(
        node="hq",
        kafka=engines.kafka,
        database_prefix=prefix,
        postgres_url=f"postgresql://{{database}}@{host}",
        postgres_password_file=str(tmp_path / "{database}"),
    )
    for package in CHOSEN:
        (tmp_path / settings.database_name(package)).write_text(f"{secrets.token_hex(8)}/@:\n")
    made = Server(settings, engines.postgres_url)
    yield made
    connection = await asyncpg.connect(f"{engines.postgres_url}/postgres")
    for package in CHOSEN:
        await connection.execute(f'DROP DATABASE IF EXISTS "{made.name(package)}" WITH (FORCE)')
        await connection.execute(f'DROP ROLE IF EXISTS "{made.name(package)}"')
    await connection.close()


async def test_a_role_opens_its_own_database_and_is_refused_at_another_s(server: Server) -> None:
    assert await server.make() == [server.name(package) for package in CHOSEN]
    for own, other in (CHOSEN, reversed(CHOSEN)):
        connection = await server.open(own)
        assert await connection.fetchval("SELECT current_user") == server.name(own)
        await connection.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
            await server.open(other, role=own)


async def test_a_role_is_nothing_but_the_owner_of_its_database(server: Server) -> None:
    await server.make()
    connection = await server.open("access")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE ROLE intruder")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE DATABASE another")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("SELECT pg_read_file('/etc/passwd')")
    await connection.close()


async def test_it_can_bring_its_database_to_the_newest_revision(server: Server) -> None:
    await server.make()
    await migrate("product", server.settings.database_url("product"))
    connection = await server.open("product")
    owners = await connection.fetch("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert [row["tableowner"] for row in owners] == [server.name("product")]
    await connection.close()


async def test_repeating_it_keeps_what_is_there_and_takes_a_new_password(server: Server) -> None:
    await server.make()
    connection = await server.open("access")
    await connection.execute("CREATE TABLE kept (id int)")
    await connection.close()
    server.give_password("access", "new")
    before = await _stored_password(server)
    await server.make()
    assert await _stored_password(server) != before

    async def still_there() -> bool:
        connection = await server.open("access")
        try:
            return bool(await connection.fetchval("SELECT to_regclass('kept') IS NOT NULL"))
        finally:
            await connection.close()

    await eventually(still_there)


async def _stored_password(server: Server) -> str:
    connection = await asyncpg.connect(f"{server.url}/postgres")
    try:
        sql = "SELECT rolpassword FROM pg_authid WHERE rolname = $1"
        return str(await connection.fetchval(sql, server.name("access")))
    finally:
        await connection.close()


async def test_a_password_that_cannot_be_read_is_said(server: Server, tmp_path: Path) -> None:
    (tmp_path / server.name("product")).unlink()
    with pytest.raises(SettingsInvalid, match="UNICRM_POSTGRES_PASSWORD_FILE"):
        await server.make()
    with pytest.raises(Trouble, match="nobody"):
        server_as(server.settings, "postgres", tmp_path / "nobody")


async def test_services_that_would_share_a_role_get_none(server: Server) -> None:
    one_for_all = server.settings.postgres_url.replace("{database}", "all")
    shared = server.settings.model_copy(update={"postgres_url": one_for_all})
    with pytest.raises(ValueError, match="would be opened by all"):
        await make_databases([services.service("access")], shared, server.url)
