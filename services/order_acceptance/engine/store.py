"""Work orders in the database: one row each, its journal of steps in the row, read and written by the batch."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

import asyncpg

from contracts.base import Acceptance
from libs.database import Connection
from libs.json_text import json_text
from libs.telemetry.trace import recorded
from services.order_acceptance.engine.rules import Reason, StepRecord, StepState, WorkOrder, WorkState

TRACE = "trace"
"""Where a row keeps the thread of the request that it began with, if somebody records it: with who accepted."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A work order with what its row keeps beside the engine's own view."""

    work: WorkOrder
    business: str
    origin_transaction: str
    home: str | None
    guarded: bool
    sequence: int
    accounting_day: date
    acceptance: dict[str, Any]
    sealed: str | None
    digest: str
    test: bool
    created: datetime
    output: dict[str, Any]

    @property
    def trace(self) -> str | None:
        """The thread of the request that it began with, where somebody records that."""
        thread: str | None = self.acceptance.get(TRACE)
        return thread

    def moved(self, work: WorkOrder) -> "Stored":
        """The same row after a move: one further in its sequence."""
        return replace(self, work=work, sequence=self.sequence + 1)


_COLUMNS = (
    "id, order_id, business, process, process_version, part, origin, origin_transaction, forward_attempt, home, "
    "number, guarded, state, verdict, sequence, position, attention, next_at, deadline, accounting_day, content, "
    "steps, reasons, output, acceptance, sealed, digest, test, created, updated, group_policy, waits"
)

INSERT = f"""
    INSERT INTO work_orders ({_COLUMNS})
    SELECT {_COLUMNS} FROM jsonb_populate_recordset(NULL::work_orders, $1::jsonb)
    ON CONFLICT DO NOTHING RETURNING id
"""

LOCK = f"SELECT {_COLUMNS} FROM work_orders WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"

LOCK_DUE = f"""
    SELECT {_COLUMNS} FROM work_orders WHERE next_at <= $1 ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""

_MOVES = (
    "home",
    "state",
    "verdict",
    "position",
    "attention",
    "next_at",
    "content",
    "steps",
    "reasons",
    "output",
    "sequence",
    "waits",
)
"""What a move may change; the rest of a row stays as it was made, and need not travel again."""

SAVE = f"""
    UPDATE work_orders w SET {", ".join(f"{name} = n.{name}" for name in _MOVES)}, updated = $2
    FROM jsonb_populate_recordset(NULL::work_orders, $1::jsonb) n
    -- The ids themselves keep a plan that was made for a small table off the whole of a large one.
    WHERE w.id = n.id AND w.id = ANY($3::text[])
