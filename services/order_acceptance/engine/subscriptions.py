"""A subscription as it is when work on it begins.

Between the judging of an order and its turn another may have changed the subscription: the guard keeps two from
working at the same time, not from having looked at the same moment. What a work order knows of its subscription is
therefore read again, and judged again, once the guard is its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from libs.database import Connection
from libs.web.errors import Reason as Refused
from services.order_acceptance.engine.rules import Reason, WorkState, content_of
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.orders.businesses import BUSINESSES
from services.order_acceptance.orders.businesses.judging import judge_again
from services.order_acceptance.orders.facts import Facts
from services.order_acceptance.orders.holdings import subscribers
from services.order_acceptance.processes import PROCESSES

NOT_THERE = Facts()
Found = Mapping[str, Facts]
"""By number."""


async def as_they_are(tx: Connection, works: Sequence[Stored]) -> Found:
    """What is known of the subscriptions that these work orders are about; nothing for those that need none."""
    numbers = sorted({one.work.number for one in works if one.work.number and _looks(one)})
    if not numbers:
        return {}
    contents = [(BUSINESSES[one.work.process], _content(one)) for one in works if _is_judged(one)]
    bought = {offering for business, content in contents for offering in business.offerings(content)}
    return await subscribers(tx, numbers, bought)


def renewed(stored: Stored, found: Found, now: datetime) -> tuple[Stored, tuple[Reason, ...]]:
    """The work order with its subscription as it is, or why there is nothing left that it could be done to."""
    work = stored.work
    if not _looks(stored):
        return stored, ()
    facts = found.get(work.number or "", NOT_THERE)
    content, refused = judge_again(work.process, _content(stored), facts, now)
    told = {**work.content, **content.model_dump(mode="json", by_alias=True)}
    return replace(stored, work=replace(work, content=told)), tuple(
        reason_of(one, work.node) for one in refused
    )


async def renew_begun(tx: Connection, known: Mapping[str, Stored], now: datetime) -> dict[str, Stored]:
    """The same work orders; those still at their first step, which needs none of it, see the subscription anew.

    They began in the statement that accepted them, after a look from before that statement.
    """
    begun = [
        one
        for one in known.values()
        if one.work.state is WorkState.RUNNING
        and one.work.position == 0
        and _looks(one)
        and not _is_judged(one)
    ]
    found = await as_they_are(tx, begun)
    return {**known, **{one.work.id: renewed(one, found, now)[0] for one in begun}}


def reason_of(refused: Refused, node: str) -> Reason:
    """A refusal as a work order keeps it."""
    parameters = {name: str(value) for name, value in refused.params.items()}
    return Reason(refused.code.name, refused.path or None, parameters, node)


def _content(stored: Stored) -> Any:
    return content_of(stored.work, PROCESSES[stored.work.process, stored.work.version].content)


def _is_judged(stored: Stored) -> bool:
    """Whether it begins only in its turn, and is judged then."""
    return stored.work.process in BUSINESSES and _looks(stored)


def _looks(stored: Stored) -> bool:
    return stored.guarded and bool(stored.work.content.get("home"))
