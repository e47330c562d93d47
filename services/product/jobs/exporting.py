"""An export as it is done: a batch of records in each transaction, from where it was."""

from datetime import datetime

import asyncpg

from libs.database import Connection
from libs.messaging.failures import describe, is_infrastructure
from libs.telemetry.logs import logger
from libs.tmf import Document, Stored, both, moment, update_resource
from libs.tmf.condition import Condition, Parameters, quoted
from libs.tmf.select import REGEX_PATIENCE
from libs.web import codes
from libs.web.errors import Refusal
from libs.web.runtime import Runtime
from services.product.jobs import store
from services.product.jobs.api import EXPORT
from services.product.jobs.next import Job, claim
from services.product.jobs.records import COLLECTIONS, Collection, asked_of, behind
from services.product.jobs.rules import MOST_BYTES, MOST_LINES, collection_of
from services.product.parts import BASE

BATCH = 200
_log = logger(__name__)


async def export_batch(runtime: Runtime) -> bool:
    """Go on with the oldest export; whether there may be more to do."""
    now = runtime.clock.now()
    async with runtime.db.transaction() as tx:
        job = await claim(tx, EXPORT)
        if job is None:
            return False
        columns: dict[str, object] = {}
        try:
            async with tx.transaction():
                columns = await _write(tx, runtime, job)
        except Refusal as refusal:
            _end(job.document, "Failed", now, "; ".join(one.text("en") for one in refusal.reasons))
        except (asyncpg.QueryCanceledError, asyncpg.InvalidRegularExpressionError) as error:
            _end(job.document, "Failed", now, f"query: {error}"[:500])
        except Exception as error:
            if is_infrastructure(error):
                raise
            # Nobody's next export waits behind one that can never be made.
            _log.error("export.failed", job=job.id, error=describe(error))
            _end(job.document, "Failed", now, codes.INTERNAL_ERROR.name)
        stored = Stored(job.id, job.version, job.document)
        await update_resource(tx, runtime, EXPORT, stored, job.document, now=now, columns=columns)
    return True


async def _write(tx: Connection, runtime: Runtime, job: Job) -> dict[str, object]:
    """A batch of one collection; the columns that say where the job is then."""
    now, document = runtime.clock.now(), job.document
    path = document.get("path")
    named = collection_of(path, BASE, runtime.settings.public_url) if path else None
    covered = [one for name, one in COLLECTIONS.items() if named in (None, name)]
    collection, last = covered[job.row["part"]], job.row["part"] == len(covered) - 1
    asked = asked_of(collection.resource.name, runtime, document.get("query", ""), now)
    rows = await _records(tx, collection, both(asked.condition, behind(job.row["after"])))
    ended = len(rows) < BATCH
    lines, size = await store.add_lines(
        tx, job.row["file"], [_line(collection, row) for row in rows], complete=ended and last
    )
    document["progress"] = {"lines": lines, "done": lines}
    if lines > MOST_LINES or size > MOST_BYTES:
        _end(
            document,
            "Failed",
            now,
            f"more than {MOST_LINES} records, or {MOST_BYTES} bytes: narrow path or query",
        )
        await tx.execute("UPDATE files SET complete = false WHERE id = $1", job.row["file"])
    elif ended and last:
        _end(document, "Succeeded", now)
    else:
        document["status"] = "Running"
    if ended:
        return {"part": job.row["part"] + 1, "after": ""}
    return {"after": rows[-1]["id"]}


async def _records(tx: Connection, collection: Collection, condition: Condition) -> list[asyncpg.Record]:
    parameters = Parameters()
    where = parameters.bind(condition)
    await tx.execute(f"SET LOCAL statement_timeout = '{REGEX_PATIENCE}'")
    rows = await tx.fetch(
        "SELECT id, document::text AS document, document ? '@type' AS typed"
        f" FROM {quoted(collection.resource.table.name)} WHERE {where} ORDER BY id LIMIT {BATCH}",
        *parameters.values,
    )
    await tx.execute("SET LOCAL statement_timeout = 0")
    return rows


def _line(collection: Collection, row: asyncpg.Record) -> str:
    document: str = row["document"]
    return document if row["typed"] else f'{{"@type": "{collection.resource.type}", {document[1:]}'


def _end(document: Document, status: str, now: datetime, log: str | None = None) -> None:
    document |= {"status": status, "completionDate": moment(now)}
    if log:
        document["errorLog"] = log
