"""SQL of asking: which of our copies nothing was heard of, and which work orders others ask after."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Record

from contracts.control import StateAsked
from libs.database import Connection, Database
from services.order_acceptance.engine.process import FORWARD

# Home's word that moved nothing is among the late results: it was heard all the same.
_QUIET = """
SELECT w.id, w.origin, w.forward_attempt, w.number, w.order_id, w.acceptance ->> 'trace' AS trace FROM work_orders w
WHERE w.state = 'running' AND w.part <> 'home' AND w.updated <= $1 AND w.id <> ALL($2::text[])
  AND w.steps -> w.position ->> 'name' = $3 AND w.steps -> w.position ->> 'state' = 'asked'
  AND NOT EXISTS (SELECT FROM late_results r WHERE r.work_order = w.id AND r.at > $1)
ORDER BY w.id LIMIT $4
"""
_ASKED_AFTER = """
SELECT w.id, w.origin, w.origin_transaction, w.forward_attempt FROM work_orders w
JOIN unnest($1::text[], $2::text[], $3::int[]) AS asked(origin, transaction, attempt)
  ON w.origin = asked.origin AND w.origin_transaction = asked.transaction AND w.forward_attempt = asked.attempt
WHERE w.part = 'home'
"""


async def quiet(
    db: "Database | Connection", since: datetime, asked: Collection[str], most: int
) -> Sequence[Record]:
    """Work orders that were handed to the router and not heard of since that moment, but for those `asked` after."""
    return await db.fetch(_QUIET, since, list(asked), FORWARD, most)


async def asked_after(tx: Connection, questions: Sequence[StateAsked]) -> dict[tuple[str, str, int], str]:
    """The work orders here that the questions are about, by origin, its transaction and the attempt."""
    rows = await tx.fetch(
        _ASKED_AFTER,
        [one.origin for one in questions],
        [one.origin_transaction for one in questions],
        [one.attempt for one in questions],
    )
    return {(row["origin"], row["origin_transaction"], row["forward_attempt"]): row["id"] for row in rows}
