"""SQL of nodes and switches."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record
from pydantic_core import to_json

from contracts.control import Heartbeat
from libs.database import Connection, Database

# The row as it was is read by the same statement, before the upsert: what had been there tells what changed.
_HEAR = """
WITH row AS (SELECT * FROM unnest($1::text[], $2::jsonb[]) AS row(code, processes)),
  before AS (SELECT code, last_heard, processes FROM nodes WHERE code = ANY($1::text[])),
  heard AS (
    INSERT INTO nodes (code, last_heard, processes) SELECT code, $3, processes FROM row ORDER BY code
    ON CONFLICT (code) DO UPDATE SET last_heard = greatest(nodes.last_heard, excluded.last_heard),
      processes = excluded.processes
    RETURNING code)
SELECT code, before.last_heard, before.processes IS DISTINCT FROM row.processes AS other
FROM heard JOIN row USING (code) LEFT JOIN before USING (code)
"""


async def hear(tx: Connection, beats: Sequence[Heartbeat], now: datetime) -> Sequence[Record]:
    """Note that these nodes were heard, one heartbeat each.

    Gives `code`, `last_heard` as it was, and whether they run `other` processes than before.
    """
    processes = [
        to_json(sorted([one.process, one.version] for one in beat.processes)).decode() for beat in beats
    ]
    return await tx.fetch(_HEAR, [beat.node for beat in beats], processes, now)


NODES_SHOWN = """
SELECT code, last_heard, processes::text FROM nodes
"""
_HELD = """
SELECT home, count(*) AS held, min(held_since) AS oldest FROM forwards WHERE state = 'held' GROUP BY home
"""


async def heard_nodes(db: Database) -> Sequence[Record]:
    return await db.fetch(NODES_SHOWN)


async def held_for(db: Database) -> Sequence[Record]:
    """How many forwards are held for each home, and since when the oldest."""
    return await db.fetch(_HELD)


SWITCH = "node, business, state, reason, actor, since"


async def switched_off(db: Database) -> Sequence[Record]:
    return await db.fetch(f"SELECT {SWITCH} FROM switches WHERE state = 'off'")


_TURN = f"""
INSERT INTO switches ({SWITCH}) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (node, business) DO UPDATE
SET state = excluded.state, reason = excluded.reason, actor = excluded.actor, since = excluded.since
RETURNING {SWITCH}
"""


async def lock_switch(tx: Connection, node: str, business: str) -> Record | None:
    return await tx.fetchrow(
        f"SELECT {SWITCH} FROM switches WHERE node = $1 AND business = $2 FOR UPDATE", node, business
    )


async def turn(
    tx: Connection, node: str, business: str, state: str, reason: str, actor: str, now: datetime
) -> Record:
    made = await tx.fetchrow(_TURN, node, business, state, reason, actor, now)
    assert made is not None
    return made
