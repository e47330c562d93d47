"""SQL of asking: which forwards nothing was heard of."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from asyncpg import Record

from libs.database import Connection
from services.hq_router.forwards.store import ASK_AFTER

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
