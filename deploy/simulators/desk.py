"""Where tasks come in: each is carried out once, and every asking of it is noted with the answer it gets."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from contracts.base import Document, Reason
from contracts.tasks import Task, TaskResult
from deploy.simulators.behaviour import Behaviour
from deploy.simulators.journal import Due, Entry, Journal
from deploy.simulators.settings import System
from deploy.simulators.system import ProductionSystem, Refused, own_tasks
from libs.ids import new_id
from libs.messaging.envelope import EnvelopeInvalid, RawHeaders, open_envelope, type_of
from libs.messaging.topics import results, tasks

UNDONE_BEFORE = "undone-before"
PRODUCTION = "production"
ASKER = "order-acceptance"


class NotAskedHere(ValueError):
    """A task that nobody could have asked of this system, where it came; the text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic of tasks."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: RawHeaders


@dataclass(frozen=True, slots=True)
class Asking:
    """A task that was asked of this system, and the message that asked it."""

    ce_id: str
    traceparent: str | None
    task: Task


class Desk:
    """One system's journal, state and temper behind one counter."""

    def __init__(
        self, system: System, journal: Journal, production: ProductionSystem, behaviour: Behaviour
    ) -> None:
        self.system = system
        self.journal = journal
        self._production = production
        self._behaviour = behaviour
        self._own: Mapping[str, str] = own_tasks(system)

    def take_in(self, records: Sequence[Record], now: datetime, second: float) -> None:
        """Carry out a batch of records in one transaction, durable when this returns.

        `second` is the machine's own time, by which answers are delayed; `now` is the time of business.
        """
        with self.journal.transaction():
            for record in records:
                try:
                    with self.journal.one_of_many():
                        asking = self._read(record)
                        if asking is not None and not self.journal.asked_before(asking.ce_id):
                            self._asked(asking, now, second)
                except sqlite3.OperationalError:
                    # The file, and no task, is at fault: the batch will be read again.
                    raise
                except Exception as error:
                    # Whatever a task makes fail is its own doing: it is noted, and those beside it are done.
                    told = isinstance(error, EnvelopeInvalid | NotAskedHere)
                    why = str(error) if told else type(error).__name__
                    self.journal.note_unreadable(
                        record.topic, record.partition, record.offset, why, now.isoformat()
                    )

    def result(self, due: Due, now: datetime) -> TaskResult:
        """The answer to one asking; the same for every asking of a task."""
        entry = due.entry
        return TaskResult(
            task_id=entry.task_id,
            work_order=entry.work_order,
            direction="do" if entry.direction == "do" else "undo",
            outcome="done" if entry.outcome == "done" else "refused",
            reasons=[Reason(code=code, task=entry.name) for code in entry.reasons],
            output=entry.output,
            at=now,
            executor=self.system,
        )

    def _read(self, record: Record) -> Asking | None:
        """None for what is not this system's. Raises EnvelopeInvalid, ValidationError, NotAskedHere."""
        envelope = open_envelope(record.headers, record.key, record.topic)
        if envelope.type != type_of(Task):
            return None
        task = Task.model_validate_json(record.value or b"")
        if task.name not in self._own:
            return None
        if not f".{record.topic}".endswith(f".{tasks(task.node, PRODUCTION)}"):
            raise NotAskedHere(f"a task of {task.node}")
        if task.reply_to != results(task.node, ASKER):
            # Where there is no such topic, all other answers would wait behind this one.
            raise NotAskedHere("an answer that nobody waits for")
        if (task.direction == "do") != (self._own[task.name] == task.name):
            raise NotAskedHere(f"{task.direction} {task.name}")
        return Asking(envelope.id, envelope.traceparent, task)

    def _asked(self, asking: Asking, now: datetime, second: float) -> None:
        task = asking.task
        if self.journal.find(task.task_id) is None:
            self.journal.keep(self._carried_out(task, now))
        n = self.journal.askings(task.task_id) + 1
        delay = self._behaviour.answers_after(_number(task), task.direction, n)
        self.journal.note_asking(
            asking.ce_id,
            task.task_id,
            n,
            task.reply_to,
            new_id(),
            asking.traceparent,
            second,
            None if delay is None else second + delay,
        )

    def _carried_out(self, task: Task, now: datetime) -> Entry:
        if task.direction == "undo":
            return self._undone(task, now)
        if self.journal.find_undo(task.task_id) is not None:
            # Whoever took it back before it came does not want it any more.
            return _entry(task, now, refusal=UNDONE_BEFORE)
        refusal = self._behaviour.refuses(_number(task), final=task.final)
        if refusal is not None:
            return _entry(task, now, refusal=refusal)
        try:
            output = self._production.do(self.journal.db, task)
        except Refused as refused:
            return _entry(task, now, refusal=str(refused))
        except ValidationError:
            return _entry(task, now, refusal="task-malformed")
        return _entry(task, now, output=output, effect=True)

    def _undone(self, task: Task, now: datetime) -> Entry:
        """An undo is never refused: of what was not done, or is taken back already, there is nothing to undo."""
        done = self.journal.find(task.does)
        if done is not None and self._own[task.name] != done.name:
            # Not kept: what really undoes the do is still to come.
            raise NotAskedHere(f"{task.name} of a {done.name}")
        effect = done is not None and done.effect and self.journal.find_undo(task.does) is None
        if effect:
            self._production.undo(self.journal.db, task)
        return _entry(task, now, effect=effect)


def _number(task: Task) -> str | None:
    """The number that a task is about; work that is to give out a number has none of its own yet."""
    named = task.number or task.input.get("number")
    return named if isinstance(named, str) else None


def _entry(
    task: Task,
    now: datetime,
    *,
    refusal: str | None = None,
    output: Document | None = None,
    effect: bool = False,
) -> Entry:
    return Entry(
        task_id=task.task_id,
        does=task.does,
        direction=task.direction,
        name=task.name,
        node=task.node,
        work_order=task.work_order,
        order=task.order,
        business=task.business,
        number=task.number,
        input=task.input,
        outcome="done" if refusal is None else "refused",
        effect=effect,
        reasons=[] if refusal is None else [refusal],
        output=output or {},
        at=now.isoformat(),
    )
