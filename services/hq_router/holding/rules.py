"""How a held forward goes on: by the clock, or by an operator. Pure decisions; rules: orders.md, section 4.

Only what is held is moved here. What was sent is home's: neither the clock nor an operator takes it back.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from services.hq_router.days import is_late
from services.hq_router.forwards.rules import (
    Decision,
    Entry,
    HeldBecause,
    LedgerState,
    Passage,
    Send,
    refused,
)
from services.hq_router.nodes.rules import Doors

HQ = "hq"


@dataclass
class Gate:
    """What stands in the way of forwards in one transaction: closed doors, and numbers for which others wait."""

    doors: Doors
    waiting: set[str] = field(default_factory=set)
    """Numbers of which a forward is held."""
    early: frozenset[str] = frozenset()
    """The keys under which words wait for a forward that was not here yet."""

    def why(self, home: str, business: str, number: str | None) -> HeldBecause | None:
        """Why a new forward is held, if it is; whoever holds one lets `waiting` know."""
        closed = self.doors.why(home, business)
        if closed is None and number is not None and number in self.waiting:
            return HeldBecause.QUEUED
        return closed


def released(entry: Entry, origin: str, now: datetime, closed: HeldBecause | None) -> Decision | None:
    """A held forward looked at by the clock: it is sent, or fails once its deadline is past. None: it stays held.

    `closed` is why nothing goes to its home, or past those that wait before it.
    """
    if entry.state is not LedgerState.HELD or entry.next_at is None:
        return None
    if now > entry.deadline:
        return _too_late(entry, origin, now)
    if closed is not None or entry.held is HeldBecause.OPERATOR or now < entry.next_at:
        return None
    return _goes(entry, f"was held: {entry.held}")


def held_by_operator(entry: Entry, now: datetime) -> Decision | None:
    """An operator keeps a held forward until one lets it go. None: not held, so it cannot be called back."""
    if entry.state is not LedgerState.HELD:
        return None
    kept = replace(entry, held=HeldBecause.OPERATOR)
    return Decision(kept, (Passage("here", HQ, "held", HeldBecause.OPERATOR),))


def released_by_operator(entry: Entry, origin: str, now: datetime) -> Decision | None:
    """An operator sends a held forward, whatever it is held for; past its deadline it fails instead. None: not held."""
    if entry.state is not LedgerState.HELD:
        return None
    if now > entry.deadline:
        return _too_late(entry, origin, now)
    return _goes(entry, "by an operator")


def failed_by_operator(entry: Entry, origin: str, now: datetime) -> Decision | None:
    """An operator ends a held forward. None: it is not held, and then only its home ends it."""
    if entry.state is not LedgerState.HELD:
        return None
    return refused(_marked(entry, now), "failed-by-operator", origin)


def _goes(entry: Entry, detail: str) -> Decision:
    sent = replace(entry, state=LedgerState.SENT, next_at=None, held=None, held_since=None)
    return Decision(sent, (Passage("down", entry.home or "", "forward", detail),), (Send(),))


def _too_late(entry: Entry, origin: str, now: datetime) -> Decision:
    return refused(_marked(entry, now), "deadline-passed", origin)


def _marked(entry: Entry, now: datetime) -> Entry:
    return replace(entry, late=entry.late or is_late(entry.accounting_day, now))
