"""Giving money back that lies at the counter and belongs to no order."""

from typing import Any

from contracts.events import PaymentStatusChanged
from libs.clock import accounting_day
from libs.ids import new_id
from libs.messaging import Outgoing
from libs.messaging.topics import events
from libs.service import Runtime
from libs.tmf.write import moment
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal, refuse
from libs.web.idempotency import once
from services.order_acceptance import errors
from services.order_acceptance.channel import channel_differs
from services.order_acceptance.engine.words import SERVICE
from services.order_acceptance.payments import store
from services.order_acceptance.payments.model import RefundCreate
from services.order_acceptance.payments.resource import refund_answer
from services.order_acceptance.payments.rules import refund_refused
from services.order_acceptance.visibility import of_money


async def refund(call: Call[RefundCreate]) -> Answer:
    """Record a refund, once and never above what is left; the payment is `failed` when nothing is."""
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    body, now = call.body, call.now
    refuse(channel_differs(body.channel.id if body.channel else None, call.actor, "channel"))
    amount = body.totalAmount.value
    async with once(call) as tx:
        taken = await store.lock_for_refund(tx, body.payment.id, of_money(call.actor))
        if taken is None:
            raise Refusal(Reason(errors.PAYMENT_UNKNOWN, path="payment", id=body.payment.id))
        refuse(refund_refused(taken, amount))
        id_ = new_id()
        stamp = moment(now)
        document: dict[str, Any] = {"refundDate": stamp} | body.model_dump(
            mode="json", by_alias=True, exclude_none=True
        )
        document |= {"id": id_, "@type": "Refund", "status": "done", "statusDate": stamp}
        row = {
            "id": id_,
            "document": document,
            "payment": body.payment.id,
            "amount": str(amount),
            "accounting_day": accounting_day(now).isoformat(),
            **call.actor.place(),
        }
        left = await store.give_back(tx, row, body.payment.id, amount, now)
        changed = PaymentStatusChanged(
            id=left["id"],
            version=left["version"],
            status=left["status"],
            account=left["account"],
            amount=left["amount"],
            at=now,
        )
        topic = events(runtime.settings.node, SERVICE)
        await runtime.outbox.put(tx, [Outgoing(topic=topic, key=left["id"], data=changed)], now)
        answer = tx.answer(refund_answer(call, document))
    runtime.outbox.wake()
    return answer
