"""Wishing to cancel an order: judged with its work locked, carried out here or handed to its home, answered."""

from typing import Any

import asyncpg
from pydantic_core import from_json

from libs.ids import new_id
from libs.json_text import json_text
from libs.messaging import Work
from libs.service import Runtime
from libs.tmf.condition import Condition
from libs.tmf.render import represent
from libs.web.call import Answer, Call
from libs.web.editing import etag
from libs.web.errors import Reason, Refusal, refuse
from libs.web.idempotency import once
from services.order_acceptance import errors
from services.order_acceptance.cancels import store
from services.order_acceptance.cancels.model import CancelProductOrderCreate
from services.order_acceptance.cancels.resource import CANCEL_PRODUCT_ORDER
from services.order_acceptance.cancels.rules import Verdict, judge
from services.order_acceptance.engine import store as works
from services.order_acceptance.engine.carry import Batch, patience_of
from services.order_acceptance.engine.rules import WorkState
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.engine.words import cancel_of
from services.order_acceptance.groups.deciding import want_back
from services.order_acceptance.settlement.store import tell_orders
from services.order_acceptance.visibility import of_orders

OPEN = ("acknowledged", "pending", "inProgress")
ASSESSING = "assessingCancellation"


async def cancel_order(call: Call[CancelProductOrderCreate]) -> Answer:
    """Take an order back, or ask its home to; 409 where it has ended, or cannot be taken back any more."""
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    body = call.body
    if body.requestedCancellationDate is not None and body.requestedCancellationDate > call.now:
        name = "requestedCancellationDate"
        raise Refusal(Reason(errors.CANNOT_BE_SET, path=name, name=name))
    async with once(call) as tx, runtime.work(tx) as unit:
        order = await _order(tx, body.productOrder.id, of_orders(call.actor))
        # Work orders before groups, and these before orders: whatever moves them locks in this sequence too.
        found = await works.lock(tx, order["works"], runtime.settings.node)
        batch = Batch(unit)
        id_ = await _wish(call, tx, order)
        if order["grouped"] and not await want_back(unit, order["id"]):
            raise Refusal(Reason(errors.TOO_LATE_TO_CANCEL, path="productOrder", state=order["state"]))
        tell_orders(unit, await store.show(tx, [order["id"]], ASSESSING, OPEN, unit.now))
        for stored in found.values():
            # Of a group's children, what was forwarded has been asked, and what has ended stays as it is.
            if not order["grouped"] or stored.work.state is WorkState.WAITING:
                _take_back(stored, batch, unit)
        await batch.finish()
        kept = await store.one(tx, id_)
        answer = tx.answer(_answer(call, from_json(kept["document"]), kept["version"]))
    runtime.outbox.wake()
    return answer


async def _order(tx: Any, id_: str, visible: Condition | None) -> asyncpg.Record:
    order = await store.order_of(tx, id_, visible)
    if order is None:
        raise Refusal(Reason(errors.ORDER_UNKNOWN, path="productOrder", id=id_))
    return order


def _take_back(stored: Stored, batch: Batch, unit: Work) -> None:
    judged = judge(stored.work, unit.now, patience_of(unit.runtime.settings))
    if judged.moved is not None:
        batch.take(stored, judged.moved)
    elif judged.verdict is Verdict.ELSEWHERE:
        unit.send(cancel_of(stored, unit))
    else:
        refuse([Reason(errors.TOO_LATE_TO_CANCEL, path="productOrder", state=str(stored.work.state))])


async def _wish(call: Call[CancelProductOrderCreate], tx: Any, order: asyncpg.Record) -> str:
    """Keep the wish. Raises Refusal 409 where one is under way."""
    id_ = new_id()
    document: dict[str, Any] = call.body.model_dump(mode="json", by_alias=True, exclude_none=True)
    document |= {"id": id_, "@type": "CancelProductOrder", "state": "inProgress"}
    row = {
        "id": id_,
        "document": document,
        "order_id": order["id"],
        "customer": order["customer"],
        "state": "inProgress",
        **call.actor.place(),
        "dealer": order["dealer"],
        "area": order["area"],
    }
    try:
        async with tx.transaction():
            await store.insert(tx, row, call.now)
    except asyncpg.UniqueViolationError as clash:
        raise Refusal(Reason(errors.CANCEL_UNDER_WAY, path="productOrder", id=order["id"])) from clash
    return id_


def _answer(call: Call[Any], document: dict[str, Any], version: int) -> Answer:
    shown = represent(CANCEL_PRODUCT_ORDER, call, document, full=True)
    return Answer(201, json_text(shown), {"ETag": etag(version)}, location=shown["href"])
