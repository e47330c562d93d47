"""How a business is written down: a named, versioned list of steps, each with its do and its undo."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel

from contracts.steps import STEPS

Part = Literal["whole", "acceptance", "home"]
"""What of a process a node carries out: all of it, the counter's part around a forward, or the home's part."""

FORWARD = "forward"
HERE = "here"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a step may look at when it says what it needs: the work order so far."""

    work_order: str
    order: str
    node: str
    origin: str
    number: str | None
    content: Any
    outputs: Mapping[str, Mapping[str, Any]]


Takes = Callable[[Progress], BaseModel | None]
Tells = Callable[[Progress], Mapping[str, Any]]
Objects = Callable[[Progress], tuple[str, Mapping[str, str]] | None]
"""Why what a step told ends the order: a code and its parameters; None: it goes on."""


def tells_nothing(_: Progress) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `at` is the executor, with `counter.` before it where it runs at the acceptance node.

    `takes` makes the task's input, or None when this work order does not need the step.
    A step before the point of no return has an undo, or says why it needs none.
    `objects` looks at what the step has told, before the point of no return.
    """

    name: str
    at: str
    takes: Takes
    undo: str | None = None
    needs_no_undo: str | None = None
    objects: Objects | None = None

    @property
    def counter(self) -> bool:
        return self.at.startswith("counter.")

    @property
    def executor(self) -> str:
        return self.at.removeprefix("counter.")


@dataclass(frozen=True, slots=True)
class PointOfNoReturn:
    """Every step before it can be undone; after it, steps only go forward."""


@dataclass(frozen=True, slots=True, eq=False)
class Process:
    """A business. Raises ValueError at import for a list that could not be carried out or taken back.

    Each is one of its kind: two are never the same, whatever their lists say.
    """

    name: str
    version: int
    content: type[BaseModel]
    steps: tuple[Step | PointOfNoReturn, ...]
    guarded: bool = True
    """Whether it excludes other work on the same subscription."""
    travels: bool = False
    """Whether it may be accepted at another node than the subscriber's home."""
    hands_over: Tells = tells_nothing
    """What the counter's steps add to the content, for home."""
    reports: Tells = tells_nothing
    """What home's steps tell the acceptance node; of these `sealed` travels as a JWE."""
    _by_name: Mapping[str, Step] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        steps = [step for step in self.steps if isinstance(step, Step)]
        if sum(isinstance(step, PointOfNoReturn) for step in self.steps) != 1:
            raise ValueError(f"{self.name}: a process marks one point of no return")
        if len({step.name for step in steps}) != len(steps):
            raise ValueError(f"{self.name}: two steps have one name")
        turn = self.steps.index(PointOfNoReturn())
        for step in self.steps[:turn]:
            if isinstance(step, Step) and not (step.undo or step.needs_no_undo):
                raise ValueError(
                    f"{self.name}: {step.name} is before the point of no return, without an undo"
                )
        for step in steps:
            self._agrees_with_contract(step)
        home = [i for i, step in enumerate(steps) if not step.counter]
        for i, step in enumerate(steps):
            if step.counter and home and home[0] < i < home[-1]:
                raise ValueError(f"{self.name}: {step.name} is a counter step between home steps")
        object.__setattr__(self, "_by_name", MappingProxyType({step.name: step for step in steps}))

    def _agrees_with_contract(self, step: Step) -> None:
        if step.executor == HERE:
            return
        known = STEPS.get(step.name)
        if known is None or known.executor != step.executor:
            raise ValueError(f"{self.name}: no contract has the step {step.name} at {step.executor}")
        if step.undo and step.undo != known.undo:
            raise ValueError(f"{self.name}: {step.name} is undone by {known.undo}, not {step.undo}")

    def step(self, name: str) -> Step:
        return self._by_name[name]

    def plan(self, part: Part) -> tuple[tuple[Step | None, bool], ...]:
        """The steps of a part in order, each with whether it is after the point of no return.

        None stands for the forward: for the acceptance node that is where its own undoing ends.
        """
        turn = self.steps.index(PointOfNoReturn())
        listed = [(step, i > turn) for i, step in enumerate(self.steps) if isinstance(step, Step)]
        if part == "whole":
            return tuple(listed)
        if part == "home":
            return tuple((step, after) for step, after in listed if not step.counter)
        first_home = next((i for i, (step, _) in enumerate(listed) if not step.counter), len(listed))
        before = [(step, False) for step, _ in listed[:first_home]]
        behind = [(step, True) for step, _ in listed[first_home:] if step.counter]
        return (*before, (None, False), *behind)
