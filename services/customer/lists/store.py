"""Entries of the lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from libs.database import Connection, Database
from libs.tmf import Condition, both
from libs.tmf.condition import Parameters
from services.customer.lists.rules import ALWAYS, Period, Standing


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
    national: bool = False
    valid: Period = ALWAYS


_COLUMNS = (
    "id, customer, digests, identification_type, shown, reason, created, created_by, national, "
    "valid_from, valid_until"
)
# What is national stands beside what is the node's own; and who was listed last year may be listed anew.
_INSERT = f"""
    INSERT INTO list_entries (list, {_COLUMNS}, personal, in_force, changes_at)
    SELECT $1, $2, $3, $4::text[], $5, $6, $7, $8, $9, $10, $11::timestamptz, $12::timestamptz, $13, $14, $15
     WHERE NOT EXISTS (SELECT FROM list_entries
                        WHERE list = $1 AND national = $10 AND (customer = $3 OR digests && $4::text[])
                          AND tstzrange(valid_from, valid_until) && tstzrange($11, $12))
"""
# Of a national one its removal has to be published: of who was listed, no more is kept than that takes.
_REMOVE = f"""
    WITH gone AS (DELETE FROM list_entries WHERE list = $1 AND id = $2 RETURNING {_COLUMNS}),
    told AS (INSERT INTO list_removals (id, digests, identification_type, created, created_by, removed)
             SELECT id, digests, identification_type, created, created_by, $3 FROM gone WHERE national)
    SELECT count(*) FROM gone
"""


async def insert(tx: Connection, name: str, entry: Entry, standing: Standing, personal: str | None) -> bool:
    """Whether the entry is new on this list. `personal`: the whole number of its document, encrypted."""
    status = await tx.execute(
        _INSERT,
        name,
        entry.id,
        entry.customer,
        entry.digests,
        entry.identification_type,
        entry.shown,
        entry.reason,
        entry.created,
        entry.created_by,
        entry.national,
        entry.valid.start,
        entry.valid.end,
        personal,
        standing.in_force,
        standing.changes_at,
    )
    return status == "INSERT 0 1"


async def remove(tx: Connection, name: str, id: str, now: datetime) -> None:
    """Take an entry off the list."""
    await tx.execute(_REMOVE, name, id, now)


async def one(source: Connection | Database, name: str, id: str, visible: Condition | None) -> Entry | None:
    parameters = Parameters(name, id)
    row = await source.fetchrow(
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


async def any_due(db: Database, now: datetime) -> bool:
    """Whether an entry began or ended that has not been looked at since."""
    found: bool = await db.fetchval("SELECT EXISTS (SELECT FROM list_entries WHERE changes_at <= $1)", now)
    return found


async def due(tx: Connection, now: datetime, limit: int) -> list[Entry]:
    """Entries that began or ended since they were looked at last."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM list_entries WHERE changes_at <= $1 ORDER BY changes_at, id LIMIT $2",
        now,
        limit,
    )
    return [_entry(row) for row in rows]


async def keep_standings(tx: Connection, standings: Iterable[tuple[str, Standing]]) -> None:
    """How these entries stand now, by their ids."""
    rows = list(standings)
    await tx.execute(
        """UPDATE list_entries AS l SET in_force = n.in_force, changes_at = n.changes_at
             FROM unnest($1::text[], $2::boolean[], $3::timestamptz[]) AS n (id, in_force, changes_at)
            WHERE l.id = n.id""",
        [id for id, _ in rows],
        [standing.in_force for _, standing in rows],
        [standing.changes_at for _, standing in rows],
    )


async def customer_exists(tx: Connection, id: str, visible: Condition | None) -> bool:
    """Whether there is a customer that may be seen; it does not change before `tx` ends."""
    parameters = Parameters(id)
    where = parameters.bind(both(visible))
    found = await tx.fetchval(
        f"SELECT true FROM customers WHERE id = $1 AND {where} FOR SHARE", *parameters.values
    )
    return found is True


def _entry(row: asyncpg.Record) -> Entry:
    columns = dict(row)
    valid = Period(columns.pop("valid_from"), columns.pop("valid_until"))
    return Entry(**columns, valid=valid)
