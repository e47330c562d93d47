"""What others are told of card writings: for which order, which card, and whether it is written. Never the data."""

from collections.abc import Iterable, Sequence

import asyncpg

from contracts.events import CardWritingChanged
from libs.database import Connection, Database
from libs.messaging import Outgoing
from libs.messaging.topics import events

_TOLD = (
    'id, CASE WHEN confirmed IS NULL THEN 1 ELSE 2 END AS version, order_id AS "order", iccid,'
    " confirmed IS NOT NULL AS written, coalesce(confirmed, created) AS at"
)


def _event(row: asyncpg.Record) -> CardWritingChanged:
    return CardWritingChanged.model_validate(dict(row))


async def facts_of(db: Database, id: str) -> CardWritingChanged | None:
    """What the newest event tells of a card writing, by its id; by an order's, of that order's last card."""
    row = await db.fetchrow(
        f"SELECT {_TOLD} FROM card_writings WHERE id = $1 OR order_id = $1 ORDER BY id DESC LIMIT 1", id
    )
    return None if row is None else _event(row)


async def told(tx: Connection, ids: Sequence[str]) -> list[CardWritingChanged]:
    """These card writings as they are now."""
    rows = await tx.fetch(f"SELECT {_TOLD} FROM card_writings WHERE id = ANY($1::text[]) ORDER BY id", ids)
    return [_event(row) for row in rows]


async def page_of_writings(tx: Connection, after: str, limit: int) -> list[CardWritingChanged]:
    rows = await tx.fetch(
        f"SELECT {_TOLD} FROM card_writings WHERE id > $1 ORDER BY id LIMIT $2", after, limit
    )
    return [_event(row) for row in rows]


async def count_writings(tx: Connection) -> int:
    found: int = await tx.fetchval("SELECT count(*) FROM card_writings")
    return found


def messages(node: str, changed: Iterable[CardWritingChanged]) -> list[Outgoing]:
    topic = events(node, "resource")
    return [Outgoing(topic, one.id, one, subject=one.id) for one in changed]
