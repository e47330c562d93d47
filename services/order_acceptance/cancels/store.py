"""SQL of cancelling: the order that is to end, and the wishes to end it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from libs.database import Connection
from libs.json_text import json_text
from libs.tmf.condition import Condition, Parameters, both
from libs.tmf.write import moment
from services.order_acceptance.orders.items import items_in

WISHES = ("assessingCancellation", "pendingCancellation")
"""The states of an order that somebody wants to cancel."""

_SHOWN = "id, version, category, state, customer, number"
_SHOW = f"""
    UPDATE product_orders o
    SET state = $2, version = o.version + 1, last_update = $3,
        document = o.document || jsonb_build_object('state', $2::text, 'productOrderItem', {items_in("$2::text")})
    WHERE o.id = ANY($1::text[]) AND o.state = ANY($4::text[])
    RETURNING {_SHOWN}
"""
_ENDED = """
    UPDATE cancel_requests c
    SET state = n.state, version = c.version + 1, last_update = $3,
        document = c.document || jsonb_build_object('state', n.state)
            || CASE WHEN n.state = 'done' THEN jsonb_build_object('effectiveCancellationDate', $4::text)
               ELSE '{}'::jsonb END
    FROM unnest($1::text[], $2::text[]) AS n(order_id, state)
    WHERE c.order_id = n.order_id AND c.state = 'inProgress'
"""


async def order_of(tx: Connection, id: str, visible: Condition | None) -> asyncpg.Record | None:
    """An order that the actor may see, with its work orders here; None for what is not his to see."""
    parameters = Parameters(id)
    where = parameters.bind(both(visible))
    return await tx.fetchrow(
        f"""SELECT {_SHOWN}, dealer, area,
                   ARRAY(SELECT w.id FROM work_orders w WHERE w.order_id = o.id AND w.part <> 'home') AS works,
                   EXISTS (SELECT FROM group_orders g WHERE g.order_id = o.id) AS grouped
            FROM product_orders o WHERE o.id = $1 AND ({where})""",
        *parameters.values,
    )


async def show(
    tx: Connection, orders: Sequence[str], state: str, before: Sequence[str], now: datetime
) -> Sequence[asyncpg.Record]:
    """Let those of the orders that are in one of the states `before` show another; what was changed."""
    return await tx.fetch(_SHOW, list(orders), state, now, list(before))


async def wanted_back(tx: Connection, works: Sequence[str]) -> list[str]:
    """Those of these work orders, handed to their homes, whose orders somebody wants to cancel; a group asks itself."""
    if not works:
        return []
    rows = await tx.fetch(
        """SELECT w.id FROM work_orders w JOIN product_orders o ON o.id = w.order_id
           WHERE w.id = ANY($1::text[]) AND w.state = 'running' AND w.group_policy IS NULL AND o.state = ANY($2::text[])
           ORDER BY w.id""",
        list(works),
        list(WISHES),
    )
    return [row["id"] for row in rows]


async def insert(tx: Connection, row: dict[str, Any], now: datetime) -> None:
    """A new wish. Raises asyncpg.UniqueViolationError (`cancel_requests_one_open`) where one is under way."""
    await tx.execute(
        """INSERT INTO cancel_requests (id, version, document, created, last_update, actor, issuer, channel, hall,
                                        dealer, area, order_id, customer, state)
           SELECT id, 1, document, $2, $2, actor, issuer, channel, hall, dealer, area, order_id, customer, state
           FROM jsonb_populate_record(NULL::cancel_requests, $1::jsonb)""",
        json_text(row),
        now,
    )


async def end(tx: Connection, orders: Sequence[tuple[str, str]], now: datetime) -> None:
    """Give the open wishes for these orders (id, state of the wish) their end."""
    if orders:
        await tx.execute(
            _ENDED, [order for order, _ in orders], [state for _, state in orders], now, moment(now)
        )


async def one(tx: Connection, id: str) -> asyncpg.Record:
    row = await tx.fetchrow(
        "SELECT id, version, document::text AS document FROM cancel_requests WHERE id = $1", id
    )
    assert row is not None, "it was written in this transaction"
    return row
