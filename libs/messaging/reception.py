"""Taking in: records of a batch, in one transaction with their effect.

A failure of what lies under us is waited out, with the same batch, for as long as it takes. A batch that fails
otherwise is redone message by message, each in a transaction of its own; only what fails by itself is given up.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog

from libs.database import Connection
from libs.fail_points import reach
from libs.messaging.dead_letters import DeadLetter, Reason, address, bury
from libs.messaging.envelope import Envelope, EnvelopeInvalid, Message, RawHeaders, open_envelope
from libs.messaging.failures import BackOff, TryAgain, describe, is_infrastructure
from libs.messaging.inbox import DEAD, DONE, Claim, claim
from libs.messaging.reading import Unparsable, read
from libs.messaging.spans import given_up, taking_in
from libs.messaging.topics import broadcast
from libs.messaging.work import Work

if TYPE_CHECKING:
    from libs.service import Runtime

log = structlog.get_logger(__name__)

OLDEST = timedelta(days=30)
"""As long as the inbox remembers: an older message might have been taken in before."""

T = TypeVar("T")


class Record(Protocol):
    """What the Kafka client gives."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: RawHeaders


class Stopping(Exception):
    """The consumer is told to stop while it waits; the batch will be read again."""


@dataclass(slots=True)
class Received:
    """One record, read as far as it can be: either a message or the reason why it is none."""

    record: Record
    topic: str
    id: str
    source: str
    envelope: Envelope | None = None
    message: Message[Any] | None = None
    reason: Reason | None = None
    detail: str = ""

    def letter(self, reason: Reason, detail: str) -> DeadLetter:
        record = self.record
        return DeadLetter.of_record(
            self.envelope,
            reason,
            detail,
            topic=self.topic,
            key=record.key,
            headers=record.headers,
            payload=record.value,
            partition=record.partition,
            offset=record.offset,
        )


