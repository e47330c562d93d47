"""Who may still end a work order from outside, and who lets one go on that waits for its group. Pure.

A cancel is decided where the work is done: it wins as long as nothing is past its point of no return. What was asked
and not answered counts as done, and is taken back; an executor that sees the undo first refuses the do for ever.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.order_acceptance.engine.patience import Patience
from services.order_acceptance.engine.process import FORWARD, Process
from services.order_acceptance.engine.rules import (
    End,
    Moved,
    Reason,
    StepState,
    WorkOrder,
    WorkState,
    give_up,
    onward,
    with_step,
)

UNBEGUN = (WorkState.DATED, WorkState.WAITING)


def cancelled(
    work: WorkOrder,
    reasons: Sequence[Reason],
    now: datetime,
    patience: Patience,
    *,
    by_group: bool = False,
) -> Moved | None:
    """The work order is to be taken back. None: it is too late, or (forwarded) not this node's to decide.

    `by_group`: it is the stored decision of its group, which alone ends one that is ready.
    """
    if work.state in UNBEGUN:
        ended = replace(
            work, state=WorkState.CANCELLED, reasons=(*work.reasons, *reasons), next_at=None, attention=False
        )
        return ended, (End(WorkState.CANCELLED),)
    if work.state is WorkState.READY:
        return give_up(work, WorkState.CANCELLED, reasons, now, patience) if by_group else None
    step = work.current
    if work.state is not WorkState.RUNNING or step is None or step.after or step.name == FORWARD:
        return None
    # Its answer is on its way, or never comes: it may have been done.
    asked = with_step(work, replace(step, state=StepState.UNKNOWN))
    return give_up(asked, WorkState.CANCELLED, reasons, now, patience)


def is_forwarded(work: WorkOrder) -> bool:
    """Whether home decides: the forward was written, and home's outcome is not here."""
    step = work.current
    return (
        work.state is WorkState.RUNNING
        and step is not None
        and step.name == FORWARD
        and step.state is StepState.ASKED
    )


def gone_ahead(work: WorkOrder, process: Process, now: datetime, patience: Patience) -> Moved | None:
    """The group goes ahead. None: the work order does not wait for it (any more)."""
    if work.state is not WorkState.READY:
        return None
    return onward(replace(work, state=WorkState.RUNNING, waits=False), process, now, patience)
