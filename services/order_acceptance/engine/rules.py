"""The process engine's decisions: what a work order does next, given what has just happened to it.

Pure: a work order and an event go in, a work order and what is to be done come out. The store applies a batch of
such decisions in one transaction. Rules: orders.md of the design, section 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import BaseModel

from services.order_acceptance.engine.patience import Patience
from services.order_acceptance.engine.process import FORWARD, HERE, Part, Process, Progress


class WorkState(StrEnum):
    DATED = "dated"  # for its time; it takes no guard before that
    WAITING = "waiting"  # for the guard of its subscription
    RUNNING = "running"
    READY = "ready"  # at home, before the point of no return: the others of its group decide
    UNDOING = "undoing"
    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


ENDED = frozenset({WorkState.COMPLETED, WorkState.FAILED, WorkState.REJECTED, WorkState.CANCELLED})


class StepState(StrEnum):
    PLANNED = "planned"
    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # asked as often as may be, and no answer: it may have been done
    SKIPPED = "skipped"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    path: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    node: str | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One line of a work order's journal."""

    name: str
    executor: str
    undo: str | None
    counter: bool
    after: bool
    state: StepState = StepState.PLANNED
    attempt: int = 1
    askings: int = 0
    input: Mapping[str, Any] | None = None
    output: Mapping[str, Any] = field(default_factory=dict)


Read = tuple[Mapping[str, Any], BaseModel]
"""A content as a model, beside the mapping that it was read from."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    id: str
    order: str
    process: str
    version: int
    part: Part
    node: str
    origin: str
    number: str | None
    content: Mapping[str, Any]
    deadline: datetime
    steps: tuple[StepRecord, ...]
    forward_attempt: int = 1
    state: WorkState = WorkState.RUNNING
    verdict: WorkState | None = None
    position: int = 0
    next_at: datetime | None = None
    attention: bool = False
    reasons: tuple[Reason, ...] = ()
    group: str | None = None
    """The policy of the group order that it is a child of."""
    waits: bool = False
    """Whether it stops before its point of no return until its group goes ahead."""
    read: dict[type[BaseModel], Read] = field(default_factory=dict, compare=False, repr=False)
    """The content as models: steps look at it again and again."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def current(self) -> StepRecord | None:
        return self.steps[self.position] if 0 <= self.position < len(self.steps) else None

    def task_id(self, step: StepRecord, direction: str) -> str:
        """Names the effect: work order / forward attempt / step / task attempt / do or undo."""
        return f"{self.id}/{self.forward_attempt}/{step.name}/{step.attempt}/{direction}"


@dataclass(frozen=True, slots=True)
class Ask:
    """Send the current task (again)."""

    step: StepRecord
    direction: str
    task_id: str
    does: str


@dataclass(frozen=True, slots=True)
class SendForward:
    """Hand the work to the router."""


@dataclass(frozen=True, slots=True)
class DoHere:
    """A step that is this service's own row, done in the transaction that decided it."""

    step: StepRecord
    direction: str


@dataclass(frozen=True, slots=True)
class TellReady:
    """Let the group know that nothing of this one can be refused any more."""


@dataclass(frozen=True, slots=True)
class End:
    state: WorkState


Effect = Ask | SendForward | DoHere | TellReady | End


Moved = tuple[WorkOrder, tuple[Effect, ...]]


@cache
def planned(process: Process, part: Part) -> tuple[StepRecord, ...]:
    """The journal of a new work order. It never changes afterwards, whatever is deployed."""
    records = []
    for step, after in process.plan(part):
        if step is None:
            records.append(StepRecord(FORWARD, FORWARD, None, counter=True, after=False))
        else:
            records.append(StepRecord(step.name, step.executor, step.undo, step.counter, after))
    return tuple(records)


def start(work: WorkOrder, process: Process, now: datetime, patience: Patience) -> Moved:
    """Begin, or go on after the guard was won."""
    running = work if work.state is WorkState.RUNNING else replace(work, state=WorkState.RUNNING)
    return onward(running, process, now, patience)


def turned_away(work: WorkOrder, reasons: Sequence[Reason]) -> Moved:
    """What waited for its guard is refused: nothing was begun, nothing is to be undone."""
    ended = replace(
        work, state=WorkState.REJECTED, reasons=(*work.reasons, *reasons), next_at=None, attention=False
    )
    return ended, (End(WorkState.REJECTED),)


