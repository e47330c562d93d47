"""Ended work becomes ended orders: their state, their payments, their refunds, and the messages that tell of it."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from contracts.base import Acceptance
from contracts.base import Reason as ReasonContract
from contracts.bills import CrossProvinceBill
from contracts.events import OrderStateChanged, PaymentStatusChanged
from libs.json_text import json_text
from libs.messaging import Outgoing, Work
from libs.messaging.topics import events, uplink
from libs.tmf.write import moment
from services.order_acceptance.cancels import store as wishes
from services.order_acceptance.cancels.rules import task_state
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.errors import text_of
from services.order_acceptance.orders.items import items_in
from services.order_acceptance.settlement.rules import order_state, payment_status, posted_at_home

_END_ORDERS = f"""
    UPDATE product_orders o
    SET state = n.state, version = o.version + 1, last_update = $2,
        document = o.document || jsonb_build_object(
            'state', n.state,
            'completionDate', $3::text,
            'productOrderItem', {items_in("n.state")}
        ) || CASE WHEN jsonb_array_length(n.failure) > 0
             THEN jsonb_build_object('failure', n.failure) ELSE '{{}}'::jsonb END
    FROM jsonb_to_recordset($1::jsonb) AS n(id text, state text, failure jsonb)
    -- The planner guesses a hundred rows of the list above; the ids themselves keep it off the whole table.
    WHERE o.id = n.id AND o.id = ANY($4::text[]) AND o.state <> n.state
    RETURNING o.id, o.version, o.category, o.state, o.customer, o.number, old.state AS before
"""

# A payment belongs to the order it is bound to; a payment that is its own business has its own id as order.
_MONEY_OF = """
    SELECT p.id, b.order_id, p.amount - p.refunded AS left_over
    FROM payment_bindings b JOIN payments p ON p.id = b.payment WHERE b.order_id = ANY($1::text[])
    UNION ALL
    SELECT p.id, p.id, p.amount - p.refunded FROM payments p WHERE p.id = ANY($1::text[])
"""

_REFUND = f"""
    INSERT INTO refunds (id, version, document, created, last_update, actor, issuer, channel, hall, dealer, area,
                         payment, order_id, amount, status, accounting_day)
    SELECT r.id, 1,
           jsonb_build_object(
               'id', r.id, '@type', 'Refund', 'status', 'done', 'statusDate', $3::text, 'refundDate', $3::text,
               'name', 'refund', 'account', p.document -> 'account', 'paymentMethod', p.document -> 'paymentMethod',
               'amount', jsonb_build_object('unit', 'CNY', 'value', p.amount - p.refunded),
               'totalAmount', jsonb_build_object('unit', 'CNY', 'value', p.amount - p.refunded),
               'payment', jsonb_build_object('id', p.id, '@referredType', 'Payment')),
           $2, $2, p.actor, p.issuer, p.channel, p.hall, p.dealer, p.area,
           p.id, r.order_id, p.amount - p.refunded, 'done', p.accounting_day
    FROM (SELECT uuidv7()::text AS id, m.id AS payment, m.order_id FROM ({_MONEY_OF}) m WHERE m.left_over > 0) r
    JOIN payments p ON p.id = r.payment
    ON CONFLICT ON CONSTRAINT refunds_once_for_order_and_payment DO NOTHING
"""

_SETTLE_PAYMENTS = f"""
    UPDATE payments p
    SET status = n.status, version = p.version + 1, last_update = $3, home = coalesce(n.home, p.home),
        refunded = CASE n.status WHEN 'failed' THEN p.amount ELSE p.refunded END,
        document = p.document || jsonb_build_object('status', n.status, 'statusDate', $4::text)
    FROM ({_MONEY_OF}) m JOIN jsonb_to_recordset($2::jsonb) AS n(id text, status text, home text)
         ON n.id = m.order_id
    WHERE p.id = m.id AND p.status = 'authorized'
    RETURNING p.id, p.version, p.status, p.account, p.amount, m.order_id
"""


_BEGIN_ORDERS = f"""
    UPDATE product_orders o
    SET state = 'inProgress', version = o.version + 1, last_update = $2,
        document = o.document || jsonb_build_object(
            'state', 'inProgress', 'productOrderItem', {items_in("'inProgress'::text")})
    WHERE o.id = ANY($1::text[]) AND (o.state = 'acknowledged' OR o.state = 'pending' AND o.id = ANY($3::text[]))
    RETURNING o.id, o.version, o.category, o.state, o.customer, o.number
