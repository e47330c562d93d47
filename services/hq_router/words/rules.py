"""What the router does with a word about a forward: it goes after the forward, or is answered here. Pure.

Downwards an origin wants its work back, or lets a group's child go ahead; upwards a home says that it is too late, or
that a child is ready. Who carries the work out decides; the router decides only for what no home has.
"""

from dataclasses import dataclass, replace

from services.hq_router.forwards.rules import (
    Decision,
    Entry,
    LedgerState,
    Passage,
    RefusalCode,
    Repeat,
    called_off,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """What becomes of the ledger's entry, and whether the word is passed on."""

    decision: Decision
    passes: bool = False


def cancel_asked(entry: Entry, origin: str, code: RefusalCode) -> Heard:
    """The origin wants it back: at once where it is held, else its home is asked."""
    up = Passage("up", origin, "cancel", code)
    if entry.ended:
        return _ended_before(entry, origin, up)
    if entry.state is LedgerState.HELD:
        return Heard(called_off(entry, code, origin, up))
    asked = replace(entry, cancelling=code)
    return Heard(Decision(asked, (up, Passage("down", entry.home or "", "cancel"))), passes=True)


def go_ahead(entry: Entry, origin: str) -> Heard:
    """The origin lets it go on: only a home that has it can have said that it is ready."""
    up = Passage("up", origin, "go-ahead")
    if entry.ended:
        return _ended_before(entry, origin, up)
    if entry.state is LedgerState.HELD:
        return Heard(Decision(entry, (replace(up, what="go-ahead, ignored"),), changed=False))
    return Heard(Decision(entry, (up, Passage("down", entry.home or "", "go-ahead"))), passes=True)


def home_spoke(entry: Entry, origin: str, node: str, what: str) -> Heard:
    """A home said something that is no outcome; of an ended forward, or of another's, nobody wants to hear it."""
    up = Passage("up", node, what)
    if entry.state is not LedgerState.SENT or entry.home != node:
        return Heard(Decision(entry, (replace(up, what=f"{what}, ignored"),), changed=False))
    return Heard(Decision(entry, (up, Passage("down", origin, what))), passes=True)


def _ended_before(entry: Entry, origin: str, up: Passage) -> Heard:
    down = Passage("down", origin, f"{entry.outcome}, duplicate")
    return Heard(Decision(entry, (up, down), (Repeat(entry.attempt),), changed=False))
