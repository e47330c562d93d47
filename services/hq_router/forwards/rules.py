"""What the router does with a forward, and with what homes say of it. Pure decisions; rules: orders.md, section 4.

A forward is `held` (in the ledger, not sent), `sent`, or `ended`. The router itself ends only what home has not
taken in: what was never sent, what is held, and what every route has disowned. Once sent, only home ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from contracts.work_orders import ENDED as ENDINGS
from libs.clock import accounting_day
from services.hq_router.days import is_late
from services.hq_router.homes.rules import Home, NoHome

MOST_HOPS = 3
CLOCK_DIFFERENCE = timedelta(seconds=60)
HELD_FOR = timedelta(minutes=5)
"""How long a forward is held before the home that did not know its version is asked again."""

RefusalCode = Literal[
    "number-unknown",
    "number-not-ours",
    "route-unknown",
    "deadline-passed",
    "accounting-day-closed",
    "attempt-superseded",
    "digest-differs",
    "failed-by-operator",
    "cancelled-on-request",
    "group-aborted",
]


class LedgerState(StrEnum):
    HELD = "held"
    SENT = "sent"
    ENDED = "ended"


class HeldBecause(StrEnum):
    """Why a forward is held: what has to change before it goes."""

    VERSION_UNKNOWN = "version-unknown"
    NODE_SILENT = "node-silent"
    SWITCHED_OFF = "switched-off"
    QUEUED = "queued"
    """Another forward of the same number is held, and was here first."""
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A forward as it came up: what of it decides."""

    attempt: int
    digest: str
    accounting_day: date
    deadline: datetime
    hops: int
    made: datetime
    """When its sender made the message (`ce_time`)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A forward in the ledger: one attempt of one transaction of its origin."""

    attempt: int
    digest: str
    accounting_day: date
    deadline: datetime
    state: LedgerState
    home: str | None = None
    home_transaction: str | None = None
    hops: int = 0
    tried: tuple[str, ...] = ()
    sequence: int = 0
    outcome: str | None = None
    late: bool = False
    next_at: datetime | None = None
    """Of one that is held: the earliest moment at which it may go."""
    held: HeldBecause | None = None
    held_since: datetime | None = None
    cancelling: RefusalCode | None = None
    """Why its origin wants it back, where home was asked to cancel it."""

    @property
    def ended(self) -> bool:
        return self.state is LedgerState.ENDED


@dataclass(frozen=True, slots=True)
class Said:
    """What a home says of a forward."""

    node: str
    state: str
    sequence: int
    home_transaction: str | None = None
    again: bool = False
    """It was asked, and says what it may have said before."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One line of a forward's trail: what came up from a node, went down to one, or was decided here."""

    direction: Literal["up", "down", "here"]
    node: str
    what: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """The forward goes down to its home."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The router answers the origin itself: `rejected`, or what it wished for, with this reason."""

    code: RefusalCode
    attempt: int
    sequence: int
    duplicate: bool = False
    state: Literal["rejected", "cancelled"] = "rejected"


@dataclass(frozen=True, slots=True)
class Repeat:
    """The origin is answered with the first result, marked as a duplicate."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Report:
    """The origin is told how far its forward is, marked as a duplicate."""


@dataclass(frozen=True, slots=True)
class PassOn:
    """Home's word goes on to the origin."""


Effect = Send | Refuse | Repeat | Report | PassOn


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a message: the entry (None: too early, to be parked), its trail, and what is sent."""

    entry: Entry | None
    trail: tuple[Passage, ...] = ()
    effects: tuple[Effect, ...] = ()
    changed: bool = field(default=True)
    """Whether the entry differs from what the ledger holds."""


def taken_in(
    came: Arrived,
    origin: str,
    earlier: Sequence[Entry],
    route: Home | NoHome | None,
    now: datetime,
    hold: HeldBecause | None = None,
) -> Decision:
    """A forward came up from its origin. `earlier` are the attempts of its transaction that the ledger has;
    `route` is None where the kind of route is not one that can be followed; `hold` says why nothing new goes there.

    A duplicate is told by its ids and its digest; a new attempt only follows a failure.
    """
    up = Passage("up", origin, "forward", f"attempt {came.attempt}")
    same = next((entry for entry in earlier if entry.attempt == came.attempt), None)
    if same is not None:
        return _again(same, came, origin, up)
    last = max(earlier, key=lambda entry: entry.attempt, default=None)
    fresh = Entry(
        attempt=came.attempt,
        digest=came.digest,
        accounting_day=came.accounting_day,
        deadline=came.deadline,
        state=LedgerState.SENT,
        hops=came.hops,
        late=is_late(came.accounting_day, now),
    )
    if last is not None:
        if came.attempt < last.attempt:
            return refused(fresh, "attempt-superseded", origin, up)
        if not last.ended:
            return Decision(None)
        if last.outcome == "completed":
            # It must not be done twice: whoever asks again, under whatever attempt, is told that it was done.
            return _again(last, came, origin, up)
        if {came.accounting_day, accounting_day(came.made)} != {earlier[0].accounting_day}:
            return refused(fresh, "accounting-day-closed", origin, up)
    if now > came.deadline + CLOCK_DIFFERENCE:
        return refused(fresh, "deadline-passed", origin, up)
    if route is None:
        return refused(fresh, "route-unknown", origin, up)
    return _sent(fresh, route, origin, up, now, hold)


def may_speak(entry: Entry, said: Said) -> bool:
    """Whether the ledger knows this node as the forward's home; who has disowned it may only say so again."""
    return said.node == entry.home or (said.node in entry.tried and said.state == "not-mine")


