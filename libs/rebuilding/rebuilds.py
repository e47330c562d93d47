"""The copy's side: a job that goes on where it was, whatever stops meanwhile."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

import asyncpg
from aiokafka.errors import KafkaError
from pydantic import BaseModel, ValidationError

from libs.asking import NotAnswering
from libs.database import Connection
from libs.ids import new_id
from libs.json_text import json_text
from libs.messaging.failures import describe
from libs.messaging.topics import events, group
from libs.rebuilding.copies import Copies, Copy
from libs.rebuilding.positions import committed, ends, reached

if TYPE_CHECKING:
    from libs.service import Runtime

DOUBTED_AT_ONCE = 2_000
ASKED_AT_ONCE = 64
ASKED_TOGETHER = 8
"""Requests to the owner at a time, of those that one transaction settles."""
KEPT = timedelta(days=30)

_BEGIN = """
    INSERT INTO rebuilds (id, projection, state, after, asked, records, sent, mended, removed, actor, created)
    VALUES ($1, $2, 'doubting', '', $3, 0, 0, 0, 0, $4, $5)
    ON CONFLICT (projection) WHERE state <> 'done' DO UPDATE SET projection = excluded.projection
    RETURNING *, xmax = 0 AS begun
"""


async def begin(tx: Connection, projection: str, actor: str, now: datetime) -> asyncpg.Record:
    """The job that rebuilds a projection: a new one (`begun`), or the one that is under way."""
    await tx.execute("DELETE FROM rebuilds WHERE ended < $1", now - KEPT)
    row = await tx.fetchrow(_BEGIN, new_id(), projection, new_id(), actor, now)
    assert row is not None, "an upsert answers its row"
    return row


async def carry_on(runtime: "Runtime", projections: Sequence[Copies]) -> None:
    """Bring every rebuild as far as it comes now; the timer comes again for what has to be waited for."""
    by_name = {one.name: one for one in projections}
    for row in await runtime.db.fetch("SELECT id FROM rebuilds WHERE state <> 'done' ORDER BY id"):
        try:
            while await _step(runtime, by_name, row["id"]):
                pass
        except (NotAnswering, KafkaError, ValidationError) as error:
            await runtime.db.execute(
                "UPDATE rebuilds SET trouble = $2 WHERE id = $1", row["id"], describe(error)[:500]
            )


@dataclass(frozen=True, slots=True)
class _Rebuild:
    """A job in hand, as its row was read."""

    runtime: "Runtime"
    copies: Copies
    row: asyncpg.Record

    @property
    def topic(self) -> str:
        settings = self.runtime.settings
        return settings.topic_prefix + events(settings.node, self.copies.owner)

    async def note(self, tx: Connection | None = None, **columns: Any) -> None:
        """Write columns, unless another process has brought the job into another state meanwhile."""
        sets = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, 3))
        await (tx or self.runtime.db).execute(
            f"UPDATE rebuilds SET trouble = NULL, {sets} WHERE id = $1 AND state = $2",
            self.row["id"],
            self.row["state"],
            *columns.values(),
        )


async def _step(runtime: "Runtime", projections: dict[str, Copies], id: str) -> bool:
    """One step of a job; whether the next may come at once."""
    row = await runtime.db.fetchrow("SELECT * FROM rebuilds WHERE id = $1", id)
    if row is None or row["state"] not in _STEPS or row["projection"] not in projections:
        return False
    return await _STEPS[row["state"]](_Rebuild(runtime, projections[row["projection"]], row))


async def _doubt(job: _Rebuild) -> bool:
    """Before the owner is asked: a row that comes after this is as new as the snapshot, and no longer doubted."""
    async with job.runtime.db.transaction() as tx:
        at = await tx.fetchval(
            "SELECT after FROM rebuilds WHERE id = $1 AND state = 'doubting' FOR UPDATE", job.row["id"]
        )
        if at is None:
            return True
        last, count = await job.copies.doubt(tx, at, DOUBTED_AT_ONCE)
        state = "doubting" if count == DOUBTED_AT_ONCE else "republishing"
        await job.note(tx, state=state, after=last or at)
    return True


async def _ask_owner(job: _Rebuild) -> bool:
    """Have the owner republish, and wait until it has sent everything."""
    asker, owner = job.runtime.asker, job.copies.owner
    if job.row["snapshot"] is None:
        made = await asker.post(f"/api/{owner}/v1/snapshots", {"kind": job.copies.kind}, key=job.row["asked"])
        await job.note(snapshot=made["id"], records=made["records"])
        return True
    found = await asker.get(f"/api/{owner}/v1/snapshots/{job.row['snapshot']}")
    if found is None:
        # The owner has lost it, with its database: from the beginning.
        await job.note(state="doubting", after="", asked=new_id(), snapshot=None)
        return True
    sent = bool(found["state"] == "sent")
    target = json_text(await ends(job.runtime.settings.kafka, job.topic)) if sent else None
    await job.note(state="catching-up" if sent else "republishing", sent=found["written"], target=target)
    return sent


async def _catch_up(job: _Rebuild) -> bool:
    """Wait until this service has taken in what the owner had sent."""
    settings = job.runtime.settings
    reader = settings.topic_prefix + group(settings.node, job.runtime.service.name)
    target = {int(partition): end for partition, end in json.loads(job.row["target"]).items()}
    there = reached(target, await committed(settings.kafka, reader, job.topic))
    await job.note(state="settling" if there else "catching-up")
    return there


async def _settle(job: _Rebuild) -> bool:
    """Ask the owner for what its events did not confirm: it may have no such record."""
    copies = await job.copies.doubted(job.runtime.db, ASKED_AT_ONCE)
    if not copies:
        await job.note(state="done", ended=job.runtime.clock.now())
        return False
    found: dict[Copy, BaseModel | None] = {}
    for start in range(0, len(copies), ASKED_TOGETHER):
        some = copies[start : start + ASKED_TOGETHER]
        said = await asyncio.gather(*(_said_of(job, copy) for copy in some))
        found |= dict(zip(some, said, strict=True))
    gone = sum(record is None and not copy.deleted for copy, record in found.items())
    mended = sum(record is not None for record in found.values())
    async with job.runtime.db.transaction() as tx:
        await job.copies.settle(tx, found)
        await job.note(tx, mended=job.row["mended"] + mended, removed=job.row["removed"] + gone)
    return True


async def _said_of(job: _Rebuild, copy: Copy) -> BaseModel | None:
    found = await job.runtime.asker.get(job.copies.facts + quote(copy.id, safe=""))
    return None if found is None else job.copies.model.model_validate(found)


_Step: TypeAlias = Callable[[_Rebuild], Coroutine[Any, Any, bool]]
_STEPS: dict[str, _Step] = {
    "doubting": _doubt,
    "republishing": _ask_owner,
    "catching-up": _catch_up,
    "settling": _settle,
}
