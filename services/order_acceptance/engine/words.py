"""What is said of work orders: the messages that ask for their steps, carry them, and tell how they stand."""

from typing import Any

from contracts.base import Acceptance
from contracts.base import Reason as ReasonContract
from contracts.tasks import Task
from contracts.work_orders import (
    CancelAsked,
    CancelReason,
    CancelTooLate,
    Forward,
    GoAhead,
    OfForward,
    Outcome,
    ReadyTold,
)
from libs.messaging import Outgoing, Work
from libs.messaging.topics import results, tasks, uplink
from services.order_acceptance.engine import rules
from services.order_acceptance.engine.process import Process
from services.order_acceptance.engine.rules import WorkOrder, WorkState
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.processes import PROCESSES

SERVICE = "order-acceptance"


def process_of(work: WorkOrder) -> Process:
    """The process as it was when the work order was made; a deploy keeps the versions that are under way."""
    return PROCESSES[work.process, work.version]


def task_of(stored: Stored, ask: rules.Ask) -> Outgoing:
    """The message that asks for a step, or takes it back."""
    work = stored.work
    task = Task(
        task_id=ask.task_id,
        does=ask.does,
        direction="do" if ask.direction == "do" else "undo",
        name=ask.step.name if ask.direction == "do" else str(ask.step.undo),
        work_order=work.id,
        order=work.order,
        business=stored.business,
        node=work.node,
        reply_to=results(work.node, SERVICE),
        number=work.number,
        final=ask.step.after,
        acceptance=Acceptance.model_validate(stored.acceptance),
        input=dict(ask.step.input or {}),
    )
    return Outgoing(topic=tasks(work.node, ask.step.executor), key=work.id, data=task, subject=work.order)


def forward_of(stored: Stored) -> Outgoing:
    """The message that hands work to the router, with what the counter's steps add to it."""
    work = stored.work
    process = process_of(work)
    handed = process.hands_over(rules.progress_of(work, process))
    # A child that names no subscription goes to the province that its item names.
    by_node = work.number is None and stored.home is not None
    forward = Forward(
        origin=work.origin,
        origin_transaction=work.id,
        attempt=work.forward_attempt,
        order=work.order,
        business=stored.business,
        process=work.process,
        version=work.version,
        route_type="node" if by_node else "number",
        route_value=(stored.home or "") if by_node else work.number or work.id,
        number=work.number,
        accounting_day=stored.accounting_day,
        deadline=work.deadline,
        acceptance=Acceptance.model_validate(stored.acceptance),
        test=stored.test,
        content={**work.content, **handed},
        sealed=stored.sealed,
        digest=stored.digest,
        group=work.group,
    )
    return _up(stored, forward)


def outcome_of(stored: Stored, unit: Work, *, duplicate: bool = False) -> Outgoing:
    """What home says of a forward: its state by now, with every reason; the end carries what home has to tell."""
    work = stored.work
    told = {name: value for name, value in stored.output.items() if name != "sealed"}
    running = "in-progress"
    outcome = Outcome(
        origin=work.origin,
        origin_transaction=stored.origin_transaction,
        attempt=work.forward_attempt,
        home=work.node,
        home_transaction=work.id,
        number=work.number,
        state=str(work.state) if work.ended else running,
        sequence=stored.sequence,
        reasons=[
            ReasonContract(
                code=reason.code,
                path=reason.path,
                parameters=dict(reason.parameters),
                node=reason.node or work.node,
                task=reason.task,
            )
            for reason in work.reasons
        ],
        output=told,
        sealed=stored.output.get("sealed"),
        duplicate=duplicate,
        accounting_day=stored.accounting_day,
        at=unit.now,
    )
    return _up(stored, outcome)


def cancel_of(
    stored: Stored, unit: Work, *, by_group: bool = False, reason: CancelReason = "cancelled-on-request"
) -> Outgoing:
    """The wish to cancel: it follows the forward on its topic, under its key."""
    work = stored.work
    asked = CancelAsked(
        **_forwarded(stored, unit),
        order=work.order,
        business=stored.business,
        process=work.process,
        version=work.version,
        accounting_day=stored.accounting_day,
        deadline=work.deadline,
        acceptance=Acceptance.model_validate(stored.acceptance),
        digest=stored.digest,
        by_group=by_group,
        reason=reason,
    )
    return _up(stored, asked)


def go_ahead_of(stored: Stored, unit: Work) -> Outgoing:
    """A group lets its child go beyond the point of no return."""
    return _up(stored, GoAhead(**_forwarded(stored, unit)))


def too_late_of(stored: Stored, unit: Work) -> Outgoing:
    """Home goes on with what was wanted back."""
    return _up(stored, CancelTooLate(**_forwarded(stored, unit), **_at_home(stored)))


def ready_of(stored: Stored, unit: Work) -> Outgoing:
    """Home tells the group of its child that nothing of it can be refused any more."""
    return _up(stored, ReadyTold(**_forwarded(stored, unit), **_at_home(stored)))


def standing_of(stored: Stored, unit: Work) -> Outgoing:
    """How the work stands, for whoever asks, or has sent it twice."""
    if stored.work.state is WorkState.READY:
        return ready_of(stored, unit)
    return outcome_of(stored, unit, duplicate=True)


def _forwarded(stored: Stored, unit: Work) -> dict[str, Any]:
    """Which forward a word is about; at its origin the work order is the transaction."""
    work = stored.work
    return {
        "origin": work.origin,
        "origin_transaction": stored.origin_transaction,
        "attempt": work.forward_attempt,
        "number": work.number,
        "at": unit.now,
    }


def _at_home(stored: Stored) -> dict[str, Any]:
    work = stored.work
    return {"home": work.node, "home_transaction": work.id, "sequence": stored.sequence}


def _up(stored: Stored, message: Outcome | OfForward | Forward) -> Outgoing:
    """To the router, under the key of the forward: its number, or the id that its origin gave it."""
    work = stored.work
    return Outgoing(
        topic=uplink(work.node, "work-orders"),
        key=work.number or stored.origin_transaction,
        data=message,
        subject=work.order,
    )
