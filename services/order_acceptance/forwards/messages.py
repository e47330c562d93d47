"""Work that travels: taken in at home, and its outcome taken back at the node that accepted it."""

import json
from collections.abc import Sequence
from dataclasses import replace

from contracts.processes import Presented
from contracts.work_orders import ENDED, Forward, Outcome
from libs.ids import new_id
from libs.messaging import Message, Outgoing, Work
from libs.security.sealing import unseal
from libs.web.errors import Reason as Refused
from services.order_acceptance import errors
from services.order_acceptance.cancels.messages import wanted_still
from services.order_acceptance.engine import rules, store
from services.order_acceptance.engine.carry import Batch, move, patience_of
from services.order_acceptance.engine.patience import waits_until
from services.order_acceptance.engine.rules import Moved, WorkOrder, WorkState
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.engine.subscriptions import reason_of
from services.order_acceptance.engine.words import outcome_of, process_of, standing_of
from services.order_acceptance.forwards.rules import CLOCK_DIFFERENCE, Intake, judge_forward
from services.order_acceptance.forwards.source import ROUTER, check_router
from services.order_acceptance.forwards.store import facts_of, guarded, taken_in
from services.order_acceptance.groups.deciding import still_at_work
from services.order_acceptance.processes import PROCESSES

UNDER_WAY = ("received", "in-progress")


async def on_forwards(work: Work, messages: list[Message[Forward]]) -> None:
    """Take each forward in once; answer at once what is refused, not ours, or known already.

    Raises Spoofed for a forward that does not come from the router.
    """
    for message in messages:
        check_router(message)
    forwards = [message.data for message in messages]
    before = await taken_in(work.tx, forwards)
    facts = await facts_of(work.tx, forwards)
    crossing = work.runtime.settings.crossing

    def judge(forward: Forward, *, behind: bool) -> Intake:
        known = facts.get(f"{forward.business} {forward.number}")
        return judge_forward(forward, known, _digest(work, forward), work.now, crossing, behind=behind)

    judged = {_mark(one): judge(one, behind=False) for one in forwards if _mark(one) not in before}
    doubtful = {one.number for one in forwards if one.number and _is_refused(judged.get(_mark(one)))}
    at_work = await guarded(work.tx, sorted(doubtful))
    fresh: dict[tuple[str, str, int], Stored] = {}
    for message in messages:
        forward = message.data
        mark = _mark(forward)
        if mark in before or mark in fresh:
            continue
        intake = judged[mark]
        if _is_refused(intake) and forward.number in at_work:
            # What is before it may be what it relies on: a resumption comes after its suspension.
            intake = judge(forward, behind=True)
        stored = _stored(work, message, intake)
        if intake.state in ("not-mine", "version-unknown"):
            # Not taken in: the router may send it again, or elsewhere.
            work.send(_answer(stored, intake, work))
        else:
            fresh[mark] = stored
            if stored.guarded and stored.work.state is WorkState.WAITING:
                at_work.add(forward.number or "")
    await _take_in(work, list(fresh.values()))
    await _answer_again(work, list(before.values()))


def _mark(forward: Forward) -> tuple[str, str, int]:
    return forward.origin, forward.origin_transaction, forward.attempt


def _is_refused(intake: Intake | None) -> bool:
    return intake is not None and intake.state == "rejected"


async def _take_in(work: Work, fresh: Sequence[Stored]) -> None:
    if not fresh:
        return
    node = work.runtime.settings.node
    made = await store.insert(work.tx, fresh, node, work.now)
    mine = [stored for stored in fresh if stored.work.id in made]
    for stored in mine:
        if stored.work.ended:
            work.send(outcome_of(stored, work))
    waiting = [stored for stored in mine if stored.work.state is WorkState.WAITING]
    winners = await store.take_guards(work.tx, [one for one in waiting if one.guarded], work.now)
    batch = Batch(work)
    await batch.start([one for one in waiting if not one.guarded or one.work.id in winners])
    await batch.finish()


async def _answer_again(work: Work, ids: Sequence[str]) -> None:
    """A duplicate of what has ended gets the first result, one of what runs its state."""
    if ids:
        known = await store.lock(work.tx, ids, work.runtime.settings.node)
        work.send(*(standing_of(stored, work) for stored in known.values()))


