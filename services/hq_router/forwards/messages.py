"""Work orders on their way, by the batch: forwards that come up, and what homes say of them."""

from collections.abc import Mapping, Sequence

from contracts.work_orders import Forward, Outcome
from libs.ids import new_id
from libs.messaging import Message, Work
from libs.messaging.tiers import Spoofed, check_source, sender_of
from libs.node import NODES
from libs.telemetry.trace import recorded
from services.hq_router.forwards import rules, store
from services.hq_router.forwards.ledger import Batch, awaited, transactions, waiting_for
from services.hq_router.forwards.rules import Arrived, LedgerState, Said
from services.hq_router.forwards.store import Line
from services.hq_router.holding.rules import Gate
from services.hq_router.holding.store import gate as gate_of
from services.hq_router.homes.rules import Home, NoHome, home_of
from services.hq_router.homes.store import Known, what_is_known


class ForwardUnknown(LookupError):
    """An outcome of something that was never forwarded through here."""


async def on_forwards(work: Work, messages: list[Message[Forward]]) -> None:
    """Record each forward and send it to its home, or answer for it; one transaction for all.

    Raises Spoofed for a message that is not of its topic's node.
    """
    for message in messages:
        check_source(message, message.data.origin)
    forwards = [message.data for message in messages]
    batch = Batch(work, await store.lock(work.tx, transactions(forwards)))
    known = await what_is_known(
        work.tx, [one.route_value for one in forwards if one.route_type == "number"], work.now
    )
    gate = await _gate(
        work,
        [number for one in forwards if (number := _number_of(one))],
        [awaited(one.origin, one.origin_transaction, one.attempt) for one in forwards],
    )
    for message in messages:
        forward = message.data
        attempts = batch.attempts(forward.origin, forward.origin_transaction)
        came = Arrived(
            attempt=forward.attempt,
            digest=forward.digest,
            accounting_day=forward.accounting_day,
            deadline=forward.deadline,
            hops=forward.hops,
            made=message.time,
        )
        route = route_of(forward.route_type, forward.route_value, known, work)
        number = _number_of(forward)
        hold = gate.why(route.node, forward.business, number) if isinstance(route, Home) else None
        decision = rules.taken_in(
            came, forward.origin, [line.entry for line in attempts], route, work.now, hold
        )
        if decision.entry is None:
            work.park(message, waiting_for(forward.origin, forward.origin_transaction))
            continue
        line = next((one for one in attempts if one.entry.attempt == decision.entry.attempt), None)
        if line is None:
            line = _new_line(message, decision.entry)
            batch.add(line)
            if decision.entry.state is LedgerState.HELD:
                batch.check_sealed(line, decision.entry.home)
                if number is not None:
                    gate.waiting.add(number)
        batch.apply(line, decision, traceparent=message.traceparent)
    await batch.finish()
    # What was said of a forward before it came is heard behind it, in the same transaction.
    work.unpark(*gate.early)


async def on_outcomes(work: Work, messages: list[Message[Outcome]]) -> None:
    """Record what homes say and pass it on to the origins; what is not a home's number is routed again.

    Raises Spoofed where another than the recorded home speaks, ForwardUnknown where nothing is recorded.
    """
    outcomes = [message.data for message in messages]
    batch = Batch(work, await store.lock(work.tx, transactions(outcomes)))
    not_mine = {(one.origin, one.origin_transaction) for one in outcomes if one.state == "not-mine"}
    disowned = [line.number for line in batch.lines.values() if line.number and line.name[:2] in not_mine]
    known = await what_is_known(work.tx, disowned, work.now)
    gate = await _gate(work, []) if not_mine else None
    for message in messages:
        outcome = message.data
        check_source(message, outcome.home)
        line = batch.lines.get((outcome.origin, outcome.origin_transaction, outcome.attempt))
        if line is None:
            raise ForwardUnknown(
                f"{sender_of(message.topic)} answers {outcome.origin_transaction}/{outcome.attempt} of "
                f"{outcome.origin}, which was never forwarded"
            )
        said = Said(
            sender_of(message.topic),
            outcome.state,
            outcome.sequence,
            outcome.home_transaction,
            outcome.duplicate,
        )
        if not rules.may_speak(line.entry, said):
            raise Spoofed(f"{said.node} answers for {line.entry.home}, the recorded home of {line.id}")
        route = None
        if said.state == "not-mine" and line.number is not None:
            route = route_of("number", line.number, known, work, (*line.entry.tried, said.node))
        hold = gate.why(route.node, line.business, None) if gate and isinstance(route, Home) else None
        decision = rules.heard(line.entry, line.origin, said, route, work.now, hold)
        batch.apply(line, decision, outcome=outcome, traceparent=message.traceparent)
    await batch.finish()


async def _gate(work: Work, numbers: Sequence[str], expected: Sequence[str] = ()) -> Gate:
    return await gate_of(work.tx, numbers, work.runtime.state.started, work.now, expected)


def _number_of(forward: Forward) -> str | None:
    return forward.route_value if forward.route_type == "number" else forward.number


def route_of(
    kind: str, value: str, known: Mapping[str, Known], work: Work, tried: tuple[str, ...] = ()
) -> Home | NoHome | None:
    """Where a route leads; None for a kind of route that leads nowhere yet, or to no node that exists."""
    if kind == "number":
        found = known.get(value, Known())
        return home_of(value, found.segment, found.override, work.now, tried)
    if kind == "node" and value in NODES and value not in tried:
        return Home(value)
    return None


def _new_line(message: Message[Forward], entry: rules.Entry) -> Line:
    forward = message.data
    return Line(
        id=new_id(),
        origin=forward.origin,
        transaction=forward.origin_transaction,
        order=forward.order,
        number=_number_of(forward),
        business=forward.business,
        entry=entry,
        document=message.payload.decode(),
        trace=recorded(message.traceparent),
        forward=forward,
    )
