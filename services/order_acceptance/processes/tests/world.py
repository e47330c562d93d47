"""A small world that a work order runs against: executors that keep what they did, as the real ones do.

Executors are idempotent by task id, remember an undo that comes before its do, and may be told to refuse, to answer
late, twice, or not at all. Nothing of the engine is faked: the rules that decide are the product's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.steps import STEPS
from services.order_acceptance.engine import rules
from services.order_acceptance.engine.patience import Patience
from services.order_acceptance.engine.process import FORWARD, Part, Process
from services.order_acceptance.engine.rules import (
    Ask,
    DoHere,
    End,
    Reason,
    SendForward,
    TellReady,
    WorkOrder,
)

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PATIENCE = Patience(timedelta(seconds=30), 5)

OUTPUTS: Mapping[str, dict[str, Any]] = {
    "reserve-number": {
        "id": "n",
        "number": "13012345678",
        "area": "020",
        "network": "lte",
        "numberClass": "plain",
    },
    "reserve-card": {"id": "c", "iccid": "89860100000000000001", "kind": "blank"},
    "pick-number": {
        "id": "n",
        "number": "13012345678",
        "area": "020",
        "network": "lte",
        "numberClass": "ordinary",
    },
    "pick-card": {"id": "c", "iccid": "89860100000000000001", "kind": "personalised"},
    "open-branch": {"customer": "c"},
    "open-billing-account": {"account": "a"},
    "allocate-profile": {
        "profile": "p",
        "imsi": "460010000000001",
        "sealedForProduction": "jwe-1",
        "sealedForWriter": "jwe-2",
    },
    "ask-balance": {"balance": "12.34"},
    "post-payment": {"balance": "50.00"},
    "charge-fees": {"balance": "-10.00"},
}


@dataclass
class Executor:
    """Everything outside the engine: done effects by task id, in the order of their doing."""

    done: dict[str, str] = field(default_factory=dict)
    """Do-task id → name of the step, as long as it is not undone."""
    refused: set[str] = field(default_factory=set)
    undone_first: set[str] = field(default_factory=set)
    results: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    refuses: Callable[[str], bool] = lambda _: False
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What a test lets a step say instead of the usual."""

    def carry_out(self, ask: Ask) -> tuple[str, dict[str, Any]]:
        """The result of a task; the same for every sending of it."""
        if ask.task_id in self.results:
            return self.results[ask.task_id]
        if ask.direction == "undo":
            if ask.does in self.done:
                del self.done[ask.does]
            else:
                self.undone_first.add(ask.does)
            result: tuple[str, dict[str, Any]] = ("done", {})
        elif ask.task_id in self.undone_first or self.refuses(ask.step.name):
            self.refused.add(ask.task_id)
            result = ("refused", {})
        else:
            self.done[ask.task_id] = ask.step.name
            result = ("done", dict(self.outputs.get(ask.step.name, OUTPUTS.get(ask.step.name, {}))))
        self.results[ask.task_id] = result
        return result


@dataclass
class World:
    """One work order, the executors, and a clock that only the test moves."""

    process: Process
    work: WorkOrder
    outside: Executor = field(default_factory=Executor)
    now: datetime = START
    asked: list[Ask] = field(default_factory=list)
    here: list[str] = field(default_factory=list)
    forwarded: int = 0
    ready: int = 0
    ends: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, process: Process, part: Part, content: Mapping[str, Any]) -> "World":
        work = WorkOrder(
            id="w",
            order="o",
            process=process.name,
            version=process.version,
            part=part,
            node="gd",
            origin="gd" if part == "whole" else "bj",
            number="13012345678",
            content=content,
            deadline=START + timedelta(hours=72),
            steps=rules.planned(process, part),
        )
        return cls(process, work)

    def start(self) -> None:
        self.take(rules.start(self.work, self.process, self.now, PATIENCE))

    def answer(self, ask: Ask, outcome: str, output: Mapping[str, Any]) -> bool:
        """Whether anybody waited for this answer."""
        reasons = [Reason("refused-by-the-test")] if outcome == "refused" else []
        moved = rules.answered(
            self.work, self.process, ask.task_id, outcome, output, reasons, self.now, PATIENCE
        )
        if moved is not None:
            self.take(moved)
        return moved is not None

    def home_says(self, state: str) -> bool:
        output = {"imsi": "460010000000002", "sealed": "jwe-3"}
        moved = rules.home_said(self.work, self.process, state, output, [], self.now, PATIENCE)
        if moved is not None:
            self.take(moved)
        return moved is not None

    def pass_time(self) -> bool:
        """Let the clock reach what is due next; whether anything came of it."""
        if self.work.next_at is None:
            return False
        self.now = max(self.now, self.work.next_at)
        moved = rules.time_passed(self.work, self.process, self.now, PATIENCE)
        if moved is not None:
            self.take(moved)
        return moved is not None

    def take(self, moved: rules.Moved) -> None:
        self.work, effects = moved
        for effect in effects:
            match effect:
                case Ask():
                    self.asked.append(effect)
                case DoHere():
                    self.here.append(effect.step.name)
                case SendForward():
                    self.forwarded += 1
                case TellReady():
                    self.ready += 1
                case End():
                    self.ends.append(str(effect.state))

    def left_behind(self) -> list[str]:
        """Steps that were done and not taken back; what only asks leaves nothing."""
        return sorted(name for name in self.outside.done.values() if name not in self.asks_only)

    @property
    def asks_only(self) -> set[str]:
        return {
            step.name
            for step, after in self.process.plan(self.work.part)
            if step and not (after or step.undo)
        }


def undoable(process: Process, part: Part) -> list[str]:
    """Steps of a part that run elsewhere before the point of no return."""
    return [step.name for step, after in process.plan(part) if step and not after and step.name in STEPS]


__all__ = ["FORWARD", "OUTPUTS", "PATIENCE", "START", "Executor", "World", "undoable"]