"""


def accepted(acceptance: Acceptance, thread: str | None) -> dict[str, Any]:
    """Who accepted, where and when, and under which thread: as the row keeps it."""
    kept = acceptance.model_dump(mode="json", by_alias=True)
    return kept | {TRACE: thread} if recorded(thread) else kept


def row_of(stored: Stored, node: str, now: datetime) -> dict[str, Any]:
    """The row as JSON can carry it into the database."""
    work = stored.work
    return {
        "id": work.id,
        "order_id": work.order,
        "business": stored.business,
        "process": work.process,
        "process_version": work.version,
        "part": work.part,
        "origin": work.origin,
        "origin_transaction": stored.origin_transaction,
        "forward_attempt": work.forward_attempt,
        "home": stored.home,
        "number": work.number,
        "guarded": stored.guarded,
        "state": work.state,
        "verdict": work.verdict,
        "sequence": stored.sequence,
        "position": work.position,
        "attention": work.attention,
        "next_at": work.next_at.isoformat() if work.next_at else None,
        "deadline": work.deadline.isoformat(),
        "accounting_day": stored.accounting_day.isoformat(),
        "content": work.content,
        "steps": steps_of(work.steps),
        "reasons": [asdict(reason) for reason in work.reasons],
        "output": stored.output,
        "acceptance": stored.acceptance,
        "sealed": stored.sealed,
        "digest": stored.digest,
        "test": stored.test,
        "created": stored.created.isoformat(),
        "updated": now.isoformat(),
        "group_policy": work.group,
        "waits": work.waits,
    }


def steps_of(steps: Iterable[StepRecord]) -> list[dict[str, Any]]:
    """The journal as JSON. Written out, because copying dataclasses deeply took a third of accepting an order."""
    return [
        {
            "name": step.name,
            "executor": step.executor,
            "undo": step.undo,
            "counter": step.counter,
            "after": step.after,
            "state": step.state,
            "attempt": step.attempt,
            "askings": step.askings,
            "input": step.input,
            "output": step.output,
        }
        for step in steps
    ]


def _stored(row: asyncpg.Record, node: str) -> Stored:
    steps = [StepRecord(**{**step, "state": StepState(step["state"])}) for step in json.loads(row["steps"])]
    work = WorkOrder(
        id=row["id"],
        order=row["order_id"],
        process=row["process"],
        version=row["process_version"],
        part=row["part"],
        node=node,
        origin=row["origin"],
        number=row["number"],
        content=json.loads(row["content"]),
        deadline=row["deadline"],
        steps=tuple(steps),
        forward_attempt=row["forward_attempt"],
        state=WorkState(row["state"]),
        verdict=WorkState(row["verdict"]) if row["verdict"] else None,
        position=row["position"],
        next_at=row["next_at"],
        attention=row["attention"],
        reasons=tuple(Reason(**reason) for reason in json.loads(row["reasons"])),
        group=row["group_policy"],
        waits=row["waits"],
    )
    return Stored(
        work=work,
        business=row["business"],
        origin_transaction=row["origin_transaction"],
        home=row["home"],
        guarded=row["guarded"],
        sequence=row["sequence"],
        accounting_day=row["accounting_day"],
        acceptance=json.loads(row["acceptance"]),
        sealed=row["sealed"],
        digest=row["digest"],
        test=row["test"],
        created=row["created"],
        output=json.loads(row["output"]),
    )


async def lock(tx: Connection, ids: Iterable[str], node: str) -> dict[str, Stored]:
    """These work orders, locked in the order of their ids so that two batches cannot wait for each other."""
    rows = await tx.fetch(LOCK, sorted(set(ids)))
    return {row["id"]: _stored(row, node) for row in rows}


async def read(tx: Connection, ids: Iterable[str], node: str) -> list[Stored]:
    """These work orders as they are, without keeping them from others."""
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM work_orders WHERE id = ANY($1::text[]) ORDER BY id", sorted(set(ids))
    )
    return [_stored(row, node) for row in rows]


async def lock_due(tx: Connection, now: datetime, limit: int, node: str) -> list[Stored]:
    """Work orders whose time has come, at most `limit`, those that nobody else is moving."""
    return [_stored(row, node) for row in await tx.fetch(LOCK_DUE, now, limit)]


async def insert(tx: Connection, rows: Sequence[Stored], node: str, now: datetime) -> set[str]:
    """Take work orders in; the ids of those that were not here already."""
    made = await tx.fetch(INSERT, json_text([row_of(row, node, now) for row in rows]))
    return {row["id"] for row in made}


async def save(tx: Connection, rows: Sequence[Stored], node: str, now: datetime) -> None:
    if rows:
        moved = [row_of(row, node, now) for row in rows]
        given = json_text([{name: row[name] for name in ("id", *_MOVES)} for row in moved])
        await tx.execute(SAVE, given, now, [row.work.id for row in rows])


async def set_aside(tx: Connection, work_order: str, until: datetime) -> None:
    """Show a work order that cannot be moved to an operator, and leave it alone until then."""
    await tx.execute("UPDATE work_orders SET attention = true, next_at = $2 WHERE id = $1", work_order, until)


async def record_late(
    tx: Connection, results: Sequence[tuple[str, str, str, dict[str, Any]]], now: datetime
) -> None:
    """Keep answers that nobody waited for: (work order, task id, outcome, output)."""
    if results:
        await tx.execute(
            """INSERT INTO late_results (work_order, task_id, outcome, output, at)
               SELECT w, t, o, p::jsonb, $5
               FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS r(w, t, o, p)""",
            [r[0] for r in results],
            [r[1] for r in results],
            [r[2] for r in results],
            [json_text(r[3]) for r in results],
            now,
        )


async def forget_late(tx: Connection, before: datetime, limit: int) -> int:
    """Of the oldest of these answers, forget those that came before a moment; how many they were."""
    status = await tx.execute(
        """DELETE FROM late_results WHERE at < $1 AND id IN (SELECT id FROM late_results ORDER BY id LIMIT $2)""",
        before,
        limit,
    )
    return int(status.removeprefix("DELETE "))


async def take_guards(tx: Connection, wanted: Sequence[Stored], now: datetime) -> set[str]:
    """Win the guard of each work order's subscription, in order of number; the ids of the winners.

    The row is locked in any case, so that whoever releases it meanwhile sees the one that waits.
    """
    if not wanted:
        return set()
    ordered = sorted(wanted, key=lambda one: (one.work.number or "", one.work.id))
    first: dict[str, str] = {}
    for one in ordered:
        first.setdefault(one.work.number or "", one.work.id)
    rows = await tx.fetch(
        """INSERT INTO guards (number, work_order, since)
           SELECT n, w, $3 FROM unnest($1::text[], $2::text[]) AS g(n, w) ORDER BY n
           ON CONFLICT (number) DO UPDATE SET number = excluded.number
           RETURNING number, work_order""",
        list(first),
        list(first.values()),
        now,
    )
    mine = {one.work.id for one in wanted}
    return {row["work_order"] for row in rows if row["work_order"] in mine}


async def pass_guards_on(
    tx: Connection, ended: Sequence[str], moved: Sequence[str], now: datetime
) -> list[str]:
    """The guards of these work orders go to whoever waits longest for each; the ids of those that may start.

    `moved`: what this transaction has moved and not yet written; as far as the rows show it may still wait.
    """
    if not ended:
        return []
    held = await tx.fetch(
        "SELECT number FROM guards WHERE work_order = ANY($1::text[]) ORDER BY number FOR UPDATE", list(ended)
    )
    if not held:
        return []
    numbers = [row["number"] for row in held]
    # A new statement sees every waiting row that was committed before the locks above were ours.
    rows = await tx.fetch(
        """WITH next AS (
               SELECT DISTINCT ON (number) number, id FROM work_orders
               WHERE state = 'waiting' AND number = ANY($1::text[]) AND id <> ALL($3::text[])
               ORDER BY number, created, id
           ), passed AS (
               UPDATE guards g SET work_order = next.id, since = $2 FROM next WHERE g.number = next.number
               RETURNING g.work_order
           ), freed AS (
               DELETE FROM guards g WHERE g.number = ANY($1::text[])
               AND NOT EXISTS (SELECT 1 FROM next WHERE next.number = g.number)
           )
           SELECT work_order FROM passed""",
        numbers,
        now,
        list(moved),
    )
    return [row["work_order"] for row in rows]