def heard(
    entry: Entry,
    origin: str,
    said: Said,
    route: Home | NoHome | None,
    now: datetime,
    hold: HeldBecause | None = None,
) -> Decision:
    """The recorded home spoke. `route` is the next one, where it says that the number is not its own, and `hold`
    why nothing new goes there.

    What is not newer than what the ledger has, or comes after the end, changes nothing: a copy never goes backward.
    Home's answer to a question is passed on also where it says nothing new, for the origin may not have heard it.
    """
    up = Passage("up", said.node, said.state, f"sequence {said.sequence}")
    routing = said.state in ("not-mine", "version-unknown")
    if entry.ended or said.node != entry.home or (routing and entry.state is not LedgerState.SENT):
        return Decision(entry, (replace(up, what=f"{said.state}, ignored"),), changed=False)
    late = entry.late or is_late(entry.accounting_day, now)
    if routing and entry.cancelling:
        # Nobody has it, and its origin wants it back: there is nothing left to route.
        return called_off(replace(entry, late=late), entry.cancelling, origin, up)
    if said.state == "not-mine":
        disowned = replace(entry, home=None, sequence=0, tried=(*entry.tried, said.node), late=late)
        return _sent(disowned, route or NoHome("number-unknown"), origin, up, now, hold)
    if said.state == "version-unknown":
        return _held(replace(entry, late=late), HeldBecause.VERSION_UNKNOWN, up, now, now + HELD_FOR)
    if said.sequence == entry.sequence and said.state not in ENDINGS and said.again:
        return Decision(entry, (), (PassOn(),), changed=False)
    if said.sequence < entry.sequence or (said.sequence == entry.sequence and said.state not in ENDINGS):
        return Decision(entry, (replace(up, what=f"{said.state}, ignored"),), changed=False)
    told = replace(
        entry,
        state=LedgerState.ENDED if said.state in ENDINGS else LedgerState.SENT,
        home_transaction=said.home_transaction or entry.home_transaction,
        sequence=said.sequence,
        outcome=said.state,
        late=late,
        next_at=None,
        held=None,
        held_since=None,
    )
    return Decision(told, (up, Passage("down", origin, said.state)), (PassOn(),))


def never_came(entry: Entry, *before: Passage) -> Decision | None:
    """A forward that was sent is not at its home: it goes down once more as it is, with its ids and its attempt.

    None: it is not under way. Past its deadline too it goes, for once sent only home ends it, and home refuses it.
    """
    if entry.state is not LedgerState.SENT:
        return None
    return Decision(entry, (*before, Passage("down", entry.home or "", "forward", "again")), (Send(),))


def refused(entry: Entry, code: RefusalCode, origin: str, *before: Passage) -> Decision:
    """The router ends a forward that no home has: `rejected`, for this reason."""
    return _ended_here(entry, "rejected", code, origin, *before)


def called_off(entry: Entry, code: RefusalCode, origin: str, *before: Passage) -> Decision:
    """The router ends a forward that no home has, because its origin wants it back: `cancelled`."""
    return _ended_here(entry, "cancelled", code, origin, *before)


def _ended_here(
    entry: Entry,
    state: Literal["rejected", "cancelled"],
    code: RefusalCode,
    origin: str,
    *before: Passage,
) -> Decision:
    sequence = entry.sequence + 1
    ended = replace(
        entry,
        state=LedgerState.ENDED,
        outcome=state,
        sequence=sequence,
        next_at=None,
        held=None,
        held_since=None,
    )
    told = Refuse(code, entry.attempt, sequence, state=state)
    return Decision(ended, (*before, Passage("down", origin, state, code)), (told,))


def _sent(
    entry: Entry, route: Home | NoHome, origin: str, up: Passage, now: datetime, hold: HeldBecause | None
) -> Decision:
    if isinstance(route, NoHome):
        return refused(entry, route.code, origin, up)
    if entry.hops >= MOST_HOPS:
        return refused(entry, "number-unknown", origin, up)
    hops = entry.hops + 1
    if hold is not None:
        return _held(replace(entry, home=route.node, hops=hops), hold, up, now, now)
    sent = replace(entry, home=route.node, hops=hops, state=LedgerState.SENT)
    return Decision(sent, (up, Passage("down", route.node, "forward", f"hop {hops}")), (Send(),))


def _held(entry: Entry, why: HeldBecause, up: Passage, now: datetime, until: datetime) -> Decision:
    held = replace(entry, state=LedgerState.HELD, next_at=until, held=why, held_since=now)
    return Decision(held, (up, Passage("here", "hq", "held", why)))


def _again(entry: Entry, came: Arrived, origin: str, up: Passage) -> Decision:
    if entry.digest != came.digest:
        refusal = Refuse("digest-differs", came.attempt, entry.sequence, duplicate=True)
        return Decision(
            entry, (up, Passage("down", origin, "rejected", "digest-differs")), (refusal,), changed=False
        )
    if entry.ended:
        down = Passage("down", origin, f"{entry.outcome}, duplicate")
        return Decision(entry, (up, down), (Repeat(came.attempt),), changed=False)
    down = Passage("down", origin, f"{entry.outcome or entry.state}, duplicate")
    return Decision(entry, (up, down), (Report(),), changed=False)
