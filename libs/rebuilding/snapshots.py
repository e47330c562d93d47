"""The owner's side: every record of a kind is told once more, page by page, through the outbox."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg

from libs.database import Connection
from libs.ids import new_id
from libs.messaging import Outgoing
from libs.messaging.topics import events

if TYPE_CHECKING:
    from libs.service import Runtime

PAGE = 500
"""Records in one transaction."""
MOST_WAITING = 2_000
"""Where so many messages wait in the outbox already, a snapshot waits too: what happens now goes first."""
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Republishes:
    """Records of one kind that this service owns, and can tell of again.

    `page(tx, after, limit)` gives the events (each with its `id`) of the records behind `after`, in the order of their
    ids, at their current versions; `count(tx)` says how many there are.
    """

    kind: str
    page: Callable[[Connection, str, int], Awaitable[Sequence[Any]]]
    count: Callable[[Connection], Awaitable[int]]


_ASK = """
    INSERT INTO snapshots (id, kind, state, after, records, written, created)
    VALUES ($1, $2, 'waiting', '', $3, 0, $4)
    ON CONFLICT (kind) WHERE state = 'waiting' DO UPDATE SET kind = excluded.kind RETURNING *
"""
_NEXT = """
    SELECT * FROM snapshots WHERE state IN ('waiting', 'writing') ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_CROWDED = "SELECT count(*) >= $1 FROM (SELECT FROM outbox LIMIT $1) AS rows"
_WROTE = """
    UPDATE snapshots SET state = $2, after = $3, written = written + $4,
                         outbox_id = coalesce((SELECT max(id) FROM outbox), outbox_id)
    WHERE id = $1
"""
_SENT = """
    UPDATE snapshots s SET state = 'sent', ended = $1
    WHERE state = 'written' AND NOT EXISTS (SELECT FROM outbox o WHERE o.id <= s.outbox_id AND o.topic = $2)
"""


async def ask(tx: Connection, republished: Republishes, now: datetime) -> asyncpg.Record:
    """The job that will republish a kind: a new one, or one that has not begun yet."""
    await tx.execute("DELETE FROM snapshots WHERE ended < $1", now - KEPT)
    row = await tx.fetchrow(_ASK, new_id(), republished.kind, await republished.count(tx), now)
    assert row is not None, "an upsert answers its row"
    return row


async def republish(runtime: "Runtime", kinds: Sequence[Republishes]) -> None:
    """Write what is to be republished, as far as the outbox has room; the timer comes again for the rest."""
    by_kind = {one.kind: one for one in kinds}
    while await _write_page(runtime, by_kind):
        pass
    await runtime.db.execute(_SENT, runtime.clock.now(), events(runtime.settings.node, runtime.service.name))


async def _write_page(runtime: "Runtime", kinds: dict[str, Republishes]) -> bool:
    """One page of the oldest job; whether there may be another at once."""
    async with runtime.db.transaction() as tx:
        job = await tx.fetchrow(_NEXT)
        if job is None or await tx.fetchval(_CROWDED, MOST_WAITING):
            return False
        records = await kinds[job["kind"]].page(tx, job["after"], PAGE)
        topic = events(runtime.settings.node, runtime.service.name)
        outgoings = [Outgoing(topic, record.id, record, subject=record.id) for record in records]
        await runtime.outbox.put(tx, outgoings, runtime.clock.now())
        after = records[-1].id if records else job["after"]
        state = "writing" if len(records) == PAGE else "written"
        await tx.execute(_WROTE, job["id"], state, after, len(records))
    runtime.outbox.wake()
    return True