class Reception:
    """Where the messages of one service at one node come in."""

    def __init__(self, runtime: "Runtime") -> None:
        self.stopping = asyncio.Event()
        self._runtime = runtime
        self._clock = runtime.clock
        self._outbox = runtime.outbox
        self._dispatch = runtime.dispatch
        self._prefix = runtime.settings.topic_prefix

    async def take_in(self, records: Sequence[Record]) -> None:
        """Take the records in, once each; when it returns their offsets may be committed.

        Raises Stopping when `stopping` is set while the database is away.
        """
        received = [one for record in records if (one := self._read(record)) is not None]
        if not received:
            return
        prepared = [one.message for one in received if one.message is not None and one.reason is None]
        await self._dispatch.prepare(self._runtime, prepared)
        if await self._patiently(lambda: self._together(received)):
            return
        for one in received:
            await self._patiently(lambda one=one: self._alone(one))  # type: ignore[misc]

    # -- reading

    def _read(self, record: Record) -> Received | None:
        """None for what is none of our business."""
        topic = record.topic.removeprefix(self._prefix)
        try:
            envelope = open_envelope(record.headers, record.key, topic)
        except EnvelopeInvalid as error:
            source, id = address(topic, record.partition, record.offset)
            return Received(record, topic, id, source, reason="unparsable", detail=str(error))
        found = Received(record, topic, envelope.id, envelope.source, envelope)
        handles = self._dispatch.find(topic, envelope.type)
        if handles is None:
            if broadcast(topic):
                return None
            found.reason, found.detail = "unknown-type", f"nobody takes {envelope.type} from {topic}"
            return found
        try:
            found.message = read(envelope, record.value or b"", handles.model)
        except Unparsable as error:
            found.reason, found.detail = "unparsable", str(error)
            return found
        if envelope.time < self._clock.now() - OLDEST:
            found.reason, found.detail = "too-old", f"sent {envelope.time.isoformat()}"
        return found

    # -- the batch

    async def _together(self, received: Sequence[Received]) -> bool:
        """Everything in one transaction; False when something in it fails that may be a message's own doing."""
        try:
            async with self._transaction(received) as tx:
                work = self._work(tx)
                states: dict[tuple[str, str], str] = {}
                for one in received:
                    # Of several with one id only the first is looked at, and the inbox says what became of that.
                    states.setdefault((one.id, one.source), DEAD if one.reason else DONE)
                claims = [Claim(id, source, state) for (id, source), state in states.items()]
                fresh = await claim(tx, claims, work.now)
                reach("inbox.claimed")
                new = _first_of_each(received, fresh)
                await self._dispatch.hand_over(
                    work, [one.message for one in new if one.message and not one.reason]
                )
                reach("inbox.handled")
                for one in new:
                    if one.reason:
                        await self._give_up(work, one, one.reason, one.detail)
                await work.finish()
                reach("inbox.written")
        except Exception as error:
            if is_infrastructure(error):
                raise
            log.warning(
                "batch.failed", source=self._outbox.source, messages=len(received), error=type(error).__name__
            )
            return False
        reach("inbox.committed")
        self._outbox.wake()
        return True

    async def _alone(self, one: Received) -> None:
        reason, detail = one.reason, one.detail
        if reason is None:
            try:
                await self._effect(one)
            except Exception as error:
                if is_infrastructure(error):
                    raise
                reason, detail = "failed", describe(error)
            else:
                return
        try:
            await self._put_aside(one, reason, detail)
        except Exception as error:
            if is_infrastructure(error):
                raise
            log.error("dead-letter.not-written", topic=one.topic, id=one.id, error=describe(error))
            try:
                # Perhaps it is what the handler's side added that cannot be written: the letter goes without it.
                await self._put_aside(replace(one, message=None), reason, detail)
            except Exception as again:
                # Waiting is loud and loses nothing; what is raised here would be passed over, with all behind it.
                raise again if is_infrastructure(again) else TryAgain(describe(again)) from again

    async def _put_aside(self, one: Received, reason: Reason, detail: str) -> None:
        async with self._runtime.db.transaction() as tx:
            work = self._work(tx)
            if await claim(tx, [Claim(one.id, one.source, DEAD)], work.now):
                await self._give_up(work, one, reason, detail)
            await work.finish()
            reach("inbox.put-aside")
        reach("inbox.put-aside-committed")
        self._outbox.wake()

    async def _effect(self, one: Received) -> None:
        assert one.message is not None
        async with self._transaction([one]) as tx:
            work = self._work(tx)
            if await claim(tx, [Claim(one.id, one.source)], work.now):
                await self._dispatch.hand_over(work, [one.message])
            await work.finish()
            reach("inbox.alone-handled")
        reach("inbox.alone-committed")
        self._outbox.wake()

    async def _give_up(self, work: Work, one: Received, reason: Reason, detail: str) -> None:
        """Write the dead letter and tell the handler's side, whose own failure must not hold the letter back."""
        log.error(
            "message.dead-letter", source=self._outbox.source, topic=one.topic, id=one.id, reason=reason
        )
        await bury(work.tx, self._outbox, [one.letter(reason, detail)], work.now)
        if one.envelope is not None:
            given_up(self._runtime.tracer, one.envelope, reason)
        if one.message is None:
            return
        mark = work.mark()
        try:
            async with work.tx.transaction():
                await self._dispatch.told_dead(work, one.message, reason)
                work.check_sent(mark)
        except Exception as error:
            if is_infrastructure(error):
                raise
            work.back_to(mark)
            log.error("dead-letter.hook-failed", topic=one.topic, id=one.id, error=describe(error))

    @asynccontextmanager
    async def _transaction(self, received: Sequence[Received]) -> AsyncIterator[Connection]:
        messages = [one.message for one in received if one.message and not one.reason]
        with taking_in(self._runtime.tracer, messages):
            async with self._runtime.db.transaction() as tx:
                yield tx

    def _work(self, tx: Any) -> Work:
        return Work(tx, self._clock.now(), self._runtime, self._outbox, self._dispatch)

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        back_off = BackOff()
        while True:
            try:
                return await attempt()
            except Exception as error:
                if not is_infrastructure(error):
                    raise
                log.warning("consumer.waits", source=self._outbox.source, error=repr(error))
                if not await back_off.wait(self.stopping):
                    raise Stopping from error


def _first_of_each(received: Sequence[Received], fresh: set[tuple[str, str]]) -> list[Received]:
    """Those never seen before, each once, in the order in which they came."""
    left = set(fresh)
    new = []
    for one in received:
        mark = (one.id, one.source)
        if mark in left:
            left.remove(mark)
            new.append(one)
    return new
