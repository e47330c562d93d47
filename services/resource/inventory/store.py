"""Numbers and cards as rows: coming in, changing state, and coming free by themselves."""

from collections.abc import Sequence
from datetime import datetime

from libs.database import Connection, Database
from libs.json_text import json_text
from services.resource.inventory.rules import LAID_IN, MSISDN, SIM, Stock, shown

AT_ONCE = 1_000
"""So many come free in one statement: what a sweep locks, it locks briefly."""


LAID_IN_SQL = f"CASE r.category WHEN '{MSISDN}' THEN '{LAID_IN[MSISDN]}' ELSE '{LAID_IN[SIM]}' END"
"""The state in which the resource `r` is stock that anybody may have."""


def document_sql(row: str, state: str, looks: str) -> str:
    """The document of `row` with another state: `state` and `looks` (jsonb, see rules.shown) are expressions."""
    first = f"jsonb_set({row}.document -> 'resourceCharacteristic', '{{0,value}}', to_jsonb({state}))"
    return f"{row}.document || {looks} || jsonb_build_object('resourceCharacteristic', {first})"


_INTO_STOCK = """
INSERT INTO resources (id, version, document, created, last_update,
                       category, value, state, kind, area, network, number_class)
SELECT id, 1, document, $10, $10, category, value, state, kind, area, network, number_class
FROM unnest($1::text[], $2::jsonb[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
  AS row(id, document, category, value, state, kind, area, network, number_class)
ON CONFLICT DO NOTHING
RETURNING value
"""


async def into_stock(tx: Connection, stock: Sequence[Stock], now: datetime) -> set[str]:
    """Take these numbers or cards in, and answer the values of those that were not there yet; others stay as they
    are."""
    rows = [
        (
            one.id,
            json_text(one.document()),
            one.category,
            one.value,
            one.state,
            one.kind,
            one.area,
            one.network,
            one.number_class,
        )
        for one in stock
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(9)]
    return {row["value"] for row in await tx.fetch(_INTO_STOCK, *columns, now)}


_COME_FREE = f"""
WITH due AS MATERIALIZED (
  SELECT id FROM resources WHERE until <= $1 ORDER BY until LIMIT $2 FOR UPDATE SKIP LOCKED)
UPDATE resources r
SET state = {LAID_IN_SQL}, until = NULL, reservation = NULL, work_order = NULL, bound_to = NULL,
    version = r.version + 1, last_update = $1, document = {document_sql("r", LAID_IN_SQL, "$3::jsonb")}
FROM due WHERE r.id = due.id
"""


async def come_free(source: "Connection | Database", now: datetime) -> int:
    """What was reserved until now, or has rested long enough, is free again; how many came free.

    Bounded statements, as many as it takes; nothing is locked longer than one of them, unless `source` is inside a
    transaction.
    """
    looks = json_text(shown(LAID_IN[MSISDN]))
    total, last = 0, AT_ONCE
    while last == AT_ONCE:
        done = await source.execute(_COME_FREE, now, AT_ONCE, looks)
        last = int(done.split()[-1])
        total += last
    return total


async def is_known(tx: Connection, id: str) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM resources WHERE id = $1)", id))


async def is_referred_to(tx: Connection, value: str) -> bool:
    """Whether a SIM profile belongs to the card of this ICCID."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM profiles WHERE iccid = $1)", value))
