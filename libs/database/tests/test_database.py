"""A service's database: transactions, bulk loading, and whose fault a failure is."""

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from libs.database import Database, copy_rows, is_infrastructure
from libs.database.migrations import pending
from tests.engines import MakeDatabase


@pytest.fixture
async def db(database: MakeDatabase) -> Database:
    made = await database()
    await made.execute("CREATE TABLE number (digits text PRIMARY KEY, area text)")
    return made


async def test_a_transaction_is_kept_whole_or_not_at_all(db: Database) -> None:
    async def stumble() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO number VALUES ('1', '020')")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await stumble()
    assert await db.fetchval("SELECT count(*) FROM number") == 0
    async with db.transaction() as tx:
        await tx.execute("INSERT INTO number VALUES ('1', '020')")
    assert await db.fetchval("SELECT count(*) FROM number") == 1


async def test_many_rows_are_loaded_at_once_or_none_of_them(db: Database) -> None:
    async with db.connection() as connection:
        loaded = await copy_rows(
            connection, "number", ("digits", "area"), ((str(i), "020") for i in range(5000))
        )
        assert loaded == 5000
        with pytest.raises(asyncpg.UniqueViolationError):
            await copy_rows(connection, "number", ("digits", "area"), [("new", "010"), ("1", "010")])
    assert await db.fetchval("SELECT count(*) FROM number") == 5000


async def test_a_lost_connection_is_nobodys_fault_a_wrong_value_is(db: Database) -> None:
    async def held_up() -> None:
        async with db.connection() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)) as lost:
        await held_up()
    assert is_infrastructure(lost.value)
    with pytest.raises(asyncpg.DataError) as wrong:
        await db.fetchval("SELECT $1::int", "not a number")
    assert not is_infrastructure(wrong.value)
    with pytest.raises(asyncpg.UniqueViolationError) as clash:
        await db.execute("INSERT INTO number VALUES ('1', ''), ('1', '')")
    assert not is_infrastructure(clash.value)


async def test_the_pool_gives_as_many_connections_as_it_may(db: Database) -> None:
    assert db.pool.get_max_size() == db.size


async def test_whether_revisions_wait_is_told_without_reading_them_again(
    database: MakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated = await database("resource")
    assert not await pending(migrated, "resource")
    monkeypatch.setattr(ScriptDirectory, "from_config", None)
    assert not await pending(migrated, "resource")
    await migrated.execute("DELETE FROM alembic_version")
    assert await pending(migrated, "resource")
