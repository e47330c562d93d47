"""SQL of the ledger. Everything is set-based: a batch of messages is three statements, however many there are.

New rows go in by COPY: an array for each of forty columns costs more to encode than the rows cost to store.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asyncpg import Record

from contracts.control import ASK_AFTER, DATED_ASK_AFTER
from contracts.work_orders import Forward
from libs.database import Connection, Database, copy_rows
from libs.json_text import json_text
from services.hq_router.forwards.rules import Entry, HeldBecause, LedgerState, Passage

Name = tuple[str, str, int]
"""Origin, its transaction, and the attempt."""


@dataclass(frozen=True, slots=True)
class Line:
    """One forward in the ledger, with what is needed to send it again or to answer for it."""

    id: str
    origin: str
    transaction: str
    order: str
    number: str | None
    business: str
    entry: Entry
    document: str
    """The forward as it came, JSON."""
    result: str | None = None
    """The end as it was told to the origin, JSON."""
    reasons: str = "[]"
    trail: int = 0
    trace: str | None = None
    """The thread that it came with, where somebody records it."""
    forward: Forward | None = field(default=None, compare=False)
    """Of one that is new: not written yet."""

    @property
    def name(self) -> Name:
        return self.origin, self.transaction, self.entry.attempt

    @property
    def key(self) -> str:
        """Of its messages: the number, so that all that is done to a subscriber stays in order."""
        return self.number or self.transaction


LINE = (
    "id, origin, origin_transaction, order_id, number, business, attempt, digest, accounting_day, deadline, state, "
    "home, home_transaction, hops, tried, sequence, outcome, late, next_at, held_because, held_since, document::text, "
    "result::text, reasons::text, trail, cancelling, trace"
)


def line_of(row: Record) -> Line:
    """A row of `LINE`."""
    entry = Entry(
        attempt=row["attempt"],
        digest=row["digest"],
        accounting_day=row["accounting_day"],
        deadline=row["deadline"],
        state=LedgerState(row["state"]),
        home=row["home"],
        home_transaction=row["home_transaction"],
        hops=row["hops"],
        tried=tuple(row["tried"]),
        sequence=row["sequence"],
        outcome=row["outcome"],
        late=row["late"],
        next_at=row["next_at"],
        held=HeldBecause(row["held_because"]) if row["held_because"] else None,
        held_since=row["held_since"],
        cancelling=row["cancelling"],
    )
    return Line(
        row["id"],
        row["origin"],
        row["origin_transaction"],
        row["order_id"],
        row["number"],
        row["business"],
        entry,
        row["document"],
        row["result"],
        row["reasons"],
        row["trail"],
        row["trace"],
    )


_LOCK = f"""
SELECT {LINE} FROM forwards
WHERE (origin, origin_transaction) IN (SELECT * FROM unnest($1::text[], $2::text[]))
  AND origin = ANY($3::text[]) AND origin_transaction = ANY($2::text[])
ORDER BY origin, origin_transaction, attempt FOR UPDATE
"""
# Planned while the ledger was small and kept since, a join alone would read all of it for every batch; the arrays keep
# it at the key, here and in the update.


async def lock(tx: Connection, transactions: Iterable[tuple[str, str]]) -> dict[Name, Line]:
    """All attempts of these transactions (origin, id), locked in the order of their names."""
    wanted = sorted(set(transactions))
    origins = [origin for origin, _ in wanted]
    rows = await tx.fetch(_LOCK, origins, [id for _, id in wanted], sorted(set(origins)))
    return {line.name: line for line in map(line_of, rows)}


_INSERTED = (
    "id",
    "origin",
    "origin_transaction",
    "attempt",
    "home",
    "state",
    "order_id",
    "business",
    "process",
    "process_version",
    "route_type",
    "route_value",
    "number",
    "accounting_day",
    "deadline",
    "accepted_by",
    "accepted_at",
    "channel",
    "hall",
    "dealer",
    "area",
    "test",
    "digest",
    "late",
    "hops",
    "tried",
    "sequence",
    "outcome",
    "reasons",
    "trail",
    "document",
    "trace",
    "result",
    "next_at",
    "held_because",
    "held_since",
    "ask_at",
    "created",
    "updated",
    "ended",
)
_UPDATE = """
UPDATE forwards SET home = row.home, home_transaction = row.home_transaction, state = row.state, hops = row.hops,
  tried = string_to_array(row.tried, ' '), sequence = row.sequence, outcome = row.outcome, late = row.late,
  next_at = row.next_at, held_because = row.held, held_since = row.held_since, reasons = row.reasons,
  result = row.result, trail = row.trail, cancelling = row.cancelling, updated = $17,
  ask_at = CASE WHEN row.state = 'sent' THEN CASE WHEN row.sequence > 0 AND row.cancelling IS NULL
    THEN greatest($18, least(forwards.deadline - $19::interval, $20::timestamptz)) ELSE $18::timestamptz END END,
  ended = CASE WHEN row.state = 'ended' THEN coalesce(forwards.ended, $17) END,
  -- What was sealed is of no further use here. Most were not: their documents stay.
  document = CASE WHEN row.state = 'ended' AND forwards.document ->> 'sealed' IS NOT NULL
    THEN forwards.document - 'sealed' ELSE forwards.document END
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::bigint[], $8::text[],
    $9::boolean[], $10::timestamptz[], $11::jsonb[], $12::jsonb[], $13::int[], $14::text[], $15::timestamptz[],
    $16::text[])
  AS row(id, home, home_transaction, state, hops, tried, sequence, outcome, late, next_at, reasons, result, trail,
    held, held_since, cancelling)