def _digest(work: Work, forward: Forward) -> str | None:
    """The keyed digest of the identity that was presented; the identity itself is kept nowhere."""
    if forward.sealed is None:
        return None
    presented = Presented.model_validate_json(unseal(forward.sealed, work.runtime.keys.sealing))
    return work.runtime.cipher.digest(presented.identification_type, presented.identification_id)


def _stored(work: Work, message: Message[Forward], intake: Intake) -> Stored:
    """The work order of a forward; one that is refused is kept too, so that a duplicate hears the same."""
    forward = message.data
    process = PROCESSES.get((forward.process, forward.version))
    content = intake.content.model_dump(mode="json", by_alias=True) if intake.content else forward.content
    node = work.runtime.settings.node
    deadline = forward.deadline + CLOCK_DIFFERENCE
    state, next_at = WorkState.REJECTED, None
    if intake.state == "in-progress":
        state = WorkState.DATED if intake.due else WorkState.WAITING
        next_at = intake.due or waits_until(deadline, forward.group, work.now)
    order = WorkOrder(
        id=new_id(),
        order=forward.order,
        process=forward.process,
        version=forward.version,
        part="home",
        node=node,
        origin=forward.origin,
        number=forward.number,
        content=content,
        deadline=deadline,
        steps=rules.planned(process, "home") if process else (),
        forward_attempt=forward.attempt,
        state=state,
        next_at=next_at,
        reasons=tuple(reason_of(one, node) for one in intake.reasons),
        group=forward.group,
        waits=forward.group == "all-or-nothing",
    )
    return Stored(
        work=order,
        business=forward.business,
        origin_transaction=forward.origin_transaction,
        home=node,
        guarded=bool(process and process.guarded),
        sequence=1,
        accounting_day=forward.accounting_day,
        acceptance=store.accepted(forward.acceptance, message.traceparent),
        sealed=None,
        digest=forward.digest,
        test=forward.test,
        created=work.now,
        output={},
    )


def _answer(stored: Stored, intake: Intake, work: Work) -> Outgoing:
    told = outcome_of(stored, work)
    return replace(told, data=told.data.model_copy(update={"state": intake.state, "home_transaction": None}))


async def forward_died(work: Work, message: Message[Forward], reason: str) -> None:
    """A forward that could not be taken in is refused for good: its replay finds it ended and does nothing.

    What did not come from the router is no forward: it must not end the one whose ids it names.
    """
    if message.source != ROUTER:
        return
    died = Intake("rejected", reasons=(Refused(errors.TASK_DEAD_LETTERED, detail=reason),))
    stored = _stored(work, message, died)
    if await store.insert(work.tx, [stored], work.runtime.settings.node, work.now):
        work.send(outcome_of(stored, work))


async def on_outcomes(work: Work, messages: list[Message[Outcome]]) -> None:
    """Home's word, passed on by the router: it decides the order. One that is only on its way is no move.

    Raises Spoofed for an outcome that does not come from the router.
    """
    for message in messages:
        check_router(message)
    patience = patience_of(work.runtime.settings)

    def decide(stored: Stored, outcome: Outcome) -> Moved | None:
        if outcome.attempt != stored.work.forward_attempt or outcome.state not in ENDED:
            return None
        if any(reason.code == "digest-differs" for reason in outcome.reasons):
            # The router's answer to another content under our ids: it says nothing of the work that home has.
            return None
        output = {**outcome.output, **({"sealed": outcome.sealed} if outcome.sealed else {})}
        reasons = [
            rules.Reason(one.code, one.path, one.parameters, one.node, one.task) for one in outcome.reasons
        ]
        return rules.home_said(
            stored.work, process_of(stored.work), outcome.state, output, reasons, work.now, patience
        )

    def learn(stored: Stored, outcome: Outcome) -> Stored:
        return replace(stored, home=outcome.home)

    events = [(message.data.origin_transaction, message.data) for message in messages]
    idle, strange = await move(work, events, decide, learn)
    going_on = [one.origin_transaction for one in idle if one.state in UNDER_WAY]
    await still_at_work(work, going_on)
    await wanted_still(work, going_on)
    late = [
        (one.origin_transaction, f"outcome {one.sequence}", one.state, json.loads(one.model_dump_json()))
        for one in (*idle, *strange)
    ]
    await store.record_late(work.tx, late, work.now)
