"""Writing records: each change counts the version, sets the stamp, and tells of itself in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
from pydantic_core import from_json

from libs.database import Connection
from libs.ids import new_id
from libs.json_text import json_text
from libs.messaging import Outgoing
from libs.messaging.topics import events
from libs.tmf import codes
from libs.tmf.condition import quoted
from libs.tmf.leaves import column_kind
from libs.tmf.model import parse_instant
from libs.tmf.resource import Changed, Document, Resource
from libs.web import codes as web_codes
from libs.web.errors import Reason, Refusal
from libs.web.runtime import Runtime

AT = "set_config('unicrm.now', $3, true) IS NOT NULL"
"""Always true: tells the hub the moment of a deletion (the third parameter, as text), which no row keeps."""


@dataclass(slots=True)
class Stored:
    """A record as it is in the database."""

    id: str
    version: int
    document: Document


def moment(at: datetime) -> str:
    """A moment as our documents write it: `2026-11-24T00:00:00.123456Z`."""
    return at.isoformat().replace("+00:00", "Z")


async def insert_resource(
    tx: Connection,
    runtime: Runtime,
    resource: Resource,
    document: Document,
    *,
    now: datetime,
    columns: Mapping[str, Any] | None = None,
) -> Stored:
    """Keep a new record: `document` without href, with the id that it shall have, or it gets one.

    Defaults, @type and the stamp are filled in where they lack. `columns` are further columns of the row, or others
    than the document gives. Raises Refusal 409 already-exists. The relay is to be woken after the commit.
    """
    document.setdefault("id", new_id())
    document.setdefault("@type", resource.type)
    for name, value in resource.defaults.items():
        document.setdefault(name, value)
    if resource.stamped:
        document.setdefault(resource.stamped, moment(now))
    row = {
        "id": document["id"],
        "version": 1,
        "document": json_text(document),
        "created": now,
        "last_update": now,
        **column_values(resource, document),
        **(columns or {}),
    }
    table = resource.table.name
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    try:
        await tx.execute(
            f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, row))}) VALUES ({places})", *row.values()
        )
    except asyncpg.UniqueViolationError as clash:
        if clash.constraint_name != f"{table}_pkey":
            raise
        raise Refusal(Reason(codes.ALREADY_EXISTS, path="id")) from None
    await _tell(tx, runtime, resource, Changed(document, 1, now))
    return Stored(document["id"], 1, document)


async def update_resource(
    tx: Connection,
    runtime: Runtime,
    resource: Resource,
    stored: Stored,
    document: Document,
    *,
    now: datetime,
    columns: Mapping[str, Any] | None = None,
) -> Stored:
    """Replace a record by `document`, the whole of it; `stored` is what was changed, and what nobody changed since.

    Raises Refusal 409 edited-meanwhile where somebody did.
    """
    if resource.stamped:
        document[resource.stamped] = moment(now)
    row = {
        "document": json_text(document),
        "last_update": now,
        **column_values(resource, document),
        **(columns or {}),
    }
    sets = ", ".join(f"{quoted(name)} = ${place}" for place, name in enumerate(row, 3))
    version = await tx.fetchval(
        f"UPDATE {quoted(resource.table.name)} SET version = version + 1, {sets}"
        " WHERE id = $1 AND version = $2 RETURNING version",
        stored.id,
        stored.version,
        *row.values(),
    )
    if version is None:
        raise Refusal(Reason(web_codes.EDITED_MEANWHILE, version=stored.version + 1))
    await _tell(tx, runtime, resource, Changed(document, version, now))
    return Stored(stored.id, version, document)


async def put_resource(
    tx: Connection,
    runtime: Runtime,
    resource: Resource,
    document: Document,
    *,
    now: datetime,
    columns: Mapping[str, Any] | None = None,
) -> Stored | None:
    """Make the record with the document's id say this, as seeds do: new, changed, or (None) as it was already."""
    row = await tx.fetchrow(
        f"SELECT id, version, document::text AS document FROM {quoted(resource.table.name)} WHERE id = $1 FOR UPDATE",
        document["id"],
    )
    if row is None:
        return await insert_resource(tx, runtime, resource, document, now=now, columns=columns)
    stored = Stored(row["id"], row["version"], from_json(row["document"]))
    set_here = {"@type", *resource.defaults, *([resource.stamped] if resource.stamped else [])}
    kept = {name: value for name, value in stored.document.items() if name in set_here}
    if (wanted := kept | document) == stored.document:
        return None
    return await update_resource(tx, runtime, resource, stored, wanted, now=now, columns=columns)


async def delete_resource(
    tx: Connection, runtime: Runtime, resource: Resource, stored: Stored, *, now: datetime
) -> None:
    """Remove a record. Raises Refusal 409 edited-meanwhile where it is another version by now, or gone."""
    done = await tx.execute(
        f"DELETE FROM {quoted(resource.table.name)} WHERE id = $1 AND version = $2 AND {AT}",
        stored.id,
        stored.version,
        now.isoformat(),
    )
    if done == "DELETE 0":
        raise Refusal(Reason(web_codes.EDITED_MEANWHILE, version=stored.version + 1))
    await _tell(tx, runtime, resource, Changed(stored.document, stored.version + 1, now, deleted=True))


def column_values(resource: Resource, document: Document) -> dict[str, Any]:
    """The columns that follow from a document, in the types of the table."""
    found = {column: _at(document, name.split(".")) for name, column in resource.columns.items()}
    found.pop("id", None)
    if resource.characteristic_path:
        given = document.get(resource.characteristic_path) or []
        values = {one.get("name"): one.get("value") for one in given}
        found |= {
            column: values.get(name)
            for name, column in resource.characteristics.items()
            if column and column not in found
        }
    return {column: _typed(resource, column, value) for column, value in found.items()}


def _at(document: Any, steps: list[str]) -> Any:
    for step in steps:
        document = document.get(step) if isinstance(document, dict) else None
    return document


def _typed(resource: Resource, column: str, value: Any) -> Any:
    if value is None:
        return None
    kind, cast = column_kind(resource.table.c[column])
    match kind:
        case "number":
            return int(value) if cast == "bigint" else Decimal(str(value))
        case "instant":
            return parse_instant(value)
        case "date":
            return date.fromisoformat(value)
        case "boolean":
            return bool(value)
        case _:
            return value if isinstance(value, str) else json_text(value)


async def _tell(tx: Connection, runtime: Runtime, resource: Resource, changed: Changed) -> None:
    if resource.event is None:
        return
    data = await resource.event(tx, changed)
    if data is None:
        return
    topic = (resource.topic or events)(runtime.settings.node, runtime.service.name)
    key = changed.document["id"]
    await runtime.outbox.put(tx, [Outgoing(topic, key, data, subject=key)], changed.at)