WHERE forwards.id = row.id AND forwards.id = ANY($1::text[])
"""
_HOPS = ("forward", "n", "node", "at", "direction", "what", "detail")


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def insert(tx: Connection, lines: Sequence[Line], now: datetime) -> None:
    """Record new forwards. Raises asyncpg.UniqueViolationError where another consumer was faster."""
    if lines:
        await copy_rows(tx, "forwards", _INSERTED, [_inserted(line, now) for line in lines])


def _inserted(line: Line, now: datetime) -> tuple[Any, ...]:
    forward, entry = line.forward, line.entry
    assert forward is not None, "a new line knows its forward"
    accepted = forward.acceptance
    document = forward.model_copy(update={"sealed": None}).model_dump_json() if entry.ended else line.document
    return (
        line.id,
        line.origin,
        line.transaction,
        entry.attempt,
        entry.home,
        entry.state,
        line.order,
        forward.business,
        forward.process,
        forward.version,
        forward.route_type,
        forward.route_value,
        line.number,
        entry.accounting_day,
        entry.deadline,
        accepted.actor,
        accepted.at,
        accepted.channel,
        accepted.hall,
        accepted.dealer,
        accepted.area,
        forward.test,
        entry.digest,
        entry.late,
        entry.hops,
        list(entry.tried),
        entry.sequence,
        entry.outcome,
        line.reasons,
        line.trail,
        document,
        line.trace,
        line.result,
        entry.next_at,
        entry.held,
        entry.held_since,
        now + ASK_AFTER if entry.state is LedgerState.SENT else None,
        now,
        now,
        now if entry.ended else None,
    )


async def update(tx: Connection, lines: Sequence[Line], now: datetime, at_work: timedelta) -> None:
    """Write what has changed of forwards that were locked.

    `at_work`: how long before its deadline a forward's time comes; what is dated waits for that at its home.
    """
    if lines:
        rows = [
            (
                line.id,
                line.entry.home,
                line.entry.home_transaction,
                line.entry.state,
                line.entry.hops,
                " ".join(line.entry.tried),
                line.entry.sequence,
                line.entry.outcome,
                line.entry.late,
                line.entry.next_at,
                line.reasons,
                line.result,
                line.trail,
                line.entry.held,
                line.entry.held_since,
                line.entry.cancelling,
            )
            for line in lines
        ]
        await tx.execute(_UPDATE, *_columns(rows), now, now + ASK_AFTER, at_work, now + DATED_ASK_AFTER)


async def insert_hops(tx: Connection, passages: Sequence[tuple[str, int, Passage]], now: datetime) -> None:
    """Lines of trails: the forward's id, the line's number, and what happened."""
    if passages:
        rows = [(id, n, one.node, now, one.direction, one.what, one.detail) for id, n, one in passages]
        await copy_rows(tx, "hops", _HOPS, rows)


def reasons_json(reasons: Iterable[Any]) -> str:
    """Reasons of an outcome as the ledger keeps them."""
    return json_text([reason.model_dump(mode="json", exclude_none=True) for reason in reasons])


SHOWN = (
    "id, origin, origin_transaction, attempt, home, home_transaction, state, order_id, business, process, "
    "process_version, route_type, number, accounting_day, deadline, accepted_by, accepted_at, channel, hall, dealer, "
    "area, test, late, hops, sequence, outcome, reasons::text, next_at, held_because, held_since, created, updated, "
    "ended"
)


async def one(db: "Database | Connection", id: str) -> Record | None:
    return await db.fetchrow(f"SELECT {SHOWN} FROM forwards WHERE id = $1", id)


async def hops_of(db: Database, id: str) -> Sequence[Record]:
    return await db.fetch(
        "SELECT n, node, at, direction, what, detail FROM hops WHERE forward = $1 ORDER BY n", id
    )
