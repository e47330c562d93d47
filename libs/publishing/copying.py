"""A province's side: pages are taken in, and headquarters is told how far that has come."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from libs.database import Connection
from libs.messaging import Message, Outgoing, Work
from libs.messaging.tiers import check_headquarters
from libs.messaging.topics import uplink
from libs.node import HQ
from libs.publishing.declaration import Publication

if TYPE_CHECKING:
    from libs.service import Runtime


class Conflict(NamedTuple):
    """A record that a province has not taken in as it came, and the stable code of the reason."""

    record: str
    number: int
    reason: str


class Copy(NamedTuple):
    """How far a province's copy goes, and what stands against it."""

    position: int
    newest: int
    conflicts: list[Conflict]


Apply: TypeAlias = Callable[[Work, Sequence[Any]], Awaitable[Sequence[Conflict]]]
"""Takes records in, those that are newer than the copy; what could not be taken in as it came."""

RECORD_OF_ANOTHER = "record-of-another"
"""The reason where the province has a record of its own under this id."""
MOST_TOLD = 100
# Whoever says how far the copy goes holds its row: what is said follows the order of the commits.
_HOLD = """
    INSERT INTO publication_copies (name, position, newest) VALUES ($1, 0, 0)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING position, newest
"""
_REACHED = "UPDATE publication_copies SET position = $2, newest = $3 WHERE name = $1"
_RESOLVED = "DELETE FROM publication_conflicts WHERE name = $1 AND record = ANY($2::text[])"
_KEPT = """
    INSERT INTO publication_conflicts (name, record, number, reason)
    SELECT $1, record, number, reason FROM unnest($2::text[], $3::bigint[], $4::text[]) AS c (record, number, reason)
"""
_CONFLICTS = """
    SELECT record, number, reason FROM publication_conflicts WHERE name = $1 ORDER BY number, record LIMIT $2
"""


async def apply_pages(
    work: Work, publication: Publication, messages: Sequence[Message[Any]], apply: Apply
) -> None:
    """Take pages in, and say how far the copy goes now. A page behind a gap is taken in too, and comes again.

    Raises Spoofed for what is not of headquarters.
    """
    row = await work.tx.fetchrow(_HOLD, publication.name)
    assert row is not None, "an upsert answers its row"
    position, newest = row["position"], row["newest"]
    for message in messages:
        check_headquarters(message)
        page = message.data
        found = await apply(work, page.records)
        taken = [record.id for record in page.records]
        await work.tx.execute(_RESOLVED, publication.name, taken)
        if found:
            await work.tx.execute(_KEPT, publication.name, *(list(part) for part in zip(*found, strict=True)))
        if page.after <= position:
            position = max(position, page.upto)
        newest = max(newest, page.newest)
    await work.tx.execute(_REACHED, publication.name, position, newest)
    await _say(work, publication)


async def tell_position(runtime: "Runtime", publication: Publication) -> None:
    """Say how far the copy goes; in a province, by the clock."""
    if runtime.settings.node == HQ:
        return
    async with runtime.unit() as work:
        await work.tx.execute(_HOLD, publication.name)
        await _say(work, publication)


async def copy_of(tx: Connection, publication: Publication) -> Copy:
    """How far the copy of this node goes; nowhere, where no page ever came."""
    row = await tx.fetchrow(
        "SELECT position, newest FROM publication_copies WHERE name = $1", publication.name
    )
    conflicts = [Conflict(*one) for one in await tx.fetch(_CONFLICTS, publication.name, MOST_TOLD)]
    return Copy(row["position"], row["newest"], conflicts) if row else Copy(0, 0, conflicts)


async def settle(tx: Connection, publication: Publication, record: str) -> None:
    """Nothing stands against this record any more."""
    await tx.execute(_RESOLVED, publication.name, [record])


async def _say(work: Work, publication: Publication) -> None:
    node = work.runtime.settings.node
    copy = await copy_of(work.tx, publication)
    data = publication.statement(
        node=node,
        publication=publication.name,
        position=copy.position,
        conflicts=[one._asdict() for one in copy.conflicts],
        at=work.now,
    )
    work.send(Outgoing(uplink(node, "control"), node, data, subject=publication.name))
