"""SQL of segments and ported numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import Record

from libs.database import Connection, Database
from services.hq_router.homes.rules import LONGEST_PREFIX, SHORTEST_PREFIX, Override, Segment

_LOCK = 0x73656773
LATEST = """
SELECT version FROM segment_versions ORDER BY loaded DESC, version DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a number: the longest segment it begins with, and its entry among the ported ones."""

    segment: Segment | None = None
    override: Override | None = None


async def segments_are(db: "Database | Connection", version: str) -> bool:
    return bool(await db.fetchval(f"SELECT ({LATEST}) = $1", version))


async def lock_segments(tx: Connection) -> None:
    await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def forget_segments(tx: Connection) -> None:
    # Not TRUNCATE: whoever routes meanwhile reads on.
    await tx.execute("DELETE FROM segments")


async def segments_became(tx: Connection, version: str, count: int, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO segment_versions (version, count, loaded) VALUES ($1, $2, $3) "
        "ON CONFLICT (version) DO UPDATE SET count = excluded.count, loaded = excluded.loaded",
        version,
        count,
        now,
    )


# The prefixes are made where they are looked up: sent along, they would be six times as many values. The lengths are
# constants, or the planner expects a thousand of them and reads the whole table.
_SEGMENTS = f"""
SELECT asked.number, segment.prefix, segment.operator, segment.node FROM unnest($1::text[]) AS asked(number)
CROSS JOIN LATERAL (
  SELECT prefix, operator, node FROM generate_series({LONGEST_PREFIX}, {SHORTEST_PREFIX}, -1) AS n
  JOIN segments ON prefix = left(asked.number, n) ORDER BY n DESC LIMIT 1) AS segment
"""
_OVERRIDES = """
SELECT number, operator, node, valid_from, valid_until FROM ported_numbers
WHERE number = ANY($1::text[]) AND valid_from <= $2 AND (valid_until IS NULL OR valid_until > $2)
"""


async def what_is_known(tx: Connection, numbers: Sequence[str], at: datetime) -> Mapping[str, Known]:
    """Segment, and override in force at `at`, of each number; two statements, however many there are."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    found = await tx.fetch(_SEGMENTS, wanted)
    segments = {row["number"]: Segment(row["prefix"], row["operator"], row["node"]) for row in found}
    ported = {row["number"]: Override(*row) for row in await tx.fetch(_OVERRIDES, wanted, at)}
    return {number: Known(segments.get(number), ported.get(number)) for number in wanted}


PORTED = "id, number, operator, node, valid_from, valid_until, version, created, last_update"


async def insert_ported(tx: Connection, row: Mapping[str, Any], actor: str, now: datetime) -> Record:
    """Enter a ported number. Raises asyncpg.ExclusionViolationError where its period overlaps another's."""
    made = await tx.fetchrow(
        f"INSERT INTO ported_numbers (id, number, operator, node, valid_from, valid_until, version, actor, created, "
        f"last_update) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8, $8) RETURNING {PORTED}",
        row["id"],
        row["number"],
        row["operator"],
        row["node"],
        row["valid_from"],
        row["valid_until"],
        actor,
        now,
    )
    assert made is not None
    return made


async def lock_ported(tx: Connection, id: str) -> Record | None:
    return await tx.fetchrow(f"SELECT {PORTED} FROM ported_numbers WHERE id = $1 FOR UPDATE", id)


async def end_ported(tx: Connection, id: str, until: datetime | None, actor: str, now: datetime) -> Record:
    """Change when an entry ends. Raises asyncpg.ExclusionViolationError as above."""
    made = await tx.fetchrow(
        f"UPDATE ported_numbers SET valid_until = $2, actor = $3, last_update = $4, version = version + 1 "
        f"WHERE id = $1 RETURNING {PORTED}",
        id,
        until,
        actor,
        now,
    )
    assert made is not None
    return made


async def delete_ported(tx: Connection, id: str) -> None:
    await tx.execute("DELETE FROM ported_numbers WHERE id = $1", id)


async def one_ported(db: Database, id: str) -> Record | None:
    return await db.fetchrow(f"SELECT {PORTED} FROM ported_numbers WHERE id = $1", id)
