"""Taking money: into the counter's suspense account, or on its way to the account that pays for a number."""

from typing import Any

from contracts.base import Part
from contracts.events import PaymentStatusChanged
from contracts.processes import Pay
from libs.clock import accounting_day
from libs.fail_points import reach
from libs.ids import new_id
from libs.messaging import Outgoing
from libs.messaging.topics import events
from libs.money import yuan
from libs.security.bounds import Bounds, bounds
from libs.service import Runtime
from libs.tmf.write import moment
from libs.web.call import Answer, Call
from libs.web.claims import kept_params
from libs.web.errors import Reason, Refusal, refuse
from services.order_acceptance import errors
from services.order_acceptance.channel import channel_differs
from services.order_acceptance.engine.process import Part as Share
from services.order_acceptance.engine.words import SERVICE
from services.order_acceptance.orders.accept import accepted_by, first_work, started
from services.order_acceptance.orders.rules import may_see
from services.order_acceptance.payments import store
from services.order_acceptance.payments.model import PaymentCreate
from services.order_acceptance.payments.resource import payment_answer
from services.order_acceptance.payments.rules import Destination, destination
from services.order_acceptance.processes import CURRENT
from services.order_acceptance.projections.messages import ACCOUNTS
from services.order_acceptance.projections.owners import ask_owner


async def take_payment(call: Call[PaymentCreate]) -> Answer:
    """Take a payment. For a number of another province it leaves for home with this answer."""
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    body = call.body
    refuse(channel_differs(body.channel.id if body.channel else None, call.actor, "channel"))
    where = destination(body.account.id)
    if isinstance(where, Reason):
        raise Refusal(where)
    id_ = new_id()
    content, share = await _content(runtime, where, body, id_, bounds(call.actor))
    return await _store(call, runtime, where, id_, content, share)


async def _content(
    runtime: Runtime, where: Destination, body: PaymentCreate, id_: str, within: Bounds
) -> tuple[Pay | None, Share]:
    """What the payment's work order carries, and how much of it runs here; None for money left at the counter."""
    if where.kind == "counter":
        return None, "whole"
    amount = yuan(body.totalAmount.value)
    method = body.paymentMethod.kind
    if where.kind == "number":
        payee = await store.payee_of_number(runtime.db, where.value)
        if payee is None and "pay" not in runtime.settings.crossing:
            raise Refusal(Reason(errors.HOME_ONLY, path="account.id", business="pay"))
        pay = Pay(
            payment=id_,
            amount=amount,
            number=where.value,
            account=payee.account if payee else None,
            method=method,
        )
        return pay, "whole" if payee else "acceptance"
    known = await store.known_account(runtime.db, where.value)
    if known is None:
        await ask_owner(runtime.db, runtime.asker, ACCOUNTS, where.value)
        known = await store.known_account(runtime.db, where.value)
    if known is None or not await _may_see(runtime, known.customer, within):
        raise Refusal(Reason(errors.ACCOUNT_UNKNOWN, path="account.id"))
    return Pay(payment=id_, amount=amount, account=where.value, method=method), "whole"


async def _may_see(runtime: Runtime, customer: str, within: Bounds) -> bool:
    """Whether an account of this customer is the caller's to name; a number is anybody's to pay for."""
    if within.everything:
        return True
    owner = await store.owner_of(runtime.db, customer)
    return owner is not None and may_see(owner, within)


async def _store(
    call: Call[PaymentCreate],
    runtime: Runtime,
    where: Destination,
    id_: str,
    content: Part | None,
    share: Share,
) -> Answer:
    node, now, body = runtime.settings.node, call.now, call.body
    stamp = moment(now)
    document: dict[str, Any] = body.model_dump(mode="json", by_alias=True, exclude_none=True) | {
        "id": id_,
        "@type": "Payment",
        "status": "authorized",
        "statusDate": stamp,
        "paymentDate": stamp,
    }
    number = where.value if where.kind == "number" else None
    row = {
        "id": id_,
        "document": document,
        "account": where.value if where.kind != "number" else body.account.id,
        "number": number,
        "amount": str(yuan(body.totalAmount.value)),
        "method": body.paymentMethod.kind,
        "correlator": body.correlatorId,
        "accounting_day": accounting_day(now).isoformat(),
        "home": node if share == "whole" else None,
        **call.actor.place(),
    }
    taken = PaymentStatusChanged(
        id=id_,
        version=1,
        status="authorized",
        account=row["account"],
        amount=yuan(body.totalAmount.value),
        at=now,
    )
    messages = [Outgoing(topic=events(node, SERVICE), key=id_, data=taken)]
    work_order = None
    if content is not None:
        stored = first_work(
            runtime,
            CURRENT["pay"],
            share,
            id=new_id(),
            order=id_,
            number=number,
            content=content,
            acceptance=accepted_by(call.actor, node, now),
            presented=None,
            sealed=None,
            now=now,
        )
        work_order, _, asked = started(runtime, stored, CURRENT["pay"], now)
        messages += asked
    answer = payment_answer(call, document)
    reach("payment.judged")
    await store.take(
        runtime.db, row, work_order, runtime.outbox.rows(messages, now), kept_params(call, answer), now
    )
    reach("payment.taken")
    runtime.outbox.wake()
    return answer
