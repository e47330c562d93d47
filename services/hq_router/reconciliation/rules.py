"""How the two ends of an interface are compared, down to the record that differs, and who can send it again. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from contracts.reconciliation import Line

Key = tuple[str, str, str | None]
"""Kind of record, business, and the other node where both ends know it."""
Account = tuple[str, str]
"""Interface and direction, the direction as the node sees it."""
ACCOUNTS: tuple[Account, ...] = (("work-orders", "up"), ("work-orders", "down"), ("bills", "up"))
"""What is reconciled with every node, every day: the interfaces whose messages do something or are money.

As customer data looks travel, which change nothing, and of which home keeps who looked; reports and control tell
states, where a newer one takes the place of the one before."""


class State(StrEnum):
    MATCHED = "matched"
    DIFFERENT = "different"
    MISSING = "missing"
    """The node has not reported the day."""


class Kind(StrEnum):
    MISSING_AT_ROUTER = "missing-at-router"
    MISSING_AT_NODE = "missing-at-node"
    DIFFERS = "differs"
    """Both have it, with another business, counterpart, state or amount."""
    DOUBLED = "doubled"
    """One of them has it more often than the other."""


@dataclass(frozen=True, slots=True)
class Sum:
    """What one end has of one key."""

    count: int
    amount: Decimal
    digest: str


NOTHING = Sum(0, Decimal("0.00"), "0")


@dataclass(frozen=True, slots=True)
class Compared:
    """One key at both ends."""

    key: Key
    router: Sum
    node: Sum

    @property
    def matches(self) -> bool:
        return self.router == self.node


@dataclass(frozen=True, slots=True)
class Difference:
    """One record that is not the same at both ends: as each has it, None where it is missing."""

    kind: Kind
    router: Line | None
    node: Line | None

    @property
    def record(self) -> str:
        line = self.router or self.node
        assert line is not None, "a record that differs is somewhere"
        return line.id


def compared(router: Mapping[Key, Sum], node: Mapping[Key, Sum]) -> list[Compared]:
    """Every key that either end has, with the figures of both."""
    keys = sorted(router.keys() | node.keys(), key=lambda key: (key[0], key[1], key[2] or ""))
    return [Compared(key, router.get(key, NOTHING), node.get(key, NOTHING)) for key in keys]


def total(sums: Iterable[Sum]) -> tuple[int, Decimal]:
    """How many records, and how much money."""
    listed = list(sums)
    return sum(one.count for one in listed), sum((one.amount for one in listed), Decimal("0.00"))


def state_of(found: Iterable[Compared], reported: bool) -> State:
    if not reported:
        return State.MISSING
    return State.MATCHED if all(one.matches for one in found) else State.DIFFERENT


def differences(router: Sequence[Line], node: Sequence[Line]) -> list[Difference]:
    """The records that are not the same in these two lists, in the order of their ids."""
    ours, theirs = _by_id(router), _by_id(node)
    found = []
    for id in sorted(ours.keys() | theirs.keys()):
        kind = _kind(ours.get(id, []), theirs.get(id, []))
        if kind is not None:
            found.append(Difference(kind, _first(ours.get(id)), _first(theirs.get(id))))
    return found


def _by_id(lines: Iterable[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.id, []).append(line)
    return found


def _kind(ours: Sequence[Line], theirs: Sequence[Line]) -> Kind | None:
    if not ours:
        return Kind.MISSING_AT_ROUTER
    if not theirs:
        return Kind.MISSING_AT_NODE
    if len(ours) != len(theirs):
        return Kind.DOUBLED
    same = sorted(line.text for line in ours) == sorted(line.text for line in theirs)
    return None if same else Kind.DIFFERS


def _first(lines: Sequence[Line] | None) -> Line | None:
    return lines[0] if lines else None


Sender = Literal["node", "router"]


def sent_again_by(direction: str, kind: str) -> Sender | None:
    """Who can send a record again that is missing at the other end; None: no replay mends it.

    Only the sender has it to send: what the receiver alone has, or what differs, is for a person to judge.
    """
    if direction == "up" and kind == Kind.MISSING_AT_ROUTER:
        return "node"
    if direction == "down" and kind == Kind.MISSING_AT_NODE:
        return "router"
    return None