"""


async def begin(unit: Work, orders: Sequence[str], *, dated: Sequence[str] = ()) -> None:
    """The orders of work that has begun are in progress, wherever it runs from now on.

    `dated`: those of them that were pending until their time, which has come.
    """
    if orders:
        _tell(unit, [], await unit.tx.fetch(_BEGIN_ORDERS, list(orders), unit.now, list(dated)), [])


async def settle(unit: Work, ended: Sequence[Stored]) -> None:
    """Give the orders of these work orders their end, and their money its place."""
    if not ended:
        return
    stamp = moment(unit.now)
    orders = await unit.tx.fetch(
        _END_ORDERS,
        json_text(
            [
                {"id": one.work.order, "state": order_state(one.work.state), "failure": _failure(one)}
                for one in ended
            ]
        ),
        unit.now,
        stamp,
        [one.work.order for one in ended],
    )
    lost = [one.work.order for one in ended if payment_status(one.work.state) == "failed"]
    if lost:
        await unit.tx.execute(_REFUND, lost, unit.now, stamp)
    payments = await unit.tx.fetch(
        _SETTLE_PAYMENTS,
        [one.work.order for one in ended],
        json_text(
            [
                {"id": one.work.order, "status": payment_status(one.work.state), "home": one.home}
                for one in ended
            ]
        ),
        unit.now,
        stamp,
    )
    wished = [(row["id"], task_state(row["state"])) for row in orders if row["before"] in wishes.WISHES]
    await wishes.end(unit.tx, wished, unit.now)
    _tell(unit, ended, orders, payments)


def tell_orders(unit: Work, orders: Sequence[asyncpg.Record]) -> None:
    """Tell of orders that show another state: their id, version, category, state, customer and number."""
    _tell(unit, [], orders, [])


def _failure(stored: Stored) -> list[dict[str, Any]]:
    return [
        {
            "code": reason.code,
            "reason": text_of(reason.code, reason.parameters),
            "node": reason.node or stored.work.node,
            **({"task": reason.task} if reason.task else {}),
            **({"path": reason.path} if reason.path else {}),
        }
        for reason in stored.work.reasons
        if stored.work.state != "completed"
    ]


def _tell(
    unit: Work,
    ended: Sequence[Stored],
    orders: Sequence[asyncpg.Record],
    payments: Sequence[asyncpg.Record],
) -> None:
    node = str(unit.runtime.settings.node)
    topic = events(node, "order-acceptance")
    reasons = {one.work.order: one.work.reasons for one in ended}
    traces = {one.work.order: one.trace for one in ended}
    for row in orders:
        changed = OrderStateChanged(
            id=row["id"],
            version=row["version"],
            category=row["category"],
            state=row["state"],
            customer=row["customer"],
            number=row["number"],
            failure=[
                ReasonContract(code=reason.code, path=reason.path, node=reason.node, task=reason.task)
                for reason in reasons.get(row["id"], ())
            ],
            at=unit.now,
        )
        unit.send(Outgoing(topic=topic, key=row["id"], data=changed))
    for row in payments:
        paid = PaymentStatusChanged(
            id=row["id"],
            version=row["version"],
            status=row["status"],
            account=row["account"],
            amount=row["amount"],
            order=row["order_id"] if row["order_id"] != row["id"] else None,
            at=unit.now,
        )
        unit.belongs_to(traces.get(row["order_id"]), row["id"])
        unit.send(Outgoing(topic=topic, key=row["id"], data=paid))
    for one in ended:
        bill = bill_of(one, unit)
        if bill is not None:
            unit.belongs_to(one.trace, bill.key)
            unit.send(bill)


def bill_of(stored: Stored, unit: Work) -> Outgoing | None:
    """What is owed to another province whose subscriber paid here."""
    work = stored.work
    if work.part != "acceptance" or work.state != "completed" or work.number is None:
        return None
    amount = posted_at_home(stored.business, work.content)
    if amount <= 0 or stored.home is None or stored.home == work.node:
        return None
    bill = CrossProvinceBill(
        payment=work.order,
        work_order=work.id,
        collected_by=work.node,
        home=stored.home,
        number=work.number,
        kind="payment",
        amount=amount,
        accounting_day=stored.accounting_day,
        acceptance=Acceptance.model_validate(stored.acceptance),
        at=unit.now,
    )
    return Outgoing(topic=uplink(work.node, "bills"), key=bill.number, data=bill)
