"""The inbox: what was taken in, so that nothing is taken in twice."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from libs.database import Connection

SUBSCRIBER = "main"
DONE = "done"
DEAD = "dead"


class Claim(NamedTuple):
    """One message as the inbox knows it."""

    id: str
    source: str
    state: str = DONE


_CLAIM = """
INSERT INTO inbox (ce_id, source, subscriber, state, received)
SELECT ce_id, source, $4, state, $5 FROM unnest($1::text[], $2::text[], $3::text[]) AS row(ce_id, source, state)
ON CONFLICT DO NOTHING RETURNING ce_id, source
"""
_REVIVE = """
INSERT INTO inbox (ce_id, source, subscriber, state, received) VALUES ($1, $2, $3, 'done', $4)
ON CONFLICT (ce_id, source, subscriber) DO UPDATE SET state = 'done' WHERE inbox.state = 'dead'
RETURNING true
"""


async def claim(
    tx: Connection, claims: Iterable[Claim], now: datetime, subscriber: str = SUBSCRIBER
) -> set[tuple[str, str]]:
    """Enter messages in the transaction of their effect; (id, source) of those that were never seen before.

    Sorted, so that two consumers with the same messages wait for each other instead of deadlocking.
    """
    rows = sorted(claims)
    fresh = await tx.fetch(
        _CLAIM,
        [row.id for row in rows],
        [row.source for row in rows],
        [row.state for row in rows],
        subscriber,
        now,
    )
    return {(row["ce_id"], row["source"]) for row in fresh}


async def revive(tx: Connection, id: str, source: str, now: datetime, subscriber: str = SUBSCRIBER) -> bool:
    """Turn the row of a dead letter to done, in the transaction of its effect; False when the effect is there already.

    A row that was trimmed meanwhile is entered again.
    """
    return bool(await tx.fetchval(_REVIVE, id, source, subscriber, now))


async def mark_dead(tx: Connection, id: str, source: str, subscriber: str = SUBSCRIBER) -> None:
    """A message that had been taken in (and was parked) is given up."""
    await tx.execute(
        "UPDATE inbox SET state = 'dead' WHERE ce_id = $1 AND source = $2 AND subscriber = $3",
        id,
        source,
        subscriber,
    )
