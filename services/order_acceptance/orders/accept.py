"""From an accepted order to its rows: the order, its first work order, and the messages that leave with them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from contracts.base import Acceptance as Accepted
from contracts.base import Part
from contracts.events import OfferingChanged, OrderStateChanged
from libs.clock import accounting_day
from libs.messaging import Outgoing
from libs.messaging.topics import events
from libs.security.actor import Actor
from libs.service import Runtime
from libs.telemetry import trace
from libs.tmf.write import moment
from services.order_acceptance.engine import rules
from services.order_acceptance.engine.carry import patience_of
from services.order_acceptance.engine.process import Part as Share
from services.order_acceptance.engine.process import Process
from services.order_acceptance.engine.rules import Effect, WorkOrder, WorkState
from services.order_acceptance.engine.store import Stored, accepted, row_of, steps_of
from services.order_acceptance.engine.words import SERVICE, forward_of, task_of
from services.order_acceptance.orders.model import ProductOrderCreate

Document = dict[str, Any]


def accepted_by(actor: Actor, node: str, now: datetime) -> Accepted:
    """Who accepted, where and when: from the token, never from the body."""
    return Accepted(
        node=node,
        issuer=actor.issuer,
        actor=actor.subject,
        at=now,
        channel=actor.channel,
        hall=actor.hall,
        dealer=actor.dealer,
        area=actor.area,
    )


def digest_of(carried: Document, presented: str | None) -> str:
    """What tells a duplicate from another order: SHA-256 of what it carries before anything of it is sealed."""
    return hashlib.sha256(to_json(carried) + b"\0" + (presented or "").encode()).hexdigest()


def first_work(
    runtime: Runtime,
    process: Process,
    share: Share,
    *,
    id: str,
    order: str,
    number: str | None,
    content: Part,
    acceptance: Accepted,
    presented: str | None,
    sealed: str | None,
    now: datetime,
    due: datetime | None = None,
) -> Stored:
    """The work order of something that was just accepted here, not started yet.

    The deadline of a dated one counts from its time.
    """
    node = runtime.settings.node
    carried = content.model_dump(mode="json", by_alias=True)
    work = WorkOrder(
        id=id,
        order=order,
        process=process.name,
        version=process.version,
        part=share,
        node=node,
        origin=node,
        number=number,
        content=carried,
        deadline=(due or now) + timedelta(hours=runtime.settings.forward_deadline_hours),
        steps=rules.planned(process, share),
        read={type(content): (carried, content)},
    )
    return Stored(
        work=work,
        business=process.name,
        origin_transaction=id,
        home=node if share == "whole" else None,
        guarded=process.guarded and share == "whole",
        sequence=1,
        accounting_day=accounting_day(now),
        acceptance=accepted(acceptance, trace.current.get()),
        sealed=sealed,
        digest=digest_of(carried, presented),
        test=False,
        created=now,
        output={},
    )


def dated(
    runtime: Runtime, stored: Stored, due: datetime | None, now: datetime
) -> tuple[Document, Document, list[Outgoing]]:
    """The row of what begins in its turn, at once or at its time; the same whether its guard is free or not.

    Only at home: what another node accepts leaves at once and waits there for its date, also when this node or
    headquarters is away.
    """
    row = row_of(
        replace(stored, work=replace(stored.work, state=WorkState.DATED, next_at=due or now)),
        runtime.settings.node,
        now,
    )
    return row, {"steps": [], "begun": 0}, []


def started(
    runtime: Runtime, stored: Stored, process: Process, now: datetime
) -> tuple[Document, Document, list[Outgoing]]:
    """The row once it runs, what of it differs while it waits for its guard, and what is asked, or forwarded."""
    settings = runtime.settings
    work, effects = rules.start(stored.work, process, now, patience_of(settings))
    running = stored.moved(work)
    moved = work.position + 1
    waiting = {
        "state": WorkState.WAITING,
        "next_at": stored.work.deadline.isoformat(),
        "position": stored.work.position,
        "steps": steps_of(stored.work.steps[:moved]),
        "begun": moved,
    }
    return (
        row_of(running, settings.node, now),
        waiting,
        [_message(running, effect) for effect in effects],
    )


def _message(stored: Stored, effect: Effect) -> Outgoing:
    """A first step is asked of somebody, or is the forward itself."""
    if isinstance(effect, rules.Ask):
        return task_of(stored, effect)
    if isinstance(effect, rules.SendForward):
        return forward_of(stored)
    raise TypeError(f"{stored.work.process} begins with {effect}, which no other service carries out")


def acknowledged(
    id: str,
    category: str,
    customer: str | None,
    number: str | None,
    node: str,
    now: datetime,
    *,
    state: str = "acknowledged",
    version: int = 1,
) -> Outgoing:
    """The event of a new order."""
    changed = OrderStateChanged(
        id=id, version=version, category=category, state=state, customer=customer, number=number, at=now
    )
    return Outgoing(topic=events(node, SERVICE), key=id, data=changed)


def document_of(
    body: ProductOrderCreate,
    id: str,
    category: str,
    offerings: Sequence[OfferingChanged | None],
    now: datetime,
    due: datetime | None = None,
) -> Document:
    """The order as it is kept and answered: what was asked, with a snapshot of offerings and prices.

    `offerings` has one entry for each item. A dated order is pending, and says when it is to be done.
    """
    state = "acknowledged" if due is None else "pending"
    document: Document = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    document |= {
        "id": id,
        "@type": "UniCrmProductOrder",
        "@baseType": "ProductOrder",
        "category": category,
        "state": state,
        "orderDate": moment(now),
    }
    if due is not None:
        document["expectedCompletionDate"] = moment(due)
    for item, offering in zip(document["productOrderItem"], offerings, strict=True):
        item["state"] = state
        if offering is not None:
            item["productOffering"] |= {"name": offering.name, "version": str(offering.version)}
            item["itemPrice"] = [_price(offering, index) for index in range(len(offering.prices))]
    return document


def begun(document: Document) -> Document:
    """An order whose work has begun."""
    state = "inProgress"
    items = [item | {"state": state} for item in document["productOrderItem"]]
    return document | {"state": state, "productOrderItem": items}


@lru_cache(maxsize=1_000)
def _number(amount: str) -> int | float:
    """An amount as JSON has it; a catalogue has few."""
    number: int | float = json.loads(amount)
    return number


def _price(offering: OfferingChanged, index: int) -> Document:
    price = offering.prices[index]
    amount = {"unit": "CNY", "value": _number(str(price.amount))}
    shown: Document = {
        "name": price.name,
        "priceType": price.price_type,
        "price": {"taxIncludedAmount": amount},
        "productOfferingPrice": {"id": price.id, "name": price.name},
    }
    if price.period:
        shown["recurringChargePeriod"] = price.period
    if price.unit:
        shown["unitOfMeasure"] = price.unit
    return shown
