"""A unit of work: one transaction, the moment of it, and what will be sent when it commits."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from libs.clock import Clock
from libs.database import Connection, Database
from libs.messaging.envelope import Message, Outgoing
from libs.messaging.outbox import Outbox, payload_of
from libs.messaging.parking import write_parked
from libs.telemetry import trace

if TYPE_CHECKING:
    from libs.service import Runtime


class GivesBack(Protocol):
    """What can hand parked messages to their handlers again (`libs.messaging.dispatch.Dispatch`)."""

    def give_back(self, work: "Work", keys: Sequence[str]) -> Awaitable[set[tuple[str, str]]]: ...


class Mark(NamedTuple):
    """How far a unit had come; what was added after it can be taken back."""

    outgoing: int
    to_park: int
    changed: tuple[str, ...]


class Work:
    """What a handler, or a request, works with.

    `tx` is the connection inside the transaction, `now` the moment of business, `runtime` the service at its node.
    """

    def __init__(
        self,
        tx: Connection,
        now: datetime,
        runtime: "Runtime",
        outbox: Outbox,
        dispatch: GivesBack | None = None,
    ) -> None:
        self.tx = tx
        self.now = now
        self.runtime = runtime
        self.outgoing: list[Outgoing] = []
        self.to_park: list[tuple[str, Message[Any]]] = []
        self.outbox = outbox
        self._dispatch = dispatch
        self._changed: dict[str, None] = {}
        self._threads: dict[str, str] = {}

    def send(self, *outgoings: Outgoing) -> None:
        """Send when the transaction commits: rows of the outbox, written at its end in one statement."""
        # Rows are made later, when the handler's trace is no longer the current one.
        now = trace.current.get()
        if now or self._threads:
            for outgoing in outgoings:
                outgoing.traceparent = outgoing.traceparent or self._thread_of(outgoing, now)
        self.outgoing.extend(outgoings)

    def belongs_to(self, thread: str | None, *names: str | None) -> None:
        """What is sent with one of these names as subject or key belongs to this trace, whatever sends it.

        For what many share a batch, and what the clock or another's end moves. Where the work in hand is part of the
        same trace, that is the nearer cause, and counts.
        """
        if thread is None:
            return
        for name in names:
            if name is not None and trace.apart(self._threads.get(name), thread):
                self._threads[name] = thread

    def _thread_of(self, outgoing: Outgoing, now: str | None) -> str | None:
        own = self._threads.get(outgoing.subject or "") or self._threads.get(outgoing.key)
        return own if own is not None and trace.apart(now, own) else now

    def park(self, message: Message[Any], key: str | None = None) -> None:
        """Lay a message aside that came too early, until something about `key` (its own, unless given) changes."""
        self.to_park.append((message.key if key is None else key, message))

    def unpark(self, *keys: str) -> None:
        """Something about these keys changed: give what is parked for them back to its handlers.

        It happens at the end of this unit, in its transaction.
        """
        self._changed.update(dict.fromkeys(keys))

    def mark(self) -> Mark:
        """Where this unit stands, before something that may have to be undone with its savepoint."""
        return Mark(len(self.outgoing), len(self.to_park), tuple(self._changed))

    def check_sent(self, mark: Mark) -> None:
        """Whether what was sent since `mark` can travel: looked at where it can be undone alone, with its savepoint.

        Raises MessageTooLarge.
        """
        for outgoing in self.outgoing[mark.outgoing :]:
            payload_of(outgoing)

    def back_to(self, mark: Mark) -> None:
        """Forget what was to be sent, parked and freed since `mark`."""
        del self.outgoing[mark.outgoing :]
        del self.to_park[mark.to_park :]
        self._changed = dict.fromkeys(mark.changed)

    async def finish(self) -> None:
        """Write what was parked, give back what was freed, and put what was sent. Once, at the end.

        What is given back may free more, also what was parked again meanwhile: this goes on until nothing is freed,
        or until all that was given back is parked again.
        """
        while self.to_park or self._changed:
            laid, self.to_park = self.to_park, []
            await write_parked(self.tx, laid, self.now)
            keys, self._changed = list(self._changed), {}
            if keys and self._dispatch is not None:
                given = await self._dispatch.give_back(self, keys)
                if given <= {(message.source, message.id) for _, message in self.to_park}:
                    self._changed = {}
        await self.outbox.put(self.tx, self.outgoing, self.now)
        self.outgoing = []


@asynccontextmanager
async def unit_of_work(
    db: Database, clock: Clock, outbox: Outbox, runtime: "Runtime", dispatch: GivesBack | None = None
) -> AsyncIterator[Work]:
    """A unit of work outside a consumer: commits with its sends at the end of the block, then wakes the relay."""
    async with db.transaction() as tx:
        work = Work(tx, clock.now(), runtime, outbox, dispatch)
        yield work
        await work.finish()
    outbox.wake()
