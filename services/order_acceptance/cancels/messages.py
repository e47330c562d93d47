"""Cancels that travel: the wish comes to the home, which decides, and the answer goes back to where it was accepted."""

from collections.abc import Sequence
from dataclasses import replace

from contracts.work_orders import CancelAsked, CancelTooLate
from libs.ids import new_id
from libs.messaging import Message, Work
from services.order_acceptance.cancels import store as wishes
from services.order_acceptance.engine import rules, store
from services.order_acceptance.engine.carry import move, patience_of
from services.order_acceptance.engine.rules import Moved, WorkOrder, WorkState
from services.order_acceptance.engine.stopping import cancelled, is_forwarded
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.engine.words import cancel_of, outcome_of, too_late_of
from services.order_acceptance.forwards.source import check_router
from services.order_acceptance.forwards.store import at_home_here, taken_in
from services.order_acceptance.settlement.store import tell_orders


async def on_cancels(work: Work, messages: list[Message[CancelAsked]]) -> None:
    """Decide each cancel where the work is; what was never seen here is refused for ever.

    Raises Spoofed for a wish that does not come from the router.
    """
    for message in messages:
        check_router(message)
    wanted = [message.data for message in messages]
    here = await taken_in(work.tx, wanted)
    events = [(here[_mark(one)], one) for one in wanted if _mark(one) in here]
    patience = patience_of(work.runtime.settings)

    def decide(stored: Stored, asked: CancelAsked) -> Moved | None:
        reason = rules.Reason(asked.reason, node=work.runtime.settings.node)
        return cancelled(stored.work, [reason], work.now, patience, by_group=asked.by_group)

    idle, _ = await move(work, events, decide)
    await _answer(work, [here[_mark(one)] for one in idle])
    await _refuse_for_ever(work, [one for one in wanted if _mark(one) not in here])


async def _answer(work: Work, ids: Sequence[str]) -> None:
    """What ended says how; what goes on says that it is too late; what is being cancelled will say when it is."""
    known = await store.lock(work.tx, ids, work.runtime.settings.node) if ids else {}
    for stored in known.values():
        if stored.work.ended:
            work.send(outcome_of(stored, work, duplicate=True))
        elif stored.work.verdict is not WorkState.CANCELLED:
            work.send(too_late_of(stored, work))


async def _refuse_for_ever(work: Work, unseen: Sequence[CancelAsked]) -> None:
    """A cancel that comes before its forward ends it: the forward, if it ever comes, finds it ended.

    A number that does not live here is another's to decide: the router hears that, and nothing is kept.
    """
    if not unseen:
        return
    mine = await at_home_here(work.tx, [one.number for one in unseen if one.number])
    ended = []
    for asked in unseen:
        stored = _ended(asked, work)
        if asked.number is None or asked.number in mine:
            ended.append(stored)
        else:
            told = outcome_of(stored, work)
            not_mine = told.data.model_copy(update={"state": "not-mine", "home_transaction": None})
            work.send(replace(told, data=not_mine))
    await store.insert(work.tx, ended, work.runtime.settings.node, work.now)
    work.send(*(outcome_of(stored, work) for stored in ended))


def _ended(asked: CancelAsked, work: Work) -> Stored:
    node = work.runtime.settings.node
    order = WorkOrder(
        id=new_id(),
        order=asked.order,
        process=asked.process,
        version=asked.version,
        part="home",
        node=node,
        origin=asked.origin,
        number=asked.number,
        content={},
        deadline=asked.deadline,
        steps=(),
        forward_attempt=asked.attempt,
        state=WorkState.CANCELLED,
        reasons=(rules.Reason(asked.reason, node=node),),
    )
    return Stored(
        work=order,
        business=asked.business,
        origin_transaction=asked.origin_transaction,
        home=node,
        guarded=False,
        sequence=1,
        accounting_day=asked.accounting_day,
        acceptance=asked.acceptance.model_dump(mode="json", by_alias=True),
        sealed=None,
        digest=asked.digest,
        test=False,
        created=work.now,
        output={},
    )


def _mark(asked: CancelAsked) -> tuple[str, str, int]:
    return asked.origin, asked.origin_transaction, asked.attempt


async def wanted_still(work: Work, ids: Sequence[str]) -> None:
    """The homes of these work orders go on with them: of what is wanted back they, or we, have missed a word."""
    back = await wishes.wanted_back(work.tx, ids)
    if back:
        known = await store.read(work.tx, back, work.runtime.settings.node)
        work.send(*(cancel_of(stored, work) for stored in known))


async def on_too_late(work: Work, messages: list[Message[CancelTooLate]]) -> None:
    """Home goes on: the wish has failed, and its order is in progress again, unless it has ended meanwhile.

    Raises Spoofed for an answer that does not come from the router.
    """
    for message in messages:
        check_router(message)
    known = await store.lock(
        work.tx, [message.data.origin_transaction for message in messages], work.runtime.settings.node
    )
    # Of a group each child answers for itself: the wish ends with the order.
    orders = sorted(
        {
            stored.work.order
            for stored in known.values()
            if is_forwarded(stored.work) and stored.work.group is None
        }
    )
    if orders:
        await wishes.end(work.tx, [(order, "terminatedWithError") for order in orders], work.now)
        tell_orders(work, await wishes.show(work.tx, orders, "inProgress", wishes.WISHES, work.now))
