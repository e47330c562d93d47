"""SQL of group orders: their rows, the one decision, the locks on subscriptions, and their end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from libs.database import Connection
from libs.json_text import json_text
from libs.tmf.write import moment
from services.order_acceptance.groups.rules import Group
from services.order_acceptance.orders.items import items_in


@dataclass(frozen=True, slots=True)
class Child:
    """A row of a group's children."""

    work_order: str
    items: Sequence[str]
    node: str | None
    number: str | None


async def insert_order(tx: Connection, row: Mapping[str, Any], now: datetime) -> None:
    """The product order itself."""
    await tx.execute(
        """INSERT INTO product_orders (id, version, document, created, last_update, actor, issuer, channel, hall,
                                       dealer, area, category, state, customer, number, accounting_day)
           SELECT id, 1, document, $2, $2, actor, issuer, channel, hall, dealer, area, category, document ->> 'state',
                  customer, number, accounting_day
           FROM jsonb_populate_record(NULL::product_orders, $1::jsonb)""",
        json_text(row),
        now,
    )


async def use_checks(tx: Connection, checks: Sequence[str], order: str, now: datetime) -> None:
    """Raises asyncpg.UniqueViolationError (`identity_check_uses_pkey`) for one that another order has used."""
    await tx.execute(
        "INSERT INTO identity_check_uses (identity_check, order_id, used) SELECT unnest($1::text[]), $2, $3",
        list(checks),
        order,
        now,
    )


