"""Databases from templates: a service's schema is migrated once on a server, and copied for every node and test."""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from libs.database.migrations import fingerprint, migrate, versions_of

_LOCK = 0x756E6964
_EMPTY = Path(tempfile.gettempdir()) / "unicrm-no-revisions"


@dataclass(frozen=True)
class Schema:
    """What a database is to hold: a service's migrations, or the ground's and tables as they are declared."""

    package: str
    versions: Path | None = None
    """The service's revisions; None where it has none of its own."""
    tables: MetaData | None = None
    """Made as declared, beside the ground: for a service that has no revisions."""

    @classmethod
    def of(cls, package: str, tables: MetaData | None = None) -> "Schema":
        """The migrations of `services/<package>`; the declared tables where it has none.

        Raises ValueError where there is neither.
        """
        try:
            versions = versions_of(package)
        except ValueError:
            if tables is None:
                raise
            return cls(package, tables=tables)
        return cls(package, versions if any(versions.glob("*.py")) else None, tables)

    @property
    def declared(self) -> MetaData | None:
        return self.tables if self.versions is None else None

    @property
    def template(self) -> str:
        """The name of the template: another one whenever a revision changes."""
        mark = fingerprint(self.package, versions=self.versions or _empty_folder())
        if self.declared is not None:
            mark = hashlib.sha256((mark + _ddl(self.declared)).encode()).hexdigest()[:12]
        return f"template_{re.sub('[^a-z0-9_]', '_', self.package)[:40]}_{mark}"

    async def build(self, url: str) -> None:
        """Make it in an empty database."""
        await migrate(self.package, url, versions=self.versions or _empty_folder())
        if self.declared is not None:
            engine = create_async_engine(
                url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool
            )
            async with engine.begin() as connection:
                await connection.run_sync(self.declared.create_all)
            await engine.dispose()


def _empty_folder() -> Path:
    _EMPTY.mkdir(exist_ok=True)
    return _EMPTY


def _ddl(tables: MetaData) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in tables.sorted_tables]
    indexes = [index for table in tables.sorted_tables for index in table.indexes]
    made += [table.info.get("ddl", "") for table in tables.sorted_tables]
    return "".join(made + sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes))


class DatabaseServer:
    """A server on which databases are made. Several processes may do so at once."""

    def __init__(
        self, url: str, pool: "asyncpg.Pool[asyncpg.Record]", *, waits_for_disk: bool = True
    ) -> None:
        self.url = url
        self._pool = pool
        # Where nobody waits for the disk, copying files beats copying through the log: 30 ms against 50 to 90 for some
        # fifty tables and indexes. Elsewhere it costs two checkpoints, and takes twice as long.
        self._strategy = "WAL_LOG" if waits_for_disk else "FILE_COPY"
        self._templates: dict[str, asyncio.Task[None]] = {}
        # Alembic keeps what it is doing in its module: one migration at a time in a process.
        self._migrating = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["DatabaseServer"]:
        """`url` without a database; the role in it may create databases."""
        pool = await asyncpg.create_pool(f"{url}/postgres", min_size=1, max_size=4)
        try:
            yield cls(url, pool, waits_for_disk=await pool.fetchval("SHOW fsync") == "on")
        finally:
            await pool.close()

    async def clone(self, schema: Schema, name: str) -> str:
        """A fresh database with this schema, at this name; its URL. Raises DuplicateDatabaseError."""
        template = await self.template(schema)
        await self._pool.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY {self._strategy}')
        return f"{self.url}/{name}"

    async def bring_up(self, schema: Schema, name: str) -> None:
        """An older database with this schema, brought to its newest revision."""
        async with self._migrating:
            await schema.build(f"{self.url}/{name}")

    async def template(self, schema: Schema) -> str:
        """The name of the template of this schema, which is made when it is not there."""
        name = schema.template
        # One task for all who ask at once; a failure is not kept.
        task = self._templates.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._templates[name] = asyncio.create_task(self._ensure_template(name, schema))
        await asyncio.shield(task)
        return name

    async def _ensure_template(self, name: str, schema: Schema) -> None:
        async with self._pool.acquire() as connection:
            if await _exists(connection, name):
                return
            await connection.execute("SELECT pg_advisory_lock($1, hashtext($2))", _LOCK % 2**31, name)
            try:
                if await _exists(connection, name):
                    return
                building = f"building_{os.getpid()}_{name[-20:]}"
                await connection.execute(f'DROP DATABASE IF EXISTS "{building}" WITH (FORCE)')
                await connection.execute(
                    f'CREATE DATABASE "{building}" TEMPLATE template0 STRATEGY FILE_COPY'
                )
                async with self._migrating:
                    await schema.build(f"{self.url}/{building}")
                await connection.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
            finally:
                await connection.execute("SELECT pg_advisory_unlock($1, hashtext($2))", _LOCK % 2**31, name)

    async def drop(self, *names: str) -> None:
        """Remove databases, whoever is connected to them; those that are not there are no mistake."""
        for name in names:
            await self._pool.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def names(self) -> set[str]:
        """The databases that are there."""
        return {row["datname"] for row in await self._pool.fetch("SELECT datname FROM pg_database")}

    async def comments(self) -> dict[str, str | None]:
        """The databases that are there, each with the comment on it."""
        rows = await self._pool.fetch(
            "SELECT datname, shobj_description(oid, 'pg_database') AS comment FROM pg_database"
        )
        return {row["datname"]: row["comment"] for row in rows}

    async def comment(self, name: str, text: str) -> None:
        """Leave a comment on a database."""
        quoted = text.replace("'", "''")
        await self._pool.execute(f"COMMENT ON DATABASE \"{name}\" IS '{quoted}'")

    async def forget_templates(self, keep: Iterable[str]) -> None:
        """Remove templates of revisions that are no more, and what an interrupted run left half built."""
        kept = set(keep)
        stale = {name for name in await self.names() if name.startswith(("template_", "building_"))} - kept
        await self.drop(*sorted(stale))


async def _exists(connection: "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]", name: str) -> bool:
    return bool(await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name))
