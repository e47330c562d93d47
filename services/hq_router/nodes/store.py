"""SQL of nodes and switches."""

from collections.abc import Sequence
from datetime import datetime

from asyncpg import Record

from contracts.control import Heartbeat
from libs.database import Connection, Database
from libs.json_text import json_text

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
    processes = [json_text(sorted([one.process, one.version] for one in beat.processes)) for beat in beats]
    return await tx.fetch(_HEAR, [beat.node for beat in beats], processes, now)


NODES_SHOWN = """
SELECT code, last_heard, processes::text FROM nodes
"""
_OPEN = """
SELECT home, count(*) FILTER (WHERE state = 'held') AS held, min(held_since) AS oldest,
  count(*) FILTER (WHERE state = 'sent') AS sent,
  count(*) FILTER (WHERE state = 'sent' AND deadline < $1) AS jeopardy,
  min(deadline) FILTER (WHERE state = 'sent' AND deadline < $1) AS overdue
FROM forwards WHERE state <> 'ended' GROUP BY home
"""
_DISAGREE = "SELECT node, count(*) AS accounts FROM reconciliations WHERE state <> 'matched' GROUP BY node"


async def heard_nodes(db: Database) -> Sequence[Record]:
    return await db.fetch(NODES_SHOWN)


async def open_for(db: Database, now: datetime) -> Sequence[Record]:
    """What is held for each home and since when, what is sent, and how much of that is overdue and since when."""
    return await db.fetch(_OPEN, now)


async def disagreeing(db: Database) -> dict[str, int]:
    """How many accounts of closed days do not agree, by node; a node without one is not in it."""
    return {row["node"]: row["accounts"] for row in await db.fetch(_DISAGREE)}


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
