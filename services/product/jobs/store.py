"""Files as lines, and what became of the lines that were not taken in."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from libs.database import Connection, Database
from libs.json_text import json_text
from services.product.jobs.rules import KEPT, Fault

Sort = Literal["export", "import"]


class Line(NamedTuple):
    number: int
    content: str


_ADD_LINES = """
    INSERT INTO file_lines (file, line, content)
    SELECT $1, $2::bigint + row.n, row.content FROM unnest($3::text[]) WITH ORDINALITY AS row(content, n)
"""
_NEXT_LINES = """
    SELECT l.line, l.content FROM file_lines l
    WHERE l.file = $1 AND l.line > $2
      AND ($4 = 1 OR EXISTS (SELECT FROM import_faults f WHERE f.job = $3 AND f.line = l.line AND f.waits))
    ORDER BY l.line LIMIT $5
"""
_FAULTS = """
    INSERT INTO import_faults (job, line, waits, reasons)
    SELECT $1, f.line, f.waits, f.reasons::jsonb
    FROM unnest($2::bigint[], $3::boolean[], $4::text[]) AS f(line, waits, reasons)
    ON CONFLICT (job, line) DO UPDATE SET waits = excluded.waits, reasons = excluded.reasons
"""
_EXPIRED = """
    DELETE FROM files f WHERE valid_until < $1 AND NOT EXISTS (
        SELECT FROM import_jobs j WHERE j.file = f.id AND j.status IN ('Not Started', 'Running'))
"""


async def begin_file(tx: Connection, id: str, sort: Sort, now: datetime, valid_until: datetime) -> None:
    await tx.execute(
        "INSERT INTO files (id, sort, complete, lines, bytes, created, valid_until)"
        " VALUES ($1, $2, false, 0, 0, $3, $4)",
        id,
        sort,
        now,
        valid_until,
    )


async def add_lines(tx: Connection, file: str, lines: Sequence[str], *, complete: bool) -> tuple[int, int]:
    """Put lines behind those that a file has; how many lines and bytes it has then."""
    row = await tx.fetchrow(
        "UPDATE files SET lines = lines + $2, bytes = bytes + $3, complete = $4 WHERE id = $1 RETURNING lines, bytes",
        file,
        len(lines),
        sum(len(line.encode()) + 1 for line in lines),
        complete,
    )
    assert row is not None, "the caller holds the job of this file"
    await tx.execute(_ADD_LINES, file, row["lines"] - len(lines), list(lines))
    return row["lines"], row["bytes"]


async def content_of(db: Database, file: str, now: datetime) -> str | None:
    """All of a file as one text; None for one that is not there, not complete, or past its time."""
    there = await db.fetchval(
        "SELECT true FROM files WHERE id = $1 AND complete AND valid_until >= $2", file, now
    )
    if there is None:
        return None
    found: str | None = await db.fetchval(
        "SELECT string_agg(content || E'\\n', '' ORDER BY line) FROM file_lines WHERE file = $1", file
    )
    return found or ""


async def lines_in(tx: Connection, file: str, now: datetime) -> int | None:
    """How many lines a file has that an import may read; it stays until the transaction ends."""
    found: int | None = await tx.fetchval(
        "SELECT lines FROM files WHERE id = $1 AND complete AND valid_until >= $2 FOR SHARE", file, now
    )
    return found


async def next_lines(tx: Connection, file: str, job: str, after: int, turn: int, limit: int) -> list[Line]:
    """The next lines of a pass: in the first all, later those that wait for what they refer to."""
    return [Line(*row) for row in await tx.fetch(_NEXT_LINES, file, after, job, turn, limit)]


async def forgive(tx: Connection, job: str, lines: Sequence[int]) -> None:
    """These lines were taken in after all."""
    await tx.execute(
        "DELETE FROM import_faults WHERE job = $1 AND line = ANY($2::bigint[])", job, list(lines)
    )


async def keep_faults(
    tx: Connection, job: str, faults: Sequence[tuple[int, Sequence[Fault]]], waiting: frozenset[int]
) -> None:
    await tx.execute(
        _FAULTS,
        job,
        [line for line, _ in faults],
        [line in waiting for line, _ in faults],
        [json_text(reasons) for _, reasons in faults],
    )


async def waiting_lines(tx: Connection, job: str) -> int:
    found: int = await tx.fetchval("SELECT count(*) FROM import_faults WHERE job = $1 AND waits", job)
    return found


async def faults_of(tx: Connection, job: str, limit: int) -> tuple[int, list[tuple[int, list[Fault]]]]:
    """How many lines failed, and the first of them with their reasons."""
    total: int = await tx.fetchval("SELECT count(*) FROM import_faults WHERE job = $1", job)
    rows = await tx.fetch(
        "SELECT line, reasons::text AS reasons FROM import_faults WHERE job = $1 ORDER BY line LIMIT $2",
        job,
        limit,
    )
    return total, [(row["line"], [Fault(*one) for one in json.loads(row["reasons"])]) for row in rows]


async def unfinished(tx: Connection, sort: Sort) -> int:
    """Jobs that have not ended; whoever asks next waits for our commit."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{sort} jobs")
    found: int = await tx.fetchval(
        f"SELECT count(*) FROM {sort}_jobs WHERE status IN ('Not Started', 'Running')"
    )
    return found


async def living_files(tx: Connection, now: datetime) -> int:
    """Files that were brought and are not past their time; whoever asks next waits for our commit."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('files', 0))")
    found: int = await tx.fetchval(
        "SELECT count(*) FROM files WHERE sort = 'import' AND valid_until >= $1", now
    )
    return found


async def drop_file(tx: Connection, file: str) -> None:
    await tx.execute("DELETE FROM files WHERE id = $1", file)


async def sweep(db: Database, now: datetime) -> None:
    """Remove files past their time, and jobs that ended long ago."""
    await db.execute(_EXPIRED, now)
    for sort in ("export", "import"):
        await db.execute(
            f"DELETE FROM {sort}_jobs WHERE status IN ('Succeeded', 'Failed') AND last_update < $1",
            now - KEPT,
        )
