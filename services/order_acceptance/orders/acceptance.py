"""An accepted order in the database: everything that it is, in one statement. It is all there, or none of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any, NamedTuple

from libs.database import Held
from libs.json_text import json_text
from libs.messaging.outbox import INTO_OUTBOX, OutboxRows, values_sql
from libs.web import claims


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The rows of an accepted order."""

    order: dict[str, Any]
    running: dict[str, Any]
    waiting: dict[str, Any]
    """What of the row differs while the guard of the subscription is another's: of its steps the first `begun`."""
    guard: str | None
    """The number whose guard it wants, or none."""
    checks: Sequence[str]
    payments: Sequence[tuple[str, Decimal]]
    """Each with what was left of it when the order was judged."""
    told: OutboxRows
    asked: OutboxRows
    """Sent only if it need not wait for its guard."""
    claim: Sequence[Any]


class Shape(NamedTuple):
    """What an acceptance consists of: its statement has no part that would do nothing."""

    guarded: bool
    checks: int
    paid: bool
    told: int
    asked: int
    claimed: bool


# The guard's row is locked even where another holds it, so that whoever passes it on sees this order wait.
_GUARD = """guard AS (
    INSERT INTO guards (number, work_order, since) VALUES ({number}, {id}, $4)
    ON CONFLICT (number) DO UPDATE SET number = excluded.number
    RETURNING work_order
), free AS (SELECT work_order = {id} AS yes FROM guard)"""
_MADE = """made AS (
    INSERT INTO product_orders (id, version, document, created, last_update, actor, issuer, channel, hall, dealer,
                                area, category, state, customer, number, accounting_day, replaces_card_of)
    SELECT $3::text, version, document, $4, $4, actor, issuer, channel, hall, dealer, area, category,
           document ->> 'state', customer, number, accounting_day, replaces_card_of
    FROM jsonb_populate_record(NULL::product_orders, $1::jsonb))"""
_WORK = """work AS (
    INSERT INTO work_orders SELECT w.* FROM jsonb_populate_record(NULL::work_orders, $2::jsonb) w)"""
_WORK_OR_WAIT = """work AS (
    INSERT INTO work_orders
    SELECT w.* FROM free, jsonb_populate_record(
        NULL::work_orders,
        CASE WHEN free.yes THEN $2::jsonb ELSE $2::jsonb || {waiting}::jsonb || jsonb_build_object(
            'steps', ({waiting}::jsonb -> 'steps')
                     || jsonb_path_query_array($2, '$.steps[$begun to last]', {waiting})) END) w)"""
_BOUND = """bound AS (
    INSERT INTO payment_bindings (payment, order_id, bound)
    SELECT id, $3, $4 FROM (
        SELECT p.id FROM payments p JOIN unnest({ids}::text[], {left}::numeric[]) AS e(id, judged) ON e.id = p.id
        WHERE p.status = 'authorized' AND p.account = 'counter' AND p.amount - p.refunded = e.judged
        ORDER BY p.id FOR UPDATE OF p) there
    RETURNING payment)"""
# A payment of which something was refunded meanwhile is not bound: the statement divides by zero and undoes itself.
_ALL_BOUND = "1 / CASE WHEN (SELECT count(*) FROM bound) = cardinality({ids}) THEN 1 ELSE 0 END AS all_bound"


@cache
def accept_sql(shape: Shape) -> str:
    """The statement; its parameters are what `_values` gives."""
    numbers = count(5)

    def take(parameters: int = 1) -> list[str]:
        return [f"${next(numbers)}" for _ in range(parameters)]

    parts = [_MADE]
    if shape.guarded:
        number, id, waiting = take(3)
        parts = [_GUARD.format(number=number, id=id), _MADE, _WORK_OR_WAIT.format(waiting=waiting)]
    else:
        parts.append(_WORK)
    if shape.checks:
        used = ", ".join(f"({check}, $3, $4)" for check in take(shape.checks))
        parts.append(
            f"used AS (INSERT INTO identity_check_uses (identity_check, order_id, used) VALUES {used})"
        )
    for name, messages in (("told", shape.told), ("asked", shape.asked)):
        if messages:
            first = take(messages * len(OutboxRows._fields[:-1]))[0]
            sent = values_sql(int(first[1:]), messages, "$4")
            held = " CROSS JOIN free WHERE free.yes" if name == "asked" and shape.guarded else ""
            parts.append(f"{name} AS ({INTO_OUTBOX} {sent}{held})")
    if shape.claimed:
        first = take(len(claims.COLUMNS))[0]
        parts.append(f"claimed AS ({claims.insert_sql(int(first[1:]))})")
    if shape.paid:
        ids, left = take(2)
        parts.append(_BOUND.format(ids=ids, left=left))
        return f"WITH {', '.join(parts)} SELECT {_ALL_BOUND.format(ids=ids)}"
    return f"WITH {', '.join(parts)} SELECT"


def _values(rows: Acceptance, now: datetime) -> list[Any]:
    values = [json_text(rows.order), json_text(rows.running), rows.order["id"], now]
    if rows.guard is not None:
        values += (rows.guard, rows.running["id"], json_text(rows.waiting))
    values += (*rows.checks, *rows.told.values(), *rows.asked.values())
    if rows.claim:
        values += rows.claim
    if rows.payments:
        values += ([payment for payment, _ in rows.payments], [left for _, left in rows.payments])
    return values


async def accept(db: Held, rows: Acceptance, now: datetime) -> None:
    """Store an order with its work order, answer and messages.

    Raises asyncpg.UniqueViolationError (`idempotency_keys_pkey`: asked before; `payment_bindings_pkey`,
    `identity_check_uses_pkey`: used by another order; `product_orders_card_replaced_once`: so is the broken card) and
    asyncpg.DivisionByZeroError (a payment is no longer there to be bound); nothing is stored then.
    """
    shape = Shape(
        guarded=rows.guard is not None,
        checks=len(rows.checks),
        paid=bool(rows.payments),
        told=len(rows.told.topic),
        asked=len(rows.asked.topic),
        claimed=bool(rows.claim),
    )
    await db.execute(accept_sql(shape), *_values(rows, now))