async def insert_group(
    tx: Connection,
    order: str,
    policy: str,
    deadline: datetime,
    due: datetime | None,
    children: Sequence[Child],
    now: datetime,
) -> None:
    """A new group: one that is `due` later leaves at once, and locks nothing before its time."""
    await tx.execute(
        """INSERT INTO group_orders (order_id, policy, state, deadline, created, locks_at)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        order,
        policy,
        "locking" if due is None else "open",
        deadline,
        now,
        due,
    )
    await tx.execute(
        """INSERT INTO group_children (work_order, order_id, items, node, number, state)
           SELECT w, $1, ARRAY(SELECT jsonb_array_elements_text(i)), p, n, 'open'
           FROM unnest($2::text[], $3::jsonb[], $4::text[], $5::text[]) AS c(w, i, p, n)""",
        order,
        [one.work_order for one in children],
        [json_text(list(one.items)) for one in children],
        [one.node for one in children],
        [one.number for one in children],
    )


async def lock_subscriptions(tx: Connection, order: str) -> bool:
    """Lock all subscriptions of a group, in the order of their numbers; or none, where one is another's.

    None either for a group that does not wait for them any more: who wanted it back may have been faster.
    """
    waits = await tx.fetchval(
        "SELECT true FROM group_orders WHERE order_id = $1 AND state = 'locking' FOR UPDATE", order
    )
    if not waits:
        return False
    wanted = await tx.fetchval(
        "SELECT count(*) FROM group_children WHERE order_id = $1 AND number IS NOT NULL", order
    )
    taken = await tx.fetch(
        """INSERT INTO group_locks (number, order_id)
           SELECT number, $1 FROM group_children WHERE order_id = $1 AND number IS NOT NULL ORDER BY number
           ON CONFLICT DO NOTHING RETURNING number""",
        order,
    )
    if len(taken) == wanted:
        await tx.execute("UPDATE group_orders SET state = 'open' WHERE order_id = $1", order)
        return True
    await tx.execute("DELETE FROM group_locks WHERE order_id = $1", order)
    return False


async def due(tx: Connection, now: datetime, most: int) -> list[str]:
    """Dated groups whose time has come and that have not locked all of their subscriptions, in turn."""
    rows = await tx.fetch(
        """SELECT order_id FROM group_orders WHERE state = 'open' AND locks_at <= $1
           ORDER BY locks_at, created, order_id LIMIT $2""",
        now,
        most,
    )
    return [row["order_id"] for row in rows]


async def lock_begun(tx: Connection, order: str, now: datetime) -> bool:
    """Lock what a dated group works on by now and nobody else has locked; False where it has ended meanwhile.

    Its children wait for no lock, so one that holds a part keeps nobody in a circle.
    """
    open_ = await tx.fetchval(
        "SELECT true FROM group_orders WHERE order_id = $1 AND state = 'open' AND locks_at <= $2 FOR UPDATE",
        order,
        now,
    )
    if not open_:
        return False
    await tx.execute(
        """INSERT INTO group_locks (number, order_id)
           SELECT number, $1 FROM group_children
           WHERE order_id = $1 AND number IS NOT NULL AND state IN ('open', 'ready') ORDER BY number
           ON CONFLICT DO NOTHING""",
        order,
    )
    # A new statement sees what others have locked meanwhile.
    await tx.execute(
        """UPDATE group_orders g SET locks_at = CASE WHEN EXISTS (
               SELECT FROM group_children c WHERE c.order_id = g.order_id AND c.state IN ('open', 'ready')
               AND NOT EXISTS (SELECT FROM group_locks l WHERE l.number = c.number AND l.order_id = g.order_id)
           ) THEN $2::timestamptz END
           WHERE order_id = $1""",
        order,
        now,
    )
    return True


async def locking(tx: Connection, most: int) -> list[str]:
    """Groups that wait for subscriptions which nobody holds any more, the oldest first."""
    rows = await tx.fetch(
        """SELECT order_id FROM group_orders g
           WHERE state = 'locking' AND NOT EXISTS (
               SELECT FROM group_children c JOIN group_locks l ON l.number = c.number WHERE c.order_id = g.order_id)
           ORDER BY created, order_id LIMIT $1""",
        most,
    )
    return [row["order_id"] for row in rows]


async def children_of(tx: Connection, order: str) -> list[str]:
    """The work orders of a group that have not ended."""
    rows = await tx.fetch(
        """SELECT work_order FROM group_children WHERE order_id = $1 AND state IN ('open', 'ready')
           ORDER BY work_order""",
        order,
    )
    return [row["work_order"] for row in rows]


async def overdue(tx: Connection, now: datetime, most: int) -> list[str]:
    """All-or-nothing groups whose deadline has passed without a decision."""
    rows = await tx.fetch(
        """SELECT order_id FROM group_orders
           WHERE state = 'open' AND policy = 'all-or-nothing' AND decision IS NULL AND deadline < $1
           ORDER BY deadline LIMIT $2""",
        now,
        most,
    )
    return [row["order_id"] for row in rows]


async def child_states(tx: Connection, states: Mapping[str, str]) -> list[str]:
    """Note the states of children, by work order; the orders that they belong to. None goes back from its end."""
    rows = await tx.fetch(
        """UPDATE group_children c SET state = n.state
           FROM unnest($1::text[], $2::text[]) AS n(work_order, state)
           WHERE c.work_order = n.work_order AND c.state IN ('open', 'ready')
           RETURNING c.order_id""",
        list(states),
        list(states.values()),
    )
    return sorted({row["order_id"] for row in rows})


@dataclass(frozen=True, slots=True)
class Locked:
    """A group, kept from others until the transaction ends."""

    order: str
    state: str
    group: Group


async def lock(tx: Connection, orders: Sequence[str]) -> list[Locked]:
    """Groups with the states of their children, in the order of their ids."""
    rows = await tx.fetch(
        """SELECT order_id, policy, state, decision, because, deadline FROM group_orders
           WHERE order_id = ANY($1::text[]) ORDER BY order_id FOR UPDATE""",
        sorted(set(orders)),
    )
    # A new statement sees every child that was written before the locks above were ours.
    counts: dict[str, dict[str, int]] = {row["order_id"]: {} for row in rows}
    for row in await tx.fetch(
        """SELECT order_id, state, count(*) AS n FROM group_children WHERE order_id = ANY($1::text[])
           GROUP BY order_id, state""",
        list(counts),
    ):
        counts[row["order_id"]][row["state"]] = row["n"]
    return [
        Locked(
            row["order_id"],
            row["state"],
            Group(
                policy=row["policy"],
                decision=row["decision"],
                wished_back=row["because"] == "cancelled-on-request",
                deadline=row["deadline"],
                children=counts[row["order_id"]],  # type: ignore[arg-type]
            ),
        )
        for row in rows
    ]


async def decided(
    tx: Connection, order: str, decision: str | None, because: str | None, now: datetime
) -> None:
    """Keep the one decision of a group, or (None) only that it is wanted back."""
    await tx.execute(
        """UPDATE group_orders SET decision = coalesce(decision, $2), because = coalesce(because, $3),
                  decided = coalesce(decided, CASE WHEN $2::text IS NOT NULL THEN $4::timestamptz END)
           WHERE order_id = $1""",
        order,
        decision,
        because,
        now,
    )


MOST_REASONS = 200
_RESULTS = """
    SELECT c.items, c.state, coalesce(w.home, c.node) AS node, w.reasons,
           (SELECT step -> 'output' FROM jsonb_array_elements(w.steps) step WHERE step ->> 'name' = 'forward') AS output
    FROM group_children c JOIN work_orders w ON w.id = c.work_order
    WHERE c.order_id = $1 ORDER BY c.work_order
"""
_END = f"""
    UPDATE product_orders o
    SET state = $2, version = o.version + 1, last_update = $3,
        document = o.document || $5::jsonb || jsonb_build_object(
            'state', $2::text, 'completionDate', $4::text,
            'productOrderItem', {items_in("coalesce($6::jsonb ->> (item ->> 'id'), $2)")})
    WHERE o.id = $1 AND o.state <> $2
    RETURNING o.id, o.version, o.category, o.state, o.customer, o.number, old.state AS before
"""


async def results(tx: Connection, order: str) -> Sequence[asyncpg.Record]:
    """What became of each child: items, state, node, reasons (JSON), and what home told (JSON or None)."""
    return await tx.fetch(_RESULTS, order)


async def end(
    tx: Connection,
    order: str,
    state: str,
    items: Mapping[str, str],
    added: Mapping[str, Any],
    now: datetime,
) -> asyncpg.Record | None:
    """Give a group order its end, and free its subscriptions; its row, unless it had that end already."""
    await tx.execute("DELETE FROM group_locks WHERE order_id = $1", order)
    await tx.execute("UPDATE group_orders SET state = 'ended' WHERE order_id = $1", order)
    return await tx.fetchrow(
        _END,
        order,
        state,
        now,
        moment(now),
        json_text(added),
        json_text(items),
    )
