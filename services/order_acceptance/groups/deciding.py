"""A group's one decision, and its end: looked at whenever something of a child changes, or the clock says so.

Work orders are locked before groups, and groups before product orders, everywhere: nobody waits in a circle. The other
children are not locked to be told: what is said to one that ends at the same moment finds it ended.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from contracts.work_orders import CancelReason
from libs.messaging import Outgoing, Work
from services.order_acceptance.cancels import store as wishes
from services.order_acceptance.cancels.rules import task_state
from services.order_acceptance.engine import store as works
from services.order_acceptance.engine.stopping import is_forwarded
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.engine.words import cancel_of, go_ahead_of
from services.order_acceptance.errors import text_of
from services.order_acceptance.groups import rules, store
from services.order_acceptance.groups.store import Locked
from services.order_acceptance.settlement.store import tell_orders

ON_REQUEST: CancelReason = "cancelled-on-request"


async def children_ended(unit: Work, ended: Sequence[Stored]) -> None:
    """These children have come to their end: their groups may decide, or end, by it."""
    if ended:
        states = {one.work.id: str(one.work.state) for one in ended}
        await look(unit, await store.child_states(unit.tx, states))


async def look(unit: Work, orders: Sequence[str]) -> None:
    """Take the decision of these groups, or give them their end, where it is time."""
    if not orders:
        return
    for locked in await store.lock(unit.tx, orders):
        if locked.state == "ended":
            continue
        decision = rules.decide(locked.group, unit.now)
        if decision is not None:
            await _decide(unit, locked, decision)
        end = rules.end_of(locked.group)
        if end is not None:
            await _end(unit, locked, end)


async def _decide(unit: Work, locked: Locked, decision: rules.Decision) -> None:
    """Kept first, and sent in the same transaction: there is never another one."""
    reason = _why(locked.group) if decision == "abort" else None
    await store.decided(unit.tx, locked.order, decision, reason, unit.now)
    for stored in await _open_children(unit, locked.order):
        unit.send(_told(stored, decision, locked.group, unit))


def _why(group: rules.Group) -> CancelReason:
    return ON_REQUEST if group.wished_back else "group-aborted"


def _told(stored: Stored, decision: rules.Decision, group: rules.Group, unit: Work) -> Outgoing:
    """What was decided, to the home of one of a group's children."""
    if decision == "go":
        return go_ahead_of(stored, unit)
    by_group = group.policy == "all-or-nothing"
    return cancel_of(stored, unit, by_group=by_group, reason=_why(group))


async def say_again(unit: Work, children: Sequence[Stored], *, ready: bool) -> None:
    """Tell the homes of these children what was decided before, and what they show not to have heard."""
    groups = {one.order: one.group for one in await store.lock(unit.tx, [one.work.order for one in children])}
    for stored in children:
        decision = rules.unheard(groups[stored.work.order], ready=ready)
        if decision is not None:
            unit.send(_told(stored, decision, groups[stored.work.order], unit))


async def still_at_work(unit: Work, ids: Sequence[str]) -> None:
    """The homes of these work orders, children of groups among them, say that they are not ended."""
    if ids:
        known = await works.read(unit.tx, ids, unit.runtime.settings.node)
        children = [stored for stored in known if stored.work.group and is_forwarded(stored.work)]
        await say_again(unit, children, ready=False)


async def _open_children(unit: Work, order: str) -> list[Stored]:
    """The children that their homes have; what has not left yet has nobody to be told."""
    ids = await store.children_of(unit.tx, order)
    children = await works.read(unit.tx, ids, unit.runtime.settings.node)
    return [stored for stored in children if is_forwarded(stored.work)]


async def want_back(unit: Work, order: str) -> bool:
    """Somebody wants a group order back: no child goes ahead any more that was not let go. False: it is too late.

    Of a best-effort order each child is asked on its own; what is done stays done.
    """
    (locked,) = await store.lock(unit.tx, [order])
    group = locked.group
    if locked.state == "ended" or group.decision is not None or group.wished_back:
        return False
    await store.decided(unit.tx, order, None, ON_REQUEST, unit.now)
    if group.policy == "all-or-nothing":
        await look(unit, [order])
    else:
        await say_again(unit, await _open_children(unit, order), ready=False)
    return True


async def _end(unit: Work, locked: Locked, end: rules.End) -> None:
    results = await store.results(unit.tx, locked.order)
    items: dict[str, Counter[Any]] = {}
    for row in results:
        for item in row["items"]:
            items.setdefault(item, Counter())[row["state"]] += 1
    added: dict[str, Any] = {}
    if failure := _failure(results):
        added["failure"] = failure
    if realized := _realized(results):
        added["realized"] = realized
    states = {item: rules.item_state(count) for item, count in items.items()}
    ended = await store.end(unit.tx, locked.order, end, states, added, unit.now)
    if ended is not None:
        if ended["before"] in wishes.WISHES:
            await wishes.end(unit.tx, [(locked.order, task_state(end))], unit.now)
        tell_orders(unit, [ended])


def _failure(results: Sequence[asyncpg.Record]) -> list[Mapping[str, Any]]:
    """Why children ended badly: each reason once for each node and item, the causes before what followed from them."""
    found: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for row in results:
        for reason in json.loads(row["reasons"]) if row["state"] != "completed" else ():
            node = reason["node"] or row["node"] or ""
            path = reason["path"] or f"productOrderItem[id={row['items'][0]}]"
            key = (reason["code"], node, reason["task"] or "", path)
            found.setdefault(
                key,
                {
                    "code": reason["code"],
                    "reason": text_of(reason["code"], reason["parameters"]),
                    "node": node,
                    "path": path,
                    **({"task": reason["task"]} if reason["task"] else {}),
                },
            )
    causes = sorted(found.values(), key=lambda one: one["code"] == "group-aborted")
    return causes[: store.MOST_REASONS]


def _realized(results: Sequence[asyncpg.Record]) -> list[Mapping[str, Any]]:
    """The subscriptions that a group has got."""
    found: list[Mapping[str, Any]] = []
    for row in results:
        output = json.loads(row["output"] or "null") or {}
        if row["state"] == "completed" and output.get("number"):
            found.append(
                {
                    "item": row["items"][0],
                    "node": row["node"],
                    "product": output.get("subscription"),
                    "number": output["number"],
                }
            )
    return found
