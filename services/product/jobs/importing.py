"""An import as it is done: some lines in each transaction, each of them as if it had come over the API."""

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from libs.database import Connection
from libs.messaging.failures import describe, is_infrastructure
from libs.security.actor import Actor
from libs.telemetry.logs import logger
from libs.tmf import Document, Stored, moment, update_resource
from libs.web import codes
from libs.web.body import parse_json
from libs.web.call import Call
from libs.web.errors import Reason, Refusal
from libs.web.runtime import Runtime
from services.product.jobs import store
from services.product.jobs.api import IMPORT
from services.product.jobs.next import Job, claim
from services.product.jobs.records import COLLECTIONS, asking, take
from services.product.jobs.rules import (
    LINES_TOLD,
    MOST_PASSES,
    Fault,
    collection_of,
    error_log,
    id_from,
    may_come_later,
)
from services.product.jobs.store import Line
from services.product.parts import BASE

BATCH = 50
_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_log = logger(__name__)


async def import_batch(runtime: Runtime) -> bool:
    """Go on with the oldest import; whether there may be more to do."""
    now = runtime.clock.now()
    async with runtime.db.transaction() as tx:
        job = await claim(tx, IMPORT)
        if job is None:
            return False
        row = job.row
        lines = await store.next_lines(tx, row["file"], job.id, row["after"], row["turn"], BATCH)
        taken = await _take_lines(tx, runtime, job, lines)
        progress = job.document["progress"]
        for what in ("made", "changed", "unchanged"):
            progress[what] += taken[what]
        helped = row["helped"] + taken.total()
        job.document["status"] = "Running"
        columns: dict[str, Any] = {"helped": helped, "after": lines[-1].number if lines else row["after"]}
        if len(lines) < BATCH:
            columns |= await _end_of_pass(tx, job, helped, now)
        progress["done"] = sum(progress[what] for what in ("made", "changed", "unchanged", "failed"))
        stored = Stored(job.id, job.version, job.document)
        await update_resource(tx, runtime, IMPORT, stored, job.document, now=now, columns=columns)
    runtime.outbox.wake()
    return True


async def _end_of_pass(tx: Connection, job: Job, helped: int, now: datetime) -> dict[str, Any]:
    """Another pass where this one brought something that a line may have waited for; else the end."""
    turn = job.row["turn"]
    if helped and turn < MOST_PASSES and await store.waiting_lines(tx, job.id):
        return {"turn": turn + 1, "helped": 0, "after": 0}
    failed, faults = await store.faults_of(tx, job.id, LINES_TOLD)
    job.document.update(status="Failed" if failed else "Succeeded", completionDate=moment(now))
    job.document["progress"]["failed"] = failed
    if failed:
        job.document["errorLog"] = error_log(faults, failed)
    return {}


async def _take_lines(tx: Connection, runtime: Runtime, job: Job, lines: list[Line]) -> Counter[str]:
    """Take lines in, each whole or not at all; how many were made, changed and unchanged."""
    call = asking(
        runtime,
        runtime.clock.now(),
        actor=_actor(job),
        language=job.row["language"],
        request_id=job.id,
    )
    path = job.document.get("path")
    only = COLLECTIONS[collection_of(path, BASE, runtime.settings.public_url)] if path else None
    taken: Counter[str] = Counter()
    faults: list[tuple[int, list[Fault]]] = []
    for line in lines:
        try:
            async with tx.transaction():
                taken[await take(tx, call, _record(line.content), only)] += 1
        except Refusal as refusal:
            faults.append((line.number, [_fault(reason, call) for reason in refusal.reasons]))
        except Exception as error:
            if is_infrastructure(error):
                raise
            _log.error("import.line-failed", job=job.id, line=line.number, error=describe(error))
            faults.append((line.number, [_fault(Reason(codes.INTERNAL_ERROR), call)]))
    failed = {number for number, _ in faults}
    await store.forgive(tx, job.id, [line.number for line in lines if line.number not in failed])
    waiting = frozenset(number for number, reasons in faults if may_come_later(reasons))
    await store.keep_faults(tx, job.id, faults, waiting)
    return taken


def _record(line: str) -> Document:
    """The record of a line, with an id. Raises Refusal 400 for a line that holds none."""
    record = parse_json(_ANYTHING, line.encode(), "")
    if not isinstance(record, dict):
        raise Refusal(Reason(codes.INVALID, detail="expected an object"))
    id = record.setdefault("id", id_from(line))
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise Refusal(Reason(codes.INVALID, path="id", detail="1 to 64 of A-Z a-z 0-9 . _ ~ -"))
    return record


def _fault(reason: Reason, call: Call[Any]) -> Fault:
    return Fault(reason.code.name, reason.path, reason.text(call.language))


def _actor(job: Job) -> Actor:
    kept = json.loads(job.row["actor"])
    return Actor(**kept | {"roles": frozenset(kept["roles"])})