def answered(
    work: WorkOrder,
    process: Process,
    task_id: str,
    outcome: str,
    output: Mapping[str, Any],
    reasons: Sequence[Reason],
    now: datetime,
    patience: Patience,
) -> Moved | None:
    """A result came. None: the step no longer waits for it, and the result is only recorded."""
    step = work.current
    if work.ended or step is None or work.state not in (WorkState.RUNNING, WorkState.UNDOING):
        return None
    if work.state is WorkState.UNDOING:
        if step.state is not StepState.UNDOING or task_id != work.task_id(step, "undo"):
            return None
        if outcome != "done":
            # An undo is never refused: whoever answers so is asked again, and an operator is shown it.
            return with_step(work, replace(step), attention=True), ()
        return _backward(with_step(work, replace(step, state=StepState.UNDONE)), now, patience)
    if step.state is not StepState.ASKED or task_id != work.task_id(step, "do"):
        return None
    if outcome == "done":
        done = replace(step, state=StepState.DONE, output=dict(output))
        further = with_step(work, done, position=work.position + 1)
        objection = _objection(further, process, step)
        if objection is not None:
            verdict = WorkState.REJECTED if _home_untouched(further) else WorkState.FAILED
            return give_up(with_step(work, done), verdict, (objection,), now, patience)
        return onward(further, process, now, patience)
    if step.after:
        # Nothing goes back from here; an operator decides when it is tried again.
        refused = replace(step, state=StepState.REFUSED)
        return with_step(work, refused, attention=True, next_at=None, reasons=(*work.reasons, *reasons)), ()
    verdict = WorkState.REJECTED if _only_counter_work(work) else WorkState.FAILED
    return give_up(with_step(work, replace(step, state=StepState.REFUSED)), verdict, reasons, now, patience)


def _objection(work: WorkOrder, process: Process, step: StepRecord) -> Reason | None:
    """Whether what a step has told ends the order, as long as it can be taken back."""
    objects = process.step(step.name).objects
    found = objects(progress_of(work, process)) if objects and not step.after else None
    return Reason(found[0], parameters=found[1], node=work.node, task=step.name) if found else None


def home_said(
    work: WorkOrder,
    process: Process,
    state: str,
    output: Mapping[str, Any],
    reasons: Sequence[Reason],
    now: datetime,
    patience: Patience,
) -> Moved | None:
    """The outcome of a forward. Home's word decides: the counter's last steps only follow it."""
    step = work.current
    if work.ended or step is None or step.name != FORWARD or step.state is not StepState.ASKED:
        return None
    if state == "completed":
        done = replace(step, state=StepState.DONE, output=dict(output))
        return onward(with_step(work, done, position=work.position + 1), process, now, patience)
    verdicts = {
        "failed": WorkState.FAILED,
        "rejected": WorkState.REJECTED,
        "cancelled": WorkState.CANCELLED,
    }
    if state not in verdicts:
        return None
    return give_up(
        with_step(work, replace(step, state=StepState.REFUSED)), verdicts[state], reasons, now, patience
    )


def time_passed(work: WorkOrder, process: Process, now: datetime, patience: Patience) -> Moved | None:
    """The clock reached `next_at` without an answer. None: nothing is due, or (a dated one) it needs its guard."""
    if work.ended or work.next_at is None or now < work.next_at or work.state is WorkState.DATED:
        return None
    if work.state is WorkState.WAITING:
        # A child of a group waits for its guard for minutes only: it holds up all the others.
        late = "deadline-passed" if now >= work.deadline else "subscription-busy"
        return turned_away(work, (Reason(late, node=work.node),))
    step = work.current
    assert step is not None, "a work order that runs has a step"
    if work.state is WorkState.UNDOING:
        return _ask(work, step, "undo", now, patience)
    if step.askings < patience.askings or step.after:
        return _ask(work, step, "do", now, patience)
    unanswered = Reason("task-unanswered", node=work.node, task=step.name)
    verdict = WorkState.REJECTED if _only_counter_work(work) and step.counter else WorkState.FAILED
    return give_up(
        with_step(work, replace(step, state=StepState.UNKNOWN)), verdict, (unanswered,), now, patience
    )


def retried(work: WorkOrder, now: datetime, patience: Patience) -> Moved | None:
    """An operator sends a refused step after the point of no return once more: the next task attempt."""
    step = work.current
    if step is None or step.state is not StepState.REFUSED or not step.after:
        return None
    again = replace(step, attempt=step.attempt + 1, askings=0)
    return _ask(replace(with_step(work, again), attention=False), again, "do", now, patience)


def _only_counter_work(work: WorkOrder) -> bool:
    """Whether no home step was begun: then a refusal rejects the order, else it failed."""
    current = work.current
    return _home_untouched(work) and (current is None or current.counter)


def _home_untouched(work: WorkOrder) -> bool:
    """Whether home did nothing that would have to be undone; what only asks has no undo."""
    touched = (StepState.DONE, StepState.UNKNOWN)
    done = [step for step in work.steps if step.state in touched and step.executor != FORWARD]
    return all(step.counter or not step.undo for step in done)


