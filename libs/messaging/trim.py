"""Trimming: what messaging need not remember any longer, in small bites so that nobody waits."""

from datetime import datetime, timedelta

from libs.database import Connection
from libs.messaging.dead_letters import DeadLetter, bury, kept_thread
from libs.messaging.inbox import SUBSCRIBER
from libs.messaging.outbox import Outbox

INBOX_DAYS = 31
"""Messages older than 30 days are refused by their `ce_time`, so older rows protect nothing; a day for the clocks."""
REPLAYED_DAYS = 90
PARKED_DAYS = 14
"""What nothing has freed for so long is shown to an operator, as a dead letter."""
AT_ONCE = 5_000

_INBOX = """
DELETE FROM inbox WHERE (ce_id, source, subscriber) IN (
  SELECT ce_id, source, subscriber FROM inbox WHERE received < $1 AND state = 'done' LIMIT $2)
"""
_REPLAYED = """
DELETE FROM dead_letters WHERE id IN (
  SELECT id FROM dead_letters WHERE state = 'replayed' AND replayed < $1 LIMIT $2)
"""
_PARKED = """
WITH old AS (SELECT id FROM parked WHERE created < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
DELETE FROM parked USING old WHERE parked.id = old.id
RETURNING parked.key, topic, message_key, source, ce_id, ce_type, subject, ce_time, traceparent, payload
"""


async def trim(connection: Connection, now: datetime, outbox: Outbox | None = None) -> dict[str, int]:
    """Remove what is old enough, outside a transaction; how many rows of each table.

    An inbox row whose message lies among the dead letters stays: a second delivery must not revive it. Parked messages
    are given up only where an outbox is given to announce them on.
    """
    removed = {"inbox": 0, "dead_letters": 0, "parked": 0}
    for table, statement, days in (
        ("inbox", _INBOX, INBOX_DAYS),
        ("dead_letters", _REPLAYED, REPLAYED_DAYS),
    ):
        count = AT_ONCE
        while count == AT_ONCE:
            status = await connection.execute(statement, now - timedelta(days=days), AT_ONCE)
            count = int(status.removeprefix("DELETE "))
            removed[table] += count
    count = AT_ONCE if outbox is not None else 0
    while outbox is not None and count == AT_ONCE:
        async with connection.transaction():
            count = await _give_up_parked(connection, outbox, now)
        removed["parked"] += count
        outbox.wake()
    return removed


async def _give_up_parked(tx: Connection, outbox: Outbox, now: datetime) -> int:
    rows = await tx.fetch(_PARKED, now - timedelta(days=PARKED_DAYS), AT_ONCE)
    letters = [
        DeadLetter(
            "in",
            "never-due",
            f"parked for {row['key']}, which did not change in {PARKED_DAYS} days",
            row["topic"],
            row["message_key"],
            row["source"],
            row["ce_id"],
            row["ce_type"],
            row["subject"],
            row["ce_time"],
            kept_thread(row["traceparent"]),
            row["payload"],
        )
        for row in rows
    ]
    await bury(tx, outbox, letters, now)
    await tx.execute(
        "UPDATE inbox SET state = 'dead' FROM unnest($1::text[], $2::text[]) AS row(id, source) "
        "WHERE inbox.ce_id = row.id AND inbox.source = row.source AND subscriber = $3",
        [row["ce_id"] for row in rows],
        [row["source"] for row in rows],
        SUBSCRIBER,
    )
    return len(rows)
