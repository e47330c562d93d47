"""SQL of looks that are under way: who was asked, so that nobody else can answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.database import Connection
from services.hq_router.looking.rules import Look

KEPT = timedelta(minutes=5)
"""How long after its deadline a look is remembered."""
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A look that is under way."""

    origin: str
    id: str
    number: str
    deadline: datetime
    document: str
    """The question as it came, JSON."""
    look: Look

    @property
    def name(self) -> tuple[str, str]:
        return self.origin, self.id


async def insert(tx: Connection, asked: Sequence[Asked], now: datetime) -> set[tuple[str, str]]:
    """Note new looks; the names of those that were not there already."""
    if not asked:
        return set()
    rows = await tx.fetch(
        """INSERT INTO looks (origin, id, number, home, tried, hops, deadline, document, created)
           SELECT *, $9 FROM (
               SELECT origin, id, number, home, string_to_array(tried, ' '), hops, deadline, document
               FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[],
                           $7::timestamptz[], $8::jsonb[])
               AS row(origin, id, number, home, tried, hops, deadline, document)) AS made
           ON CONFLICT DO NOTHING RETURNING origin, id""",
        [one.origin for one in asked],
        [one.id for one in asked],
        [one.number for one in asked],
        [one.look.home for one in asked],
        [" ".join(one.look.tried) for one in asked],
        [one.look.hops for one in asked],
        [one.deadline for one in asked],
        [one.document for one in asked],
        now,
    )
    return {(row["origin"], row["id"]) for row in rows}


async def lock(tx: Connection, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Asked]:
    """The looks that are under way among these, locked in the order of their names."""
    wanted = sorted(set(names))
    rows = await tx.fetch(
        """SELECT origin, id, number, home, tried, hops, deadline, document::text FROM looks
           WHERE (origin, id) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY origin, id FOR UPDATE""",
        [origin for origin, _ in wanted],
        [id for _, id in wanted],
    )
    return {
        (row["origin"], row["id"]): Asked(
            row["origin"],
            row["id"],
            row["number"],
            row["deadline"],
            row["document"],
            Look(row["home"], tuple(row["tried"]), row["hops"]),
        )
        for row in rows
    }


async def update(tx: Connection, asked: Sequence[Asked]) -> None:
    """Other nodes are asked now."""
    if asked:
        await tx.execute(
            """UPDATE looks SET home = row.home, tried = string_to_array(row.tried, ' '), hops = row.hops
               FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[])
               AS row(origin, id, home, tried, hops) WHERE looks.origin = row.origin AND looks.id = row.id""",
            [one.origin for one in asked],
            [one.id for one in asked],
            [one.look.home for one in asked],
            [" ".join(one.look.tried) for one in asked],
            [one.look.hops for one in asked],
        )


async def forget(tx: Connection, names: Sequence[tuple[str, str]]) -> None:
    """Looks that were answered."""
    if names:
        await tx.execute(
            "DELETE FROM looks WHERE (origin, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
            [origin for origin, _ in names],
            [id for _, id in names],
        )


async def forget_old(tx: Connection, now: datetime) -> None:
    """Looks that nobody answered, some time after anybody waits for it."""
    await tx.execute(
        """DELETE FROM looks WHERE (origin, id) IN (
               SELECT origin, id FROM looks WHERE deadline < $1 ORDER BY deadline LIMIT $2)""",
        now - KEPT,
        AT_ONCE,
    )
