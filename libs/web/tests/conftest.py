"""A database with nothing in it but the table of idempotency keys and one of effects."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from libs.database import Database
from libs.ids import new_id
from libs.web.idempotency import define

POOL_SIZE = 4


@pytest.fixture
async def database(engines: Any) -> AsyncIterator[Database]:
    """Made afresh for each test, on the real server, with a pool of four."""
    name = f"web_{new_id().replace('-', '')}"
    server = await asyncpg.connect(f"{engines.postgres_url}/postgres")
    try:
        await server.execute(f'CREATE DATABASE "{name}"')
        opened = await Database.open(f"{engines.postgres_url}/{name}", size=POOL_SIZE)
        try:
            await _create(opened)
            yield opened
        finally:
            await opened.close()
            await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await server.close()


async def _create(database: Database) -> None:
    metadata = MetaData()
    define(metadata)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        await database.execute(str(CreateTable(table).compile(dialect=dialect)))
        for index in table.indexes:
            await database.execute(str(CreateIndex(index).compile(dialect=dialect)))
    await database.execute("CREATE TABLE effects (name text NOT NULL, note text)")
