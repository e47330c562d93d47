"""A closed day is compared: when a node reports it, and again when something of it has changed at either end."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from asyncpg import Record
from pydantic_core import from_json

from contracts.reconciliation import LARGEST_PAGE, Group, LinesAsked
from libs.clock import closed_since, last_closed
from libs.ids import new_id
from libs.messaging import Outgoing, Work
from libs.messaging.topics import downlink
from libs.service import Runtime
from services.hq_router.reconciliation import rules, store
from services.hq_router.reconciliation.rules import ACCOUNTS, Account, Compared, Key, State, Sum

KEPT = timedelta(days=31)
LOOKED_AT_AGAIN = timedelta(hours=24)
"""A day is compared again after so long, also where nothing seems to have changed."""
UNDER_WAY = timedelta(minutes=1)
"""What was being written while a day was compared carries an earlier moment than the comparison."""
RESTS = timedelta(minutes=1)
"""A day of which much still changes is not compared all the time."""
ASKED_AGAIN = timedelta(minutes=10)
"""How long a node may take over one page of lines."""


async def reconcile(runtime: Runtime) -> None:
    """By the clock: open the days that have closed, and compare those of which something has changed."""
    async with runtime.unit() as work:
        await store.open_days(work.tx, closed_since(await store.last_day(work.tx), work.now))
        due = await store.due(
            work.tx,
            last_closed(work.now) - KEPT,
            work.now - LOOKED_AT_AGAIN,
            work.now - RESTS,
            UNDER_WAY,
            work.now - ASKED_AGAIN,
        )
    for day in due:
        await _compare_day(runtime, day)


async def _compare_day(runtime: Runtime, day: date) -> None:
    """Compare a day with the nodes of which something has changed, now and then with all; each is a transaction.

    That the day was looked at is written last: what goes wrong before is done again.
    """
    async with runtime.unit() as work:
        began = work.now
        was = await store.lock_day(work.tx, day)
        whole = was is None or was["whole"] is None or began - was["whole"] >= LOOKED_AT_AGAIN
        if was is None or whole:
            nodes = await store.expected(work.tx, day)
        else:
            nodes = await store.touched(work.tx, day, was["looked"] - UNDER_WAY, began - ASKED_AGAIN)
    for node in nodes:
        async with runtime.unit() as work:
            await store.lock_day(work.tx, day)
            await compare(work, day, [node])
    async with runtime.unit() as work:
        await store.looked_at(work.tx, day, began, whole=whole)


async def compare(work: Work, day: date, nodes: Collection[str]) -> None:
    """Compare a day with these nodes; where they differ anew, the node is asked for the records.

    The caller holds the day.
    """
    ours = await store.figures(work.tx, day, nodes)
    reports = await store.reports(work.tx, day, nodes)
    before = {
        (row["node"], (row["interface"], row["direction"])): row
        for row in await store.lock_all(work.tx, day, nodes)
    }
    changed = []
    for node in nodes:
        reported, accounts = reports.get(node, (None, []))
        theirs = _sums(accounts)
        for account in ACCOUNTS:
            found = rules.compared(ours.get((node, account), {}), theirs.get(account, {}))
            row = _row(day, node, account, found, reported)
            was = before.get((node, account))
            if was is not None and not _to_write(row, was, work.now):
                continue
            row |= _named(row, was)
            changed.append(row)
            if row["state"] == State.DIFFERENT:
                ask_for_lines(work, row, row["figures"], "")
    await store.save(work.tx, changed, work.now)


def _sums(accounts: Sequence[Mapping[str, Any]]) -> dict[Account, dict[Key, Sum]]:
    """A report's figures as it was kept."""
    return {
        (account["interface"], account["direction"]): {
            (one["record"], one["business"], one["counterpart"]): Sum(
                one["count"], Decimal(one["amount"]), one["digest"]
            )
            for one in account["figures"]
        }
        for account in accounts
    }


def _row(
    day: date, node: str, account: Account, found: Sequence[Compared], reported: int | None
) -> dict[str, Any]:
    """The reconciliation as it stands by now, but for its id and its version."""
    state = rules.state_of(found, reported is not None)
    router, there = rules.total(one.router for one in found), rules.total(one.node for one in found)
    return {
        "day": day.isoformat(),
        "node": node,
        "interface": account[0],
        "direction": account[1],
        "state": state,
        "report_version": reported,
        "figures": [_figure(one, reported is not None) for one in found],
        "router_count": router[0],
        "router_amount": str(router[1]),
        "node_count": there[0] if reported is not None else None,
        "node_amount": str(there[1]) if reported is not None else None,
        "asked_after": "" if state == State.DIFFERENT else None,
    }


def _figure(one: Compared, reported: bool) -> dict[str, Any]:
    record, business, counterpart = one.key
    return {
        "record": record,
        "business": business,
        "counterpart": counterpart,
        "router": _shown(one.router),
        "node": _shown(one.node) if reported else None,
    }


def _shown(one: Sum) -> dict[str, Any]:
    return {"count": one.count, "amount": str(one.amount), "digest": one.digest}


def _to_write(row: Mapping[str, Any], was: Record, now: datetime) -> bool:
    """Whether an end has changed, or a question stayed without an answer."""
    unanswered = was["asked"] is not None and now - was["asked"] >= ASKED_AGAIN
    return unanswered or row["report_version"] != was["report_version"] or _changed(row, was)


def _changed(row: Mapping[str, Any], was: Record) -> bool:
    return bool(row["state"] != was["state"] or row["figures"] != from_json(was["figures"]))


def _named(row: Mapping[str, Any], was: Record | None) -> dict[str, Any]:
    """Id and version: one more where the figures of an end have changed, none yet before the node has reported."""
    if was is None:
        return {"id": new_id(), "version": int(row["report_version"] is not None)}
    further = row["report_version"] is not None and _changed(row, was)
    return {"id": was["id"], "version": was["version"] + further}


def groups_of(figures: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The kinds of record and businesses that do not match, of figures as a reconciliation keeps them."""
    return sorted({(one["record"], one["business"]) for one in figures if one["router"] != one["node"]})


def ask_for_lines(
    work: Work, row: Mapping[str, Any], figures: Sequence[Mapping[str, Any]], after: str
) -> None:
    """Ask the node for the records behind `after` of what does not match."""
    node, day = row["node"], row["day"]
    groups = groups_of(figures)
    question = LinesAsked.model_validate(
        {
            "node": node,
            "day": day,
            "interface": row["interface"],
            "direction": row["direction"],
            "question": f"{row['id']}/{row['version']}",
            "groups": [Group.model_validate({"record": kind, "business": name}) for kind, name in groups],
            "after": after,
            "most": LARGEST_PAGE,
            "at": work.now,
        }
    )
    work.send(Outgoing(topic=downlink(node, "reports"), key=f"{node}/{day}", data=question))
