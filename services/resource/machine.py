"""A state machine, as a table of moves."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class MoveRefused(ValueError):
    """The state of this moment does not allow that event."""


class Machine(Generic[S, E]):
    """What may follow what, for one kind of thing (`"number"`)."""

    def __init__(self, thing: str, moves: Mapping[tuple[S, E], S]) -> None:
        self.thing = thing
        self.moves = MappingProxyType(dict(moves))

    def after(self, state: S, event: E) -> S:
        """The state after the event. Raises MoveRefused where there is none."""
        found = self.moves.get((state, event))
        if found is None:
            raise MoveRefused(f"a {self.thing} that is {state} cannot {event}")
        return found
