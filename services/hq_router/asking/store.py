"""SQL of asking: which forwards nothing was heard of."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from asyncpg import Record

from contracts.control import ASK_AFTER, StateAsked
from contracts.work_orders import Forward
from libs.database import Connection
from libs.messaging.topics import uplink

_QUIET = """
WITH quiet AS (
  SELECT id FROM forwards WHERE state = 'sent' AND ask_at <= $1 AND home <> ALL($2::text[])
  ORDER BY ask_at LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE forwards SET ask_at = $4 FROM quiet WHERE forwards.id = quiet.id
RETURNING origin, origin_transaction, attempt, number, order_id, home, sequence, trace
"""
_ASKED = "UPDATE forwards SET ask_at = $2 WHERE id = ANY($1::text[]) AND state = 'sent'"


async def quiet(tx: Connection, silent: Iterable[str], now: datetime, most: int) -> Sequence[Record]:
    """Forwards of which nothing was heard for so long that home is asked; they are due again after as long.

    Those of silent homes are left: they are asked once they can be heard.
    """
    return await tx.fetch(_QUIET, now, sorted(silent), most, now + ASK_AFTER)


async def asked(tx: Connection, ids: Sequence[str], now: datetime) -> None:
    """The homes of these forwards are being asked now."""
    if ids:
        await tx.execute(_ASKED, sorted(ids), now + ASK_AFTER)


_DEAD = """
SELECT asked.n FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked(topic, key, n)
WHERE EXISTS (SELECT FROM dead_letters d
  WHERE d.state = 'dead' AND d.direction = 'in' AND d.ce_type = $3 AND d.topic = asked.topic AND d.key = asked.key)
"""


async def not_dead(tx: Connection, questions: Sequence[StateAsked]) -> list[StateAsked]:
    """Those of these questions whose number has no forward among the dead letters: a repetition would die as well."""
    if not questions:
        return []
    rows = await tx.fetch(
        _DEAD,
        [uplink(one.origin, "work-orders") for one in questions],
        [one.number or one.origin_transaction for one in questions],
        Forward.ce_type,
    )
    dead = {row["n"] for row in rows}
    return [one for n, one in enumerate(questions, 1) if n not in dead]
