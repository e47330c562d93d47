"""Payments and refunds in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from contracts.events import BillingAccountChanged, CustomerChanged
from libs.database import Connection, Database, Held
from libs.json_text import json_text
from libs.messaging.outbox import PARAMETERS, OutboxRows, insert_sql
from libs.tmf.condition import Condition, Parameters, both
from libs.tmf.write import moment
from libs.web import claims
from services.order_acceptance.payments.rules import Taken

_OUTBOX = 4
_CLAIM = _OUTBOX + PARAMETERS

TAKE = f"""
    WITH made AS (
        INSERT INTO payments (id, version, document, created, last_update, actor, issuer, channel, hall, dealer, area,
                              account, number, amount, method, status, correlator, accounting_day, home)
        SELECT id, 1, document, $3, $3, actor, issuer, channel, hall, dealer, area, account, number, amount, method,
               'authorized', correlator, accounting_day, home
        FROM jsonb_populate_record(NULL::payments, $1::jsonb)
    ), work AS (
        INSERT INTO work_orders SELECT w.* FROM jsonb_populate_record(NULL::work_orders, $2::jsonb) w
        WHERE $2::jsonb IS NOT NULL
    ), told AS (
        {insert_sql(_OUTBOX)}
    )
    {claims.insert_sql(_CLAIM)}
"""
"""A payment with its work order, its messages and its answer, in one statement."""


@dataclass(frozen=True, slots=True)
class Payee:
    """Who receives a payment, as far as this node knows: the account, if it is known here."""

    account: str | None
    area: str | None


async def payee_of_number(db: Database, number: str) -> Payee | None:
    """The account that pays for a number that is at home here; None for a number that is not."""
    row = await db.fetchrow(
        """SELECT billing_account, area FROM products
           WHERE kind = 'subscription' AND status <> 'terminated' AND number = $1""",
        number,
    )
    return Payee(row["billing_account"], row["area"]) if row else None


async def known_account(db: Database, account: str) -> BillingAccountChanged | None:
    record = await db.fetchval("SELECT record FROM known_accounts WHERE id = $1 AND NOT deleted", account)
    return BillingAccountChanged.model_validate_json(record) if record else None


async def owner_of(db: Database | Held, customer: str) -> CustomerChanged | None:
    record = await db.fetchval("SELECT record FROM known_customers WHERE id = $1 AND NOT deleted", customer)
    return CustomerChanged.model_validate_json(record) if record else None


async def take(
    db: Database,
    payment: Mapping[str, Any],
    work_order: Mapping[str, Any] | None,
    messages: OutboxRows,
    claim: Sequence[Any],
    now: datetime,
) -> None:
    """Store a payment. Raises asyncpg.UniqueViolationError (`idempotency_keys_pkey`) where it was asked before."""
    await db.execute(
        TAKE, json_text(payment), json_text(work_order) if work_order else None, now, *messages, *claim
    )


async def lock_for_refund(tx: Connection, payment: str, visible: Condition | None) -> Taken | None:
    """The payment, locked so that no order can bind it meanwhile; None for one that the actor may not see."""
    parameters = Parameters(payment)
    where = parameters.bind(both(visible))
    row = await tx.fetchrow(
        f"SELECT account, status, amount - refunded AS left_over FROM payments WHERE id = $1 AND ({where}) FOR UPDATE",
        *parameters.values,
    )
    if row is None:
        return None
    # Asked after the lock is ours: a binding that was under way is committed, and seen, by now.
    bound = await tx.fetchval("SELECT true FROM payment_bindings WHERE payment = $1", payment)
    return Taken(row["account"], row["status"], row["left_over"], bool(bound))


async def give_back(
    tx: Connection, refund: Mapping[str, Any], payment: str, amount: Decimal, now: datetime
) -> dict[str, Any]:
    """Record a refund and take it off the payment; the payment's row as it is now."""
    await tx.execute(
        """INSERT INTO refunds (id, version, document, created, last_update, actor, issuer, channel, hall, dealer,
                                area, payment, order_id, amount, status, accounting_day)
           SELECT id, 1, document, $2, $2, actor, issuer, channel, hall, dealer, area, payment, NULL, amount, 'done',
                  accounting_day
           FROM jsonb_populate_record(NULL::refunds, $1::jsonb)""",
        json_text(refund),
        now,
    )
    row = await tx.fetchrow(
        """UPDATE payments
           SET refunded = refunded + $2, version = version + 1, last_update = $3,
               status = CASE WHEN refunded + $2 = amount THEN 'failed' ELSE status END,
               document = document || jsonb_build_object(
                   'status', CASE WHEN refunded + $2 = amount THEN 'failed' ELSE status END, 'statusDate', $4::text)
           WHERE id = $1 RETURNING id, version, status, account, amount""",
        payment,
        amount,
        now,
        moment(now),
    )
    assert row is not None, "it was locked above"
    return dict(row)
