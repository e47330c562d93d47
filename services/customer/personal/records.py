"""Records with personal attributes: written twice, as everybody may see them and whole, the latter encrypted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import Table

from libs.database import Connection
from libs.json_text import json_text
from libs.tmf import Condition, both
from libs.tmf.condition import Parameters
from libs.tmf.write import AT
from services.customer.desk import Desk
from services.customer.personal.rules import masked


@dataclass(frozen=True, slots=True)
class Record:
    """One row: `whole` is the representation in full, `shown` the one that everybody may see; both without href."""

    id: str
    version: int
    whole: Mapping[str, Any] = field(repr=False)
    shown: Mapping[str, Any]


async def insert(
    desk: Desk,
    tx: Connection,
    table: Table,
    id: str,
    whole: Mapping[str, Any],
    now: datetime,
    **columns: str | int | datetime | Sequence[str] | None,
) -> Record:
    """A new record at version 1, `columns` beside its representation."""
    record = Record(id, 1, whole, masked(whole))
    parameters = Parameters()
    values = {"id": id, "version": 1, "created": now, "last_update": now, **_both(desk, record), **columns}
    places = ", ".join(parameters.add(value) for value in values.values())
    await tx.execute(f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({places})", *parameters.values)
    return record


async def lock(
    desk: Desk, tx: Connection, table: Table, id: str, visible: Condition | None = None
) -> Record | None:
    """The record, its row locked until the end of `tx`; None where there is none that may be seen."""
    parameters = Parameters()
    where = parameters.bind(both(Condition("id = {}", id), visible))
    row = await tx.fetchrow(
        f"SELECT version, document, personal FROM {table.name} WHERE {where} FOR UPDATE", *parameters.values
    )
    return Record(id, row["version"], whole(desk, row), json.loads(row["document"])) if row else None


async def replace(
    desk: Desk,
    tx: Connection,
    table: Table,
    before: Record,
    changed: Mapping[str, Any],
    now: datetime,
    **columns: str | int | Sequence[str] | None,
) -> Record:
    """The next version of a locked record."""
    record = Record(before.id, before.version + 1, changed, masked(changed))
    parameters = Parameters(before.id)
    values = {"version": record.version, "last_update": now, **_both(desk, record), **columns}
    setting = ", ".join(f"{name} = {parameters.add(value)}" for name, value in values.items())
    await tx.execute(f"UPDATE {table.name} SET {setting} WHERE id = $1", *parameters.values)
    return record


async def remove(tx: Connection, table: Table, record: Record, now: datetime) -> None:
    await tx.execute(
        f"DELETE FROM {table.name} WHERE id = $1 AND version = $2 AND {AT}",
        record.id,
        record.version,
        now.isoformat(),
    )


async def in_full(desk: Desk, tx: Connection, table: Table, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The representations in full of these records, by id."""
    rows = await tx.fetch(
        f"SELECT id, document, personal FROM {table.name} WHERE id = ANY($1::text[])", list(ids)
    )
    return {row["id"]: whole(desk, row) for row in rows}


def whole(desk: Desk, row: asyncpg.Record) -> dict[str, Any]:
    """The representation in full, of a row with `document` and `personal`."""
    kept = row["personal"]
    found: dict[str, Any] = json.loads(row["document"] if kept is None else desk.cipher.decrypt(kept))
    return found


def _both(desk: Desk, record: Record) -> dict[str, str | None]:
    shown = json_text(record.shown)
    secret = None if record.shown == record.whole else json_text(record.whole)
    return {"document": shown, "personal": None if secret is None else desk.cipher.encrypt(secret)}
