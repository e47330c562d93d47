"""Copies of others' records, fed by their events: so that an order is judged from this service's own database."""

import json
from collections.abc import Sequence
from typing import Any

from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked, OfferingChanged
from libs.database import Connection
from libs.messaging import Message, Work

Record = OfferingChanged | CustomerChanged | BillingAccountChanged | IdentityChecked


async def on_offerings(work: Work, messages: list[Message[OfferingChanged]]) -> None:
    await keep_offerings(work.tx, [message.data for message in messages])


async def on_customers(work: Work, messages: list[Message[CustomerChanged]]) -> None:
    await keep_customers(work.tx, [message.data for message in messages])


async def on_accounts(work: Work, messages: list[Message[BillingAccountChanged]]) -> None:
    await keep_accounts(work.tx, [message.data for message in messages])


async def on_identity_checks(work: Work, messages: list[Message[IdentityChecked]]) -> None:
    await keep_identity_checks(work.tx, [message.data for message in messages])


async def keep_offerings(tx: Connection, records: Sequence[OfferingChanged]) -> None:
    rows = [_row(one) | {"kind": one.kind, "business": one.business} for one in records]
    await _keep(tx, "known_offerings", {"kind": "text", "business": "text"}, rows)


async def keep_customers(tx: Connection, records: Sequence[CustomerChanged]) -> None:
    await _keep(tx, "known_customers", {}, [_row(one) for one in records])


async def keep_accounts(tx: Connection, records: Sequence[BillingAccountChanged]) -> None:
    rows = [_row(one) | {"customer": one.customer} for one in records]
    await _keep(tx, "known_accounts", {"customer": "text"}, rows)


async def keep_identity_checks(tx: Connection, records: Sequence[IdentityChecked]) -> None:
    rows = [_row(one) | {"valid_until": one.valid_until.isoformat()} for one in records]
    await _keep(tx, "known_identity_checks", {"valid_until": "timestamptz"}, rows)


def _row(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "version": record.version,
        "deleted": getattr(record, "deleted", False),
        "record": record.model_dump(mode="json", by_alias=True),
    }


async def _keep(tx: Connection, table: str, more: dict[str, str], rows: Sequence[dict[str, Any]]) -> None:
    """Replace older copies; of several versions in one batch the newest counts, older than ours are ignored."""
    newest: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = newest.get(row["id"])
        if known is None or known["version"] < row["version"]:
            newest[row["id"]] = row
    columns = {"id": "text", "version": "bigint", "deleted": "boolean", **more, "record": "jsonb"}
    names = ", ".join(columns)
    await tx.execute(
        f"""INSERT INTO {table} ({names})
            SELECT {names} FROM jsonb_to_recordset($1::jsonb)
                AS n({", ".join(f"{name} {kind}" for name, kind in columns.items())}) ORDER BY id
            ON CONFLICT (id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in columns if name != "id")}
            WHERE {table}.version < excluded.version""",
        json.dumps(list(newest.values())),
    )
