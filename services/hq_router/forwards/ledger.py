"""Carrying the router's decisions out: a batch becomes rows of the ledger, lines of its trails, and messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from contracts.base import Reason
from contracts.work_orders import Forward, OfForward, Outcome, WorkOrderState
from libs.messaging import Outgoing, Work
from libs.messaging.topics import downlink
from libs.node import HQ
from libs.security.sealing import seal, unseal
from services.hq_router.forwards import store
from services.hq_router.forwards.rules import Decision, Effect, Passage, PassOn, Refuse, Repeat, Report, Send
from services.hq_router.forwards.store import Line, Name

RUNNING: WorkOrderState = "in-progress"


@dataclass
class Batch:
    """What one transaction does to the ledger; `lines` are the forwards as they are by now."""

    unit: Work
    lines: dict[Name, Line]
    _new: dict[Name, None] = field(default_factory=dict)
    _changed: dict[Name, None] = field(default_factory=dict)
    _hops: list[tuple[str, int, Passage]] = field(default_factory=list)
    _ended: list[str] = field(default_factory=list)
    _attempts: dict[tuple[str, str], list[Name]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for origin, transaction, attempt in self.lines:
            self._attempts.setdefault((origin, transaction), []).append((origin, transaction, attempt))

    def attempts(self, origin: str, transaction: str) -> list[Line]:
        return [self.lines[name] for name in self._attempts.get((origin, transaction), ())]

    def add(self, line: Line) -> None:
        """A forward that the ledger does not have yet."""
        self.lines[line.name] = line
        self._new[line.name] = None
        self._attempts.setdefault((line.origin, line.transaction), []).append(line.name)

    def check_sealed(self, line: Line, home: str | None) -> None:
        """Make sure that what is held could be sent: later there is nobody left to tell.

        Raises KeyMissing, Undecipherable.
        """
        if line.forward is not None and home is not None:
            self._sealed_again(line.forward.sealed, home)

    def say_again(self, line: Line) -> None:
        """Tell the origin what the ledger has of a forward; nothing is recorded of it."""
        entry = line.entry
        effect = Repeat(entry.attempt) if entry.ended else Report()
        self.unit.send(self._done(line, effect, None)[1])

    def apply(
        self,
        line: Line,
        decision: Decision,
        *,
        outcome: Outcome | None = None,
        traceparent: str | None = None,
    ) -> None:
        """Carry out what was decided about a forward; `outcome` is what its home said, if that was it."""
        assert decision.entry is not None, "what is too early is parked"
        # A line without a new state still changes: it remembers how long its trail is.
        moved = replace(line, entry=decision.entry, trail=line.trail + len(decision.trail))
        self._hops += [(line.id, n, one) for n, one in enumerate(decision.trail, line.trail + 1)]
        for effect in decision.effects:
            moved, outgoing = self._done(moved, effect, outcome)
            outgoing.traceparent = traceparent or line.trace
            self.unit.send(outgoing)
        self.lines[line.name] = moved
        if line.name not in self._new:
            self._changed[line.name] = None
        if moved.entry.ended and decision.changed:
            self._ended.append(waiting_for(line.origin, line.transaction))

    async def finish(self) -> None:
        """Write everything; attempts that came too early are looked at again when their forerunner has ended."""
        tx, now = self.unit.tx, self.unit.now
        await store.insert(tx, [self.lines[name] for name in self._new], now)
        at_work = timedelta(hours=self.unit.runtime.settings.forward_deadline_hours)
        await store.update(tx, [self.lines[name] for name in self._changed], now, at_work)
        await store.insert_hops(tx, self._hops, now)
        self.unit.unpark(*self._ended)

    def _done(self, line: Line, effect: Effect, outcome: Outcome | None) -> tuple[Line, Outgoing]:
        match effect:
            case Send():
                return line, self._down(line)
            case Refuse():
                refusal = self._own_word(line, effect.state, effect)
                if effect.duplicate:
                    return line, self._to_origin(line, refusal)
                return self._with_result(line, refusal), self._to_origin(line, refusal)
            case Report():
                said = line.entry.outcome
                state: WorkOrderState = "received" if said == "received" else RUNNING
                return line, self._to_origin(line, self._own_word(line, state))
            case Repeat():
                first = Outcome.model_validate_json(line.result or "")
                again = first.model_copy(update={"duplicate": True, "attempt": effect.attempt})
                return line, self._to_origin(line, again)
            case PassOn():
                assert outcome is not None, "home's word is passed on when home has spoken"
                told = self._passed_on(line, outcome)
                moved = self._with_result(line, told) if line.entry.ended else line
                return moved, self._to_origin(line, told)

    def _down(self, line: Line) -> Outgoing:
        home = line.entry.home or ""
        forward = line.forward or Forward.model_validate_json(line.document)
        sent = forward.model_copy(
            update={"home": home, "hops": line.entry.hops, "sealed": self._sealed_again(forward.sealed, home)}
        )
        return Outgoing(topic=downlink(home, "work-orders"), key=line.key, data=sent, subject=line.order)

    def _passed_on(self, line: Line, outcome: Outcome) -> Outcome:
        """Home's word, as its origin may read it. What the forward came with is not for home to change."""
        return outcome.model_copy(
            update={
                "number": line.number,
                "accounting_day": line.entry.accounting_day,
                "home_transaction": line.entry.home_transaction,
                "sealed": self._sealed_again(outcome.sealed, line.origin),
            }
        )

    def _sealed_again(self, sealed: str | None, reader: str) -> str | None:
        """What was sealed for headquarters, sealed for another: in clear only here, in memory.

        Raises KeyMissing for a key that is not here (yet), Undecipherable for what is not to be opened.
        """
        if sealed is None:
            return None
        keys = self.unit.runtime.keys
        return seal(unseal(sealed, keys.sealing), keys.recipient(reader))

    def _own_word(self, line: Line, state: WorkOrderState, refuse: Refuse | None = None) -> Outcome:
        """What the router itself tells the origin: a refusal, or how far a forward is that came twice."""
        entry = line.entry
        return Outcome(
            origin=line.origin,
            origin_transaction=line.transaction,
            attempt=refuse.attempt if refuse else entry.attempt,
            home=entry.home,
            home_transaction=entry.home_transaction,
            number=line.number,
            state=state,
            sequence=refuse.sequence if refuse else entry.sequence,
            reasons=[Reason(code=refuse.code, node=HQ, parameters=_parameters(line))] if refuse else [],
            duplicate=refuse.duplicate if refuse else True,
            accounting_day=entry.accounting_day,
            at=self.unit.now,
        )

    def _with_result(self, line: Line, told: Outcome) -> Line:
        return replace(line, result=told.model_dump_json(), reasons=store.reasons_json(told.reasons))

    def _to_origin(self, line: Line, told: Outcome) -> Outgoing:
        return Outgoing(
            topic=downlink(line.origin, "work-orders"), key=line.key, data=told, subject=line.order
        )


def waiting_for(origin: str, transaction: str) -> str:
    """The key under which an attempt waits for the end of the one before it."""
    return f"{origin}/{transaction}"


def awaited(origin: str, transaction: str, attempt: int) -> str:
    """The key under which a word waits for the forward that it is about."""
    return f"{origin}/{transaction}/{attempt}"


def _parameters(line: Line) -> dict[str, str]:
    return {"number": line.number} if line.number else {}


def transactions(messages: Sequence[Forward | Outcome | OfForward]) -> list[tuple[str, str]]:
    return [(one.origin, one.origin_transaction) for one in messages]
