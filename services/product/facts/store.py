"""What was told of each offering, and telling it anew when the offering, or what it is made of, changes."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from contracts.base import Document
from contracts.events import OfferingChanged
from libs.database import Connection, Database
from libs.json_text import json_text
from libs.messaging import Outgoing
from libs.messaging.topics import events
from libs.tmf import Changed
from libs.web.runtime import Runtime
from services.product.facts.rules import Resolved, differs, facts_of, next_change
from services.product.offerings.rules import named_by

_MADE_OF = """
    SELECT id, document::text AS document, NULL::text AS original FROM specifications WHERE id = ANY($1::text[])
    UNION ALL SELECT id, document::text, original::text FROM prices WHERE id = ANY($2::text[])
"""
_COLUMNS = "id, version, document::text AS document, national, kind, facts::text AS facts"
_AFFECTED = f"""
    SELECT {_COLUMNS} FROM offerings WHERE kind IS NOT NULL AND document @> $1::jsonb ORDER BY id FOR UPDATE
"""
_DUE = f"""
    SELECT {_COLUMNS} FROM offerings WHERE kind IS NOT NULL AND prices_change_at <= $1
    ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_PAGE = """
    SELECT facts::text AS facts FROM offerings
    WHERE kind IS NOT NULL AND facts IS NOT NULL AND id > $1 ORDER BY id LIMIT $2
"""
_KEEP = """
    UPDATE offerings o SET version = n.version, facts = n.facts, prices_change_at = n.prices_change_at
    FROM jsonb_to_recordset($1::jsonb) AS n(id text, version bigint, facts jsonb, prices_change_at timestamptz)
    WHERE o.id = n.id
"""
BATCH = 200


class Made(NamedTuple):
    """What offerings are made of: as it is in force here, and as headquarters has it."""

    document: Document
    original: Document


async def told(db: Database, id: str) -> str | None:
    """The facts of an offering as JSON, as they were last told; None for none, and for a draft that has no kind."""
    found: str | None = await db.fetchval(
        "SELECT facts::text FROM offerings WHERE id = $1 AND kind IS NOT NULL", id
    )
    return found


async def page_of_offerings(tx: Connection, after: str, limit: int) -> list[OfferingChanged]:
    """What was last told of the offerings behind an id, in the order of their ids."""
    rows = await tx.fetch(_PAGE, after, limit)
    return [OfferingChanged.model_validate_json(row["facts"]) for row in rows]


async def count_offerings(tx: Connection) -> int:
    """How many offerings were told of."""
    found: int = await tx.fetchval(
        "SELECT count(*) FROM offerings WHERE kind IS NOT NULL AND facts IS NOT NULL"
    )
    return found


async def tell(tx: Connection, changed: Changed) -> OfferingChanged | None:
    """The event of an offering that was just written; None while it has no kind."""
    if changed.deleted:
        return None  # `tell_deleted` has spoken, while the row was still there to be read
    row = await tx.fetchrow("SELECT national, kind FROM offerings WHERE id = $1", changed.document["id"])
    if row is None or row["kind"] is None:
        return None
    (offering,) = await _resolved(tx, [(row, changed.document)], {})
    facts = facts_of(offering, changed.version, changed.at)
    await _keep(tx, [(facts, next_change(offering.prices, changed.at))])
    return facts


async def tell_deleted(tx: Connection, runtime: Runtime, id: str, now: datetime) -> None:
    """Tell of an offering that is about to be deleted; nothing where nobody has heard of it."""
    row = await tx.fetchrow("SELECT version, facts::text AS facts FROM offerings WHERE id = $1", id)
    if row is None or row["facts"] is None:
        return
    last = OfferingChanged.model_validate_json(row["facts"])
    gone = last.model_copy(update={"version": row["version"] + 1, "deleted": True, "at": now})
    await _send(tx, runtime, [gone], now)


async def tell_again(
    tx: Connection,
    runtime: Runtime,
    containing: Document,
    now: datetime,
    *,
    changed: Mapping[str, Made],
) -> None:
    """Tell anew of every offering whose document contains this, where what it is made of makes a difference.

    `changed`: records that will be written in this transaction, by id, as they will be.
    """
    rows = await tx.fetch(_AFFECTED, json_text(containing))
    await _tell_rows(tx, runtime, rows, changed, now)


async def tell_due(tx: Connection, runtime: Runtime, now: datetime) -> int:
    """Tell anew of offerings one of whose prices began or ended meanwhile; how many were looked at."""
    rows = await tx.fetch(_DUE, now, BATCH)
    await _tell_rows(tx, runtime, rows, {}, now)
    return len(rows)


async def _tell_rows(
    tx: Connection, runtime: Runtime, rows: Sequence[Any], changed: Mapping[str, Made], now: datetime
) -> None:
    offerings = await _resolved(tx, [(row, json.loads(row["document"])) for row in rows], changed)
    news, kept = [], []
    for row, offering in zip(rows, offerings, strict=True):
        before = json.loads(row["facts"]) if row["facts"] else None
        facts = facts_of(offering, row["version"] + 1, now)
        if differs(before, facts):
            news.append(facts)
        else:
            facts = OfferingChanged.model_validate(before)
        kept.append((facts, next_change(offering.prices, now)))
    await _keep(tx, kept)
    await _send(tx, runtime, news, now)


async def _resolved(
    tx: Connection, found: Sequence[tuple[Any, Document]], changed: Mapping[str, Made]
) -> list[Resolved]:
    """Offerings with the documents that their facts are made of; `found` are rows and their documents."""
    named = [named_by(document) for _, document in found]
    specifications = {one.specification for one in named if one.specification}
    prices = {price for one in named for price in one.prices}
    rows = await tx.fetch(_MADE_OF, list(specifications), list(prices))
    known = {row["id"]: _made(row) for row in rows} | dict(changed)
    # Named twice, a price is still asked once.
    asked = [[known[price] for price in dict.fromkeys(one.prices) if price in known] for one in named]
    return [
        Resolved(
            id=document["id"],
            document=document,
            national=row["national"],
            kind=row["kind"],
            specification=known[one.specification].document if one.specification in known else None,
            prices=tuple(price.document for price in prices),
            national_prices=tuple(price.original for price in prices),
        )
        for (row, document), one, prices in zip(found, named, asked, strict=True)
    ]


def _made(row: Any) -> Made:
    document = json.loads(row["document"])
    return Made(document, json.loads(row["original"]) if row["original"] else document)


async def _keep(tx: Connection, facts: Sequence[tuple[OfferingChanged, datetime | None]]) -> None:
    rows = [
        {
            "id": one.id,
            "version": one.version,
            "facts": one.model_dump(mode="json", by_alias=True),
            "prices_change_at": at.isoformat() if at else None,
        }
        for one, at in facts
    ]
    if rows:
        await tx.execute(_KEEP, json_text(rows))


async def _send(tx: Connection, runtime: Runtime, news: Sequence[OfferingChanged], now: datetime) -> None:
    topic = events(runtime.settings.node, runtime.service.name)
    await runtime.outbox.put(tx, [Outgoing(topic, one.id, one, subject=one.id) for one in news], now)
