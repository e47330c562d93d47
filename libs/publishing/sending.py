"""Headquarters' side: changes get their numbers, and every province gets what lies behind its own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg

from libs.json_text import json_text
from libs.messaging import Message, Outgoing, Work
from libs.messaging.tiers import check_source
from libs.messaging.topics import downlink
from libs.node import HQ
from libs.publishing.declaration import Page, Publication

if TYPE_CHECKING:
    from libs.service import Runtime

AGAIN_AFTER = timedelta(minutes=2)
"""So long a page may be on its way before it is sent once more: two statements of a province."""

# Whoever numbers holds the row: what commits later has the higher number.
_HOLD = """
    INSERT INTO publications (name, newest) VALUES ($1, 0)
    ON CONFLICT (name) DO UPDATE SET newest = publications.newest RETURNING newest
"""
_NEWEST = "UPDATE publications SET newest = $2 WHERE name = $1"
_HEAR = """
    INSERT INTO publication_nodes AS n (name, node, position, conflicts, said, heard, sent, behind_since)
    VALUES ($1, $2, $3::bigint, $4, $5, $6::timestamptz, $3::bigint,
            CASE WHEN $3::bigint < $7::bigint THEN $6::timestamptz END)
    ON CONFLICT (name, node) DO UPDATE
    SET position = excluded.position, conflicts = excluded.conflicts, said = excluded.said, heard = excluded.heard,
        behind_since = CASE WHEN excluded.position < $7::bigint THEN coalesce(n.behind_since, excluded.heard) END
    WHERE n.said <= excluded.said
"""
_BEHIND = """
    UPDATE publication_nodes SET behind_since = $3 WHERE name = $1 AND position < $2 AND behind_since IS NULL
"""
# One page at a time: the next one when the last has been acknowledged, or seems to be lost.
_LACKS = "name = $1 AND position < $2 AND (sent <= position OR sent_at IS NULL OR sent_at < $3)"
_WAITING = f"SELECT node, position FROM publication_nodes WHERE {_LACKS} ORDER BY node FOR UPDATE"
_WAITS = f"SELECT EXISTS (SELECT FROM publication_nodes WHERE {_LACKS})"
_SENT = """
    UPDATE publication_nodes AS n SET sent = s.upto, sent_at = $4
    FROM unnest($2::text[], $3::bigint[]) AS s (node, upto) WHERE n.name = $1 AND n.node = s.node
"""


async def publish(runtime: "Runtime", publication: Publication) -> None:
    """Number what changed, and send to every province what it lacks; at headquarters, by the clock."""
    if runtime.settings.node != HQ:
        return
    if not await _anything_to_do(runtime, publication):
        return
    async with runtime.unit() as work:
        before = await work.tx.fetchval(_HOLD, publication.name)
        first = max(before, _microseconds(work.now))
        newest = before
        if numbered := await publication.number(work.tx, first):
            newest = first + numbered
            await work.tx.execute(_NEWEST, publication.name, newest)
            await work.tx.execute(_BEHIND, publication.name, newest, work.now)
        await _send(work, publication, newest)


async def _anything_to_do(runtime: "Runtime", publication: Publication) -> bool:
    """Whether something changed, or somebody waits: without writing a row for the question."""
    async with runtime.db.connection() as connection:
        if await publication.changed(connection):
            return True
        newest = await connection.fetchval(
            "SELECT newest FROM publications WHERE name = $1", publication.name
        )
        before = runtime.clock.now() - AGAIN_AFTER
        return bool(newest and await connection.fetchval(_WAITS, publication.name, newest, before))


async def note_positions(work: Work, publication: Publication, messages: Sequence[Message[Any]]) -> None:
    """Provinces have said how far their copies go: what lies behind that follows at once. Raises Spoofed.

    Statements of other publications travel on the same topics, and are their service's.
    """
    last: dict[str, Any] = {}
    for message in messages:
        check_source(message, message.data.node)
        if message.data.publication == publication.name:
            last[message.data.node] = message.data
    if not last:
        return
    newest = await work.tx.fetchval(_HOLD, publication.name)
    for node, held in sorted(last.items()):
        told = json_text([one.model_dump(mode="json", by_alias=True) for one in held.conflicts])
        await work.tx.execute(_HEAR, publication.name, node, held.position, told, held.at, work.now, newest)
    await _send(work, publication, newest)


async def _send(work: Work, publication: Publication, newest: int) -> None:
    waiting: list[asyncpg.Record] = await work.tx.fetch(
        _WAITING, publication.name, newest, work.now - AGAIN_AFTER
    )
    pages: dict[int, Page] = {}
    ends = []
    for row in waiting:
        after = row["position"]
        if after not in pages:
            pages[after] = await publication.page(work.tx, after)
        page = pages[after]
        upto = newest if page.upto is None else page.upto
        data = publication.message(
            after=after, upto=upto, newest=newest, records=list(page.records), at=work.now
        )
        topic = downlink(row["node"], "control")
        work.send(Outgoing(topic, publication.name, data, subject=publication.name))
        ends.append(upto)
    if waiting:
        await work.tx.execute(_SENT, publication.name, [row["node"] for row in waiting], ends, work.now)


def _microseconds(now: datetime) -> int:
    return int(now.timestamp() * 1_000_000)
