"""SQL of holding: what stands in the way, which held forwards may go, and one forward for an operator."""

from collections.abc import Iterable
from datetime import datetime

from libs.database import Connection
from services.hq_router.forwards.store import LINE, Line, line_of
from services.hq_router.holding.rules import Gate
from services.hq_router.nodes.rules import ANY, Doors

# One round trip for all three: every batch of forwards asks this.
_GATE = """
SELECT 'heard' AS what, code AS a, NULL AS b, last_heard AS at FROM nodes
UNION ALL SELECT 'off', node, business, NULL FROM switches WHERE state = 'off'
UNION ALL SELECT 'held', number, NULL, NULL FROM forwards WHERE state = 'held' AND number = ANY($1::text[])
UNION ALL SELECT 'early', key, NULL, NULL FROM parked WHERE key = ANY($2::text[])
"""


async def gate(
    tx: Connection, numbers: Iterable[str], started: datetime, now: datetime, expected: Iterable[str] = ()
) -> Gate:
    """Silent nodes, switches, those of these numbers for which a forward is held, and those of the `expected` keys
    under which something is parked.
    """
    rows = await tx.fetch(_GATE, sorted(set(numbers)), sorted(set(expected)))
    heard = {row["a"]: row["at"] for row in rows if row["what"] == "heard"}
    off = frozenset((row["a"], row["b"]) for row in rows if row["what"] == "off")
    waiting = {row["a"] for row in rows if row["what"] == "held"}
    early = frozenset(row["a"] for row in rows if row["what"] == "early")
    return Gate(Doors(heard, off, started, now), waiting, early)


# Whether the held forward `{0}` has to stay: the same for one that is to go and for those before it in its queue.
_STAYS = """({0}.held_because = 'operator' OR {0}.next_at > $1 OR {0}.home <> ALL($2::text[])
    OR {0}.business = ANY($3::text[]) OR ({0}.home, {0}.business) IN (SELECT * FROM unnest($4::text[], $5::text[])))"""
_DUE = f"""
WITH due AS (
  (SELECT id FROM forwards f
   WHERE state = 'held' AND home = ANY($2::text[]) AND NOT {_STAYS.format("f")}
     AND NOT EXISTS (SELECT FROM forwards before WHERE before.state = 'held' AND before.number = f.number
       AND before.id < f.id AND before.deadline >= $1 AND {_STAYS.format("before")})
   ORDER BY id LIMIT $6)
  UNION (SELECT id FROM forwards WHERE state = 'held' AND deadline < $1 ORDER BY deadline LIMIT $6)
)
SELECT {LINE} FROM forwards WHERE id IN (SELECT id FROM due) AND state = 'held'
ORDER BY origin, origin_transaction, attempt FOR UPDATE
"""


async def lock_due(tx: Connection, doors: Doors, most: int) -> list[Line]:
    """Held forwards that may go, or whose deadline is past, the oldest first; none before one of its number.

    They are locked as arrivals lock them, so that the two never wait for each other.
    """
    everywhere = [business for node, business in doors.off if node == ANY]
    pairs = [(node, business) for node, business in doors.off if ANY not in (node, business)]
    rows = await tx.fetch(
        _DUE,
        doors.now,
        doors.open_nodes(),
        everywhere,
        [node for node, _ in pairs],
        [business for _, business in pairs],
        most,
    )
    return sorted((line_of(row) for row in rows), key=lambda line: line.id)


async def lock_one(tx: Connection, id: str) -> Line | None:
    row = await tx.fetchrow(f"SELECT {LINE} FROM forwards WHERE id = $1 FOR UPDATE", id)
    return None if row is None else line_of(row)


async def held_before(tx: Connection, line: Line) -> str | None:
    """The first held forward of the same number that was here before this one; its id."""
    found: str | None = await tx.fetchval(
        "SELECT id FROM forwards WHERE state = 'held' AND number = $1 AND id < $2 ORDER BY id LIMIT 1",
        line.number,
        line.id,
    )
    return found


async def ask_anew(tx: Connection, nodes: Iterable[str], now: datetime) -> None:
    """These nodes can run other processes than before: what waits for a version may be tried at once."""
    await tx.execute(
        "UPDATE forwards SET next_at = $2 WHERE state = 'held' AND held_because = 'version-unknown' "
        "AND home = ANY($1::text[]) AND next_at > $2",
        sorted(nodes),
        now,
    )
