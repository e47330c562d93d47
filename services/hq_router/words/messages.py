"""Words about forwards, by the batch: down from their origins, and up from their homes."""

from collections.abc import Callable
from typing import Any, TypeVar

from contracts.work_orders import CancelAsked, CancelTooLate, GoAhead, OfForward, ReadyTold
from libs.messaging import Message, Outgoing, Work
from libs.messaging.tiers import Spoofed, check_source
from libs.messaging.topics import downlink
from services.hq_router.forwards import store
from services.hq_router.forwards.ledger import Batch, awaited, transactions
from services.hq_router.forwards.messages import ForwardUnknown
from services.hq_router.forwards.store import Line
from services.hq_router.words import rules
from services.hq_router.words.rules import Heard

W = TypeVar("W", bound=OfForward)


async def on_cancels(work: Work, messages: list[Message[CancelAsked]]) -> None:
    """Work is wanted back: what is held ends here, of what was sent its home decides.

    One that comes before its forward waits for it. Raises Spoofed where another than the origin asks.
    """
    await _down(work, messages, lambda line, one: rules.cancel_asked(line.entry, line.origin, one.reason))


async def on_go_aheads(work: Work, messages: list[Message[GoAhead]]) -> None:
    """A group goes ahead. Raises Spoofed where another than the origin says so."""
    await _down(work, messages, lambda line, _: rules.go_ahead(line.entry, line.origin))


async def on_too_late(work: Work, messages: list[Message[CancelTooLate]]) -> None:
    """A home goes on with what was wanted back. Raises Spoofed where another than the home says so."""
    await _up(work, messages, "too-late")


async def on_ready(work: Work, messages: list[Message[ReadyTold]]) -> None:
    """A child of a group is ready. Raises Spoofed where another than the home says so."""
    await _up(work, messages, "ready")


async def _down(work: Work, messages: list[Message[W]], decide: Callable[[Line, W], Heard]) -> None:
    for message in messages:
        check_source(message, message.data.origin)
    batch = Batch(work, await store.lock(work.tx, transactions([one.data for one in messages])))
    for message in messages:
        word = message.data
        line = batch.lines.get((word.origin, word.origin_transaction, word.attempt))
        if line is None:
            work.park(message, awaited(word.origin, word.origin_transaction, word.attempt))
            continue
        _carry_out(work, batch, line, message, decide(line, word), line.entry.home)
    await batch.finish()


async def _up(work: Work, messages: list[Message[Any]], what: str) -> None:
    for message in messages:
        check_source(message, message.data.home)
    batch = Batch(work, await store.lock(work.tx, transactions([one.data for one in messages])))
    for message in messages:
        word: OfForward = message.data
        line = batch.lines.get((word.origin, word.origin_transaction, word.attempt))
        if line is None:
            raise ForwardUnknown(f"{word.home} speaks of {word.origin_transaction} of {word.origin}")
        if word.home != line.entry.home and word.home not in line.entry.tried:
            raise Spoofed(f"{word.home} speaks for {line.entry.home}, the recorded home of {line.id}")
        heard = rules.home_spoke(line.entry, line.origin, word.home or "", what)
        _carry_out(work, batch, line, message, heard, line.origin)
    await batch.finish()


def _carry_out(
    work: Work, batch: Batch, line: Line, message: Message[Any], heard: Heard, to: str | None
) -> None:
    batch.apply(line, heard.decision, traceparent=message.traceparent)
    if heard.passes and to is not None:
        # Upwards the home has named itself, and was checked; downwards the ledger names it.
        told = message.data.model_copy(update={"home": line.entry.home})
        outgoing = Outgoing(topic=downlink(to, "work-orders"), key=line.key, data=told, subject=line.order)
        outgoing.traceparent = message.traceparent
        work.send(outgoing)
