"""The hub in the database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from libs.database import Connection, Database
from libs.security.actor import Actor
from libs.tmf.condition import Parameters, both, quoted
from libs.tmf.hub.asking import Wanted
from libs.tmf.hub.rules import PATIENCE
from libs.tmf.hub.subscribers import actor_of, kept
from libs.tmf.resource import Document

MOST_SUBSCRIPTIONS = 20
"""Of one subscriber, for one API."""
KEPT_DEAD = timedelta(days=30)
AT_ONCE = 5_000
MATCH_PATIENCE = "2s"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One listener, and whose it is."""

    id: str
    base: str
    callback: str
    query: str | None
    actor: Actor
    failures: int = 0
    failing_since: datetime | None = None


# Twins of one registration meet at the digest: the second finds the first, and one that had ended goes on.
_SUBSCRIBE = """
INSERT INTO hub_subscriptions (id, base, callback, query, digest, issuer, subject, actor, tables, next_at, created)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10
WHERE EXISTS (SELECT FROM hub_subscriptions WHERE digest = $5)
   OR (SELECT count(*) FROM hub_subscriptions WHERE issuer = $6 AND subject = $7 AND base = $2) < $11
ON CONFLICT (digest) DO UPDATE
  SET actor = excluded.actor, tables = excluded.tables, state = 'active', reason = NULL, failures = 0,
      failing_since = NULL, next_at = excluded.next_at
RETURNING id
"""
_REVIVE = """
UPDATE hub_deliveries SET state = 'waiting', reason = NULL, attempts = 0, next_at = NULL
WHERE subscription = $1 AND state = 'dead'
"""


async def subscribe(
    tx: Connection, new: Subscription, digest: bytes, tables: Sequence[str], now: datetime
) -> str | None:
    """Keep a subscription, and answer its id: that of the same one, if it was there before, which takes up what it had
    not taken. None where the subscriber has too many."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"hub {new.actor.subject}")
    id: str | None = await tx.fetchval(
        _SUBSCRIBE,
        new.id,
        new.base,
        new.callback,
        new.query,
        digest,
        new.actor.issuer,
        new.actor.subject,
        kept(new.actor),
        list(tables),
        now,
        MOST_SUBSCRIPTIONS,
    )
    if id is not None and id != new.id:
        await tx.execute(_REVIVE, id)
    return id


async def unsubscribe(tx: Connection, base: str, id: str, actor: Actor) -> bool:
    """End a subscription, with all that it was still to be sent; whether the actor had it."""
    done = await tx.execute(
        "DELETE FROM hub_subscriptions WHERE id = $1 AND base = $2 AND issuer = $3 AND subject = $4",
        id,
        base,
        actor.issuer,
        actor.subject,
    )
    if done == "DELETE 0":
        return False
    await tx.execute("DELETE FROM hub_deliveries WHERE subscription = $1", id)
    return True


# Whoever waited longest comes first. A courier that died holds what it held until its time is over.
_HOLD = """
UPDATE hub_subscriptions s SET holder = $1, held_until = $3
FROM (SELECT id FROM hub_subscriptions s
      WHERE state = 'active' AND next_at <= $2 AND (held_until IS NULL OR held_until <= $2)
        AND EXISTS (SELECT FROM hub_deliveries d
                    WHERE d.subscription = s.id AND d.state = 'waiting' AND (d.next_at IS NULL OR d.next_at <= $2))
      ORDER BY next_at LIMIT $4 FOR UPDATE SKIP LOCKED) AS due
WHERE s.id = due.id
RETURNING s.id, base, callback, query, actor, failures, failing_since
"""


async def hold_due(
    db: Database, holder: str, now: datetime, until: datetime, most: int
) -> list[Subscription]:
    """Take subscriptions in hand to which something is to be sent, and nobody sends."""
    rows = await db.fetch(_HOLD, holder, now, until, most)
    return [
        Subscription(
            row["id"],
            row["base"],
            row["callback"],
            row["query"],
            actor_of(row["actor"]),
            row["failures"],
            row["failing_since"],
        )
        for row in rows
    ]


async def still_held(db: Database, id: str, holder: str, until: datetime) -> bool:
    """Hold on to a subscription; False where it is gone, or another's by now."""
    done = await db.execute(
        "UPDATE hub_subscriptions SET held_until = $3 WHERE id = $1 AND holder = $2 AND state = 'active'",
        id,
        holder,
        until,
    )
    return bool(done != "UPDATE 0")


async def let_go(db: Database, id: str, holder: str, next_at: datetime) -> None:
    """Give a subscription free; what is left of it comes after the others', and not before `next_at`."""
    await db.execute(
        "UPDATE hub_subscriptions SET holder = NULL, held_until = NULL, next_at = greatest(next_at, $3)"
        " WHERE id = $1 AND holder = $2",
        id,
        holder,
        next_at,
    )


@dataclass(frozen=True, slots=True)
class Delivery:
    """One change that a listener is still to be told."""

    change: int
    event: str
    source: str
    record: str
    kind: Any
    document: Document
    was: Document | None
    at: datetime | None
    attempts: int


# A record of which one notification waits for its next attempt waits with it: they are told in their order.
_WAITING = """
WITH resting AS (
  SELECT DISTINCT record FROM hub_deliveries WHERE subscription = $1 AND state = 'waiting' AND next_at > $2)
SELECT d.change, d.record, d.attempts, c.event::text AS event, c.source, c.kind, c."row" -> 'document' AS document,
       c.was, c.at
FROM hub_deliveries d JOIN hub_changes c ON c.id = d.change
WHERE d.subscription = $1 AND d.state = 'waiting' AND NOT EXISTS (SELECT FROM resting r WHERE r.record = d.record)
ORDER BY d.change LIMIT $3
"""


