"""Entries of the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.database import Connection, Database
from libs.tmf import Condition, both
from libs.tmf.condition import Parameters


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: a customer, or the digests of one identity (its number only masked)."""

    id: str
    customer: str | None
    digests: Sequence[str] | None
    identification_type: str | None
    shown: str | None
    reason: str
    created: datetime
    created_by: str


_COLUMNS = "id, customer, digests, identification_type, shown, reason, created, created_by"


async def insert(tx: Connection, name: str, entry: Entry) -> bool:
    """Whether the entry is new on this list."""
    status = await tx.execute(
        f"""INSERT INTO list_entries (list, {_COLUMNS})
            SELECT $1, $2, $3, $4::text[], $5, $6, $7, $8, $9
             WHERE NOT EXISTS (SELECT FROM list_entries
                                WHERE list = $1 AND (customer = $3 OR digests && $4::text[]))""",
        name,
        entry.id,
        entry.customer,
        entry.digests,
        entry.identification_type,
        entry.shown,
        entry.reason,
        entry.created,
        entry.created_by,
    )
    return status == "INSERT 0 1"


async def remove(tx: Connection, name: str, id: str, visible: Condition | None) -> Entry | None:
    """The entry that was taken off the list, if there was one that may be seen."""
    parameters = Parameters(name, id)
    row = await tx.fetchrow(
        f"DELETE FROM list_entries WHERE list = $1 AND id = $2 AND {parameters.bind(both(visible))}"
        f" RETURNING {_COLUMNS}",
        *parameters.values,
    )
    return _entry(row) if row else None


async def one(db: Database, name: str, id: str, visible: Condition | None) -> Entry | None:
    parameters = Parameters(name, id)
    row = await db.fetchrow(
        f"SELECT {_COLUMNS} FROM list_entries WHERE list = $1 AND id = $2 AND {parameters.bind(both(visible))}",
        *parameters.values,
    )
    return _entry(row) if row else None


async def page(
    db: Database, name: str, offset: int, limit: int, visible: Condition | None
) -> tuple[list[Entry], int]:
    """Entries that may be seen, the newest first, and how many there are in all."""
    parameters = Parameters(name)
    where = f"list = $1 AND {parameters.bind(both(visible))}"
    total: int = await db.fetchval(f"SELECT count(*) FROM list_entries WHERE {where}", *parameters.values)
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM list_entries WHERE {where} ORDER BY id DESC"
        f" OFFSET {parameters.add(offset)} LIMIT {parameters.add(limit)}",
        *parameters.values,
    )
    return [_entry(row) for row in rows], total


async def customer_exists(tx: Connection, id: str, visible: Condition | None) -> bool:
    """Whether there is a customer that may be seen; it does not change before `tx` ends."""
    parameters = Parameters(id)
    where = parameters.bind(both(visible))
    found = await tx.fetchval(
        f"SELECT true FROM customers WHERE id = $1 AND {where} FOR SHARE", *parameters.values
    )
    return found is True


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(**dict(row))
