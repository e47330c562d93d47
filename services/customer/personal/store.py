"""Who saw personal data in full, and why."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from libs.database import Connection, Database
from libs.json_text import json_text
from libs.security.actor import Actor
from services.customer.desk import who


async def write_disclosures(
    tx: Connection,
    actor: Actor,
    *,
    purpose: str,
    resource: str,
    records: Sequence[tuple[str, Sequence[str]]],
    request_id: str,
    now: datetime,
) -> None:
    """One row for each record (its id, and the attributes that were shown)."""
    await tx.execute(
        """INSERT INTO disclosures (at, actor, place, purpose, resource, record, attributes, request_id)
           SELECT $1, $2, $3::jsonb, $4, $5, n.record, ARRAY(SELECT jsonb_array_elements_text(n.attributes)), $6
             FROM jsonb_to_recordset($7::jsonb) AS n(record text, attributes jsonb)""",
        now,
        who(actor),
        json_text(actor.place()),
        purpose,
        resource,
        request_id,
        json_text([{"record": record, "attributes": list(attributes)} for record, attributes in records]),
    )


_ASKED = """
    ($1::text IS NULL OR record = $1) AND ($2::text IS NULL OR actor = $2)
    AND ($3::text IS NULL OR place ->> 'area' = $3)
"""


async def disclosures(
    db: Database, record: str | None, actor: str | None, area: str | None, offset: int, limit: int
) -> tuple[list[asyncpg.Record], int]:
    """Rows of the audit (`area`: of acts in it), the newest first, and how many there are in all."""
    rows = await db.fetch(
        f"SELECT * FROM disclosures WHERE {_ASKED} ORDER BY id DESC OFFSET $4 LIMIT $5",
        record,
        actor,
        area,
        offset,
        limit,
    )
    total: int = await db.fetchval(f"SELECT count(*) FROM disclosures WHERE {_ASKED}", record, actor, area)
    return rows, total