async def waiting(db: Database, id: str, now: datetime, most: int) -> list[Delivery]:
    """What a subscription is to be told next, in the order of the changes."""
    return [
        Delivery(
            row["change"],
            row["event"],
            row["source"],
            row["record"],
            row["kind"],
            json.loads(row["document"]),
            json.loads(row["was"]) if row["was"] else None,
            row["at"],
            row["attempts"],
        )
        for row in await db.fetch(_WAITING, id, now, most)
    ]


async def matching(db: Database, wanted: Wanted, changes: Sequence[int]) -> set[int]:
    """Which of these changes are of a record that the subscriber may see, and that his filters ask for.

    Judged on the row as it was after the change, by the same conditions as a list.
    """
    resource = wanted.told.resource
    parameters = Parameters(list(changes))
    visible = resource.visible(wanted.call.actor) if resource.visible else None
    where = parameters.bind(both(resource.scope, visible, wanted.filtering.condition))
    table = quoted(resource.table.name)
    sql = (
        f"SELECT hub_change FROM (SELECT c.id AS hub_change, changed.* FROM hub_changes c, LATERAL"
        f' jsonb_populate_record(NULL::{table}, c."row") AS changed WHERE c.id = ANY($1::bigint[])) AS {table}'
        f" WHERE {where}"
    )
    async with db.transaction() as tx:
        if wanted.filtering.patterns:
            await tx.execute(f"SET LOCAL statement_timeout = '{MATCH_PATIENCE}'")
        rows = await tx.fetch(sql, *parameters.values)
    return {row["hub_change"] for row in rows}


async def try_patterns(db: Database, patterns: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """The first regular expression that is none, with what is wrong with it."""
    for name, pattern in patterns:
        try:
            await db.fetchval("SELECT '' ~ $1::text", pattern)
        except asyncpg.InvalidRegularExpressionError as error:
            return name, str(error)[:200]
    return None


async def done(db: Database, id: str, changes: Sequence[int], *, answering: bool) -> None:
    """Forget what was told, or need not be; `answering`: the listener took something, and is there again."""
    await db.execute(
        "WITH well AS (UPDATE hub_subscriptions SET failures = 0, failing_since = NULL"
        "              WHERE id = $1 AND $3 AND failures > 0)"
        " DELETE FROM hub_deliveries WHERE subscription = $1 AND change = ANY($2::bigint[])",
        id,
        list(changes),
        answering,
    )


async def refused(db: Database, id: str, change: int, reason: str, next_at: datetime | None) -> None:
    """The listener would not have one notification: it is tried again at `next_at`, or given up where there is none."""
    await db.execute(
        "UPDATE hub_deliveries SET attempts = attempts + 1, reason = $3, next_at = $4,"
        " state = CASE WHEN $4::timestamptz IS NULL THEN 'dead' ELSE 'waiting' END"
        " WHERE subscription = $1 AND change = $2",
        id,
        change,
        reason,
        next_at,
    )


async def away(db: Database, id: str, reason: str, now: datetime, next_at: datetime | None) -> None:
    """The listener is not there: asked again at `next_at`; where there is none the subscription ends, and what it was
    still to be told is dead."""
    async with db.transaction() as tx:
        await tx.execute(
            "UPDATE hub_subscriptions SET failures = failures + 1, failing_since = coalesce(failing_since, $3),"
            " next_at = coalesce($4, next_at), reason = $2,"
            " state = CASE WHEN $4::timestamptz IS NULL THEN 'ended' ELSE state END WHERE id = $1",
            id,
            reason,
            now,
            next_at,
        )
        if next_at is None:
            await tx.execute(
                "UPDATE hub_deliveries SET state = 'dead', reason = $2 WHERE subscription = $1 AND state = 'waiting'",
                id,
                reason,
            )


_OLD_DEAD = """
DELETE FROM hub_deliveries d USING hub_changes c
WHERE c.id = d.change AND d.state = 'dead' AND c.at < $1
"""
_LOST = """
DELETE FROM hub_deliveries d WHERE NOT EXISTS (SELECT FROM hub_subscriptions s WHERE s.id = d.subscription)
"""
_ENDED = "DELETE FROM hub_subscriptions WHERE state = 'ended' AND failing_since < $1"
_TOLD = """
DELETE FROM hub_changes WHERE id IN (
  SELECT id FROM hub_changes c WHERE NOT EXISTS (SELECT FROM hub_deliveries d WHERE d.change = c.id) LIMIT $1)
"""


async def trim(connection: Connection, now: datetime) -> int:
    """Forget changes of which everybody was told, and what was given up 30 days ago; how many changes."""
    await connection.execute(_OLD_DEAD, now - KEPT_DEAD)
    await connection.execute(_ENDED, now - KEPT_DEAD - PATIENCE)
    await connection.execute(_LOST)
    total, last = 0, AT_ONCE
    while last == AT_ONCE:
        last = int((await connection.execute(_TOLD, AT_ONCE)).removeprefix("DELETE "))
        total += last
    return total


async def count(db: Database) -> tuple[int, int]:
    """How many notifications wait, and how many were given up."""
    row = await db.fetchrow(
        "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'dead') FROM hub_deliveries"
    )
    assert row is not None
    return row[0], row[1]
