"""Migrations: every service's database has two branches of Alembic revisions.

The *ground* (outbox, inbox, dead letters, parked messages, idempotency keys) is the same for all and lives here,
in `versions/`; what a service owns lives in `services/<package>/migrations/versions/`. Both are applied together.
"""

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_HERE = Path(__file__).parent
_GROUND = _HERE / "versions"
# One number for all services: two processes of one service may start at once, only one migrates.
_MIGRATION_LOCK = 0x756E6963


def versions_of(package: str) -> Path:
    """The folder of a service's own revisions. Raises ValueError where there is no such service."""
    spec = importlib.util.find_spec(f"services.{package}")
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"there is no service {package!r}")
    return Path(spec.submodule_search_locations[0]) / "migrations" / "versions"


def _config(versions: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE / "alembic"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s")
    config.set_main_option("version_locations", "\n".join(dict.fromkeys((str(_GROUND), str(versions)))))
    return config


async def _with_connection(url: str, work: Callable[[Connection], Any]) -> Any:
    address = url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(address, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


async def migrate(package: str, url: str, *, versions: Path | None = None) -> None:
    """Bring the database at `url` to the newest revisions of the ground and of the service, in one transaction."""
    config = _config(versions or versions_of(package))

    def upgrade(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")

    await _with_connection(url, upgrade)


async def new_revision(package: str, url: str, tables: MetaData, message: str) -> None:
    """Write the revision that leads from the database at `url`, migrated so far, to the tables as declared now.

    `package` is a service's, or `ground` for what lies under all of them.
    """
    versions = _GROUND if package == "ground" else versions_of(package)
    config = _config(versions)
    heads = [head for head in ScriptDirectory.from_config(config).get_revisions("heads") if head]
    mine = [head.revision for head in heads if Path(head.path).parent == versions]

    def write(connection: Connection) -> None:
        config.attributes.update(connection=connection, target_metadata=tables)
        command.revision(
            config,
            message=message,
            autogenerate=True,
            head=mine[0] if mine else "base",
            branch_label=None if mine else package,
            version_path=str(versions),
            rev_id=f"{package}_{len(list(versions.glob('*.py'))) + 1:04d}",
        )

    await _with_connection(url, write)


def _each(names: str | Sequence[str] | None) -> Sequence[str]:
    """One, several, or none, as Alembic writes them."""
    return (names,) if isinstance(names, str) else names or ()


@cache
def _revisions(versions: Path) -> tuple[dict[str, Script], frozenset[str]]:
    """Every revision by its name, and the newest ones. Read once: a readiness check is made every few seconds."""
    script = ScriptDirectory.from_config(_config(versions))
    return {one.revision: one for one in script.walk_revisions()}, frozenset(script.get_heads())


async def pending(database: Any, package: str, *, versions: Path | None = None) -> bool:
    """Whether revisions wait to be applied to the database behind `database` (anything with `fetch`)."""
    known, newest = _revisions(versions or versions_of(package))
    try:
        rows = await database.fetch("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return True
    applied: set[str] = set()
    waiting = [row["version_num"] for row in rows]
    while waiting:
        revision = known.get(waiting.pop())
        if revision is None:
            return True
        if revision.revision not in applied:
            applied.add(revision.revision)
            # A revision of the ground that a service's depends on is not kept as applied by itself.
            waiting += [*_each(revision.down_revision), *_each(revision.dependencies)]
    return not applied.issuperset(newest)


async def difference(url: str, tables: MetaData) -> list[Any]:
    """What separates the database from the declared tables, as Alembic's operations; empty when nothing does."""

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, tables))

    return list(await _with_connection(url, compare))


def fingerprint(package: str, *, versions: Path | None = None) -> str:
    """Changes whenever a revision of the ground or of the service does: names the template database."""
    digest = hashlib.sha256()
    for folder in (_GROUND, versions or versions_of(package)):
        for file in sorted(folder.glob("*.py")):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]
