"""SQL of asking: which of our copies nothing was heard of."""

from collections.abc import Collection, Sequence
from datetime import datetime

from asyncpg import Record

from libs.database import Connection, Database
from services.order_acceptance.engine.process import FORWARD

# Home's word that moved nothing is among the late results: it was heard all the same. What home keeps for its time,
# and nobody wants back, has nothing new to tell until then.
_QUIET = """
SELECT w.id, w.origin, w.forward_attempt, w.number, w.order_id, w.acceptance ->> 'trace' AS trace FROM work_orders w
WHERE w.state = 'running' AND w.part <> 'home' AND w.updated <= $1 AND w.id <> ALL($2::text[])
  AND w.steps -> w.position ->> 'name' = $3 AND w.steps -> w.position ->> 'state' = 'asked'
  AND NOT EXISTS (SELECT FROM late_results r
      WHERE r.work_order = w.id AND r.at > CASE WHEN w.deadline > $5 AND EXISTS (
        SELECT FROM product_orders o WHERE o.id = w.order_id AND o.state = 'pending') THEN $6 ELSE $1 END)
ORDER BY w.id LIMIT $4
"""


async def quiet(
    db: "Database | Connection",
    since: datetime,
    asked: Collection[str],
    most: int,
    dated: tuple[datetime, datetime],
) -> Sequence[Record]:
    """Work orders that were handed to the router and not heard of since that moment, but for those `asked` after.

    `dated`: what has a deadline after the first moment is before its time, and may have been heard of since the second.
    """
    return await db.fetch(_QUIET, since, list(asked), FORWARD, most, *dated)