def with_step(work: WorkOrder, step: StepRecord, position: int | None = None, **changes: Any) -> WorkOrder:
    """The work order with its current line replaced."""
    steps = (*work.steps[: work.position], step, *work.steps[work.position + 1 :])
    return replace(work, steps=steps, position=work.position if position is None else position, **changes)


def _ask(
    work: WorkOrder, step: StepRecord, direction: str, now: datetime, patience: Patience
) -> tuple[WorkOrder, tuple[Effect, ...]]:
    state = StepState.ASKED if direction == "do" else StepState.UNDOING
    asked = replace(step, state=state, askings=step.askings + 1)
    never_ending = direction == "undo" or step.after
    moved = with_step(
        work,
        asked,
        next_at=now + patience.pause(asked.askings),
        attention=work.attention or (never_ending and asked.askings > patience.askings),
    )
    does = work.task_id(step, "do")
    return moved, (Ask(asked, direction, work.task_id(step, direction), does),)


def onward(work: WorkOrder, process: Process, now: datetime, patience: Patience) -> Moved:
    """On to the next step that has something to do, or to the end."""
    effects: list[Effect] = []
    while (step := work.current) is not None:
        if not step.after and now > work.deadline:
            late = Reason("deadline-passed", node=work.node, task=step.name)
            verdict = WorkState.REJECTED if _home_untouched(work) else WorkState.FAILED
            work, undoing = give_up(work, verdict, (late,), now, patience)
            return work, (*effects, *undoing)
        if step.after and work.waits:
            # From here on neither the clock nor a cancel ends it: only the one decision of its group.
            held = replace(work, state=WorkState.READY, next_at=None, attention=False)
            return held, (*effects, TellReady())
        if step.name == FORWARD:
            asked = with_step(work, replace(step, state=StepState.ASKED, askings=1), next_at=None)
            return asked, (*effects, SendForward())
        needed = process.step(step.name).takes(progress_of(work, process))
        if needed is None:
            work = with_step(work, replace(step, state=StepState.SKIPPED), position=work.position + 1)
            continue
        ready = replace(step, input=needed.model_dump(mode="json", by_alias=True), askings=0)
        if step.executor == HERE:
            done = replace(ready, state=StepState.DONE)
            effects.append(DoHere(done, "do"))
            work = with_step(work, done, position=work.position + 1)
            continue
        work, asking = _ask(work, ready, "do", now, patience)
        return work, (*effects, *asking)
    ended = replace(work, state=WorkState.COMPLETED, next_at=None, attention=False)
    return ended, (*effects, End(WorkState.COMPLETED))


def give_up(
    work: WorkOrder, verdict: WorkState, reasons: Sequence[Reason], now: datetime, patience: Patience
) -> Moved:
    undoing = replace(
        work, state=WorkState.UNDOING, verdict=verdict, reasons=(*work.reasons, *reasons), next_at=None
    )
    return _backward(undoing, now, patience)


def _backward(work: WorkOrder, now: datetime, patience: Patience) -> Moved:
    """Back to the last step that may have left something behind; ended when there is none."""
    effects: list[Effect] = []
    # The step at hand is looked at too: one whose answer is unknown may have been done.
    position = min(work.position, len(work.steps) - 1)
    while position >= 0:
        step = work.steps[position]
        work = replace(work, position=position)
        if step.state in (StepState.DONE, StepState.UNKNOWN) and step.undo:
            back = replace(step, askings=0)
            if step.executor != HERE:
                work, asking = _ask(work, back, "undo", now, patience)
                return work, (*effects, *asking)
            undone = replace(back, state=StepState.UNDONE)
            effects.append(DoHere(undone, "undo"))
            work = with_step(work, undone)
        position -= 1
    verdict = work.verdict or WorkState.FAILED
    ended = replace(work, state=verdict, next_at=None, attention=False)
    return ended, (*effects, End(verdict))


def progress_of(work: WorkOrder, process: Process) -> Progress:
    """What the steps of a work order may look at: its content, and what was done so far."""
    outputs = {step.name: step.output for step in work.steps if step.state is StepState.DONE}
    content = content_of(work, process.content)
    return Progress(work.id, work.order, work.node, work.origin, work.number, content, outputs)


def content_of(work: WorkOrder, model: type[BaseModel]) -> BaseModel:
    """The content as a process reads it; read once, until it is replaced."""
    source, content = work.read.get(model, (None, None))
    if content is None or source is not work.content:
        content = model.model_validate(work.content)
        work.read[model] = (work.content, content)
    return content
