"""Notifications as operators look after them: what waits for whom, what was given up, and once more."""

from collections.abc import Sequence

import asyncpg

from libs.database import Connection, Database

_SHOWN = """
SELECT d.change, d.subscription, d.record, d.state, d.attempts, d.reason, d.next_at, c.kind, c.at, s.base, s.callback,
       s.issuer, s.subject, s.state AS listening
FROM hub_deliveries d JOIN hub_changes c ON c.id = d.change JOIN hub_subscriptions s ON s.id = d.subscription
"""
_ASKED = "WHERE d.state = $1 AND ($2::text IS NULL OR d.subscription = $2)"


async def listed(
    db: Database, state: str, subscription: str | None, offset: int, limit: int
) -> tuple[list[asyncpg.Record], int]:
    """What was given up first, of it the newest changes first; and how many there are in all."""
    sql = (
        f"{_SHOWN} {_ASKED} ORDER BY d.state = 'dead' DESC, d.change DESC, d.subscription OFFSET $3 LIMIT $4"
    )
    rows = await db.fetch(sql, state, subscription, offset, limit)
    counted = (
        f"SELECT count(*) FROM hub_deliveries d JOIN hub_subscriptions s ON s.id = d.subscription {_ASKED}"
    )
    total: int = await db.fetchval(counted, state, subscription)
    return rows, total


async def locked(tx: Connection, change: int, subscription: str) -> asyncpg.Record | None:
    """One of them, which nobody else moves until the end of the transaction; the subscription's row is locked too, so
    that it does not end meanwhile."""
    rows: Sequence[asyncpg.Record] = await tx.fetch(
        f"{_SHOWN} WHERE d.change = $1 AND d.subscription = $2 FOR UPDATE OF s, d", change, subscription
    )
    return rows[0] if rows else None


async def send_again(tx: Connection, change: int, subscription: str) -> None:
    """As if it had never been refused."""
    await tx.execute(
        "UPDATE hub_deliveries SET state = 'waiting', reason = NULL, attempts = 0, next_at = NULL"
        " WHERE change = $1 AND subscription = $2 AND state = 'dead'",
        change,
        subscription,
    )
