"""The relay: takes rows of the outbox to their topics, in the order of each key, and deletes what was acknowledged.

Rows are taken by id from all that is committed, never from beyond the last one sent: sequences commit out of order.
A topic that cannot be sent to now (no leader, not made yet) waits without holding up the others; a row that can never
be sent becomes a dead letter and frees its key. What is not acknowledged stays in the outbox: after any failure it is
sent again under the same id, and the inbox of the receiver takes it once.
"""

import asyncio
import time
from contextlib import suppress
from typing import TypeAlias

import asyncpg
import structlog
from aiokafka.errors import KafkaError

from libs.clock import Clock
from libs.fail_points import reach
from libs.messaging.dead_letters import DeadLetter, bury
from libs.messaging.failures import BackOff, is_infrastructure
from libs.messaging.outbox import Outbox
from libs.messaging.publisher import PERMANENT, Batch, Publisher, Row
from libs.messaging.shares import CHANNEL, RELAYS, ROWS, Shares
from libs.messaging.spans import published

log = structlog.get_logger(__name__)

ROWS_AT_ONCE = 2_000
BYTES_AT_ONCE = 8_000_000
POLL_SECONDS = 1.0
PATIENCE_SECONDS = 0.5
NOTICE_SECONDS = 0.02
ALONE_SECONDS = 10.0

_SELECT = f"""
SELECT id, topic, key, ce_id, ce_type, subject, traceparent, payload, created
FROM (SELECT *, sum(octet_length(payload)) OVER (ORDER BY id) - octet_length(payload) AS before
      FROM outbox WHERE share = ANY($1::smallint[]) AND topic <> ALL($2::text[])
      ORDER BY id LIMIT {ROWS_AT_ONCE}) AS row
WHERE before < {BYTES_AT_ONCE}
ORDER BY id
"""


Session: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class _Lost(Exception):
    """The session that holds the shares is gone, and the shares with it, or the producer: both are begun anew."""


class Relay:
    """One relay of a service at a node; several of them divide the keys among themselves."""

    def __init__(self, *, url: str, kafka: str, outbox: Outbox, clock: Clock, prefix: str = "") -> None:
        """`url` is that of the service's database: the relay has a connection of its own. `prefix` of all topics."""
        self._url = url
        self._kafka = kafka
        self._outbox = outbox
        self._clock = clock
        self._prefix = prefix
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._connection: Session | None = None
        self._shares: Shares | None = None
        self._publisher: Publisher | None = None
        self._pending: list[Batch] = []
        self._resting: dict[str, float] = {}
        self._relays_changed = False
        self._noticed = 0.0
        self._balanced = 0.0
        self._back_off = BackOff()

    async def start(self) -> None:
        """Begin; returns at once, also when database or broker are away."""
        self._task = asyncio.create_task(self._run(), name=f"relay {self._outbox.source}")

    async def stop(self) -> None:
        """Finish what is on its way, for three seconds at most, and give the shares back."""
        self._stopping.set()
        self._outbox.written.set()
        if self._task is not None:
            await self._task

    @property
    def held(self) -> frozenset[int]:
        """The shares that this relay holds now."""
        return frozenset(self._shares.held) if self._shares else frozenset()

    # -- the session

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._open()
                await self._rounds()
            except Exception as error:
                if not (isinstance(error, _Lost | KafkaError) or is_infrastructure(error)):
                    log.exception("relay.failed", source=self._outbox.source)
                else:
                    log.warning("relay.waits", source=self._outbox.source, error=repr(error))
                await self._close(clean=False)
                await self._back_off.wait(self._stopping)
        await self._close(clean=True)

    async def _open(self) -> None:
        self._publisher = await self._new_publisher()
        connection = await asyncpg.connect(
            self._url,
            timeout=10,
            command_timeout=30,
            server_settings={
                "application_name": f"relay {self._outbox.source}"[:63],
                "timezone": "UTC",
                # A deletion that a crash undoes only makes a duplicate, which the receiver's inbox drops.
                "synchronous_commit": "off",
                "tcp_keepalives_idle": "10",
                "tcp_keepalives_interval": "5",
                "tcp_keepalives_count": "3",
                "jit": "off",
            },
        )
        self._connection = connection
        connection.add_termination_listener(lambda _: self._outbox.written.set())
        await connection.add_listener(CHANNEL, self._notified)
        self._shares = Shares(connection)
        await self._shares.appear()

    async def _close(self, *, clean: bool) -> None:
        publisher, connection = self._publisher, self._connection
        self._publisher = self._connection = self._shares = None
        if clean and publisher and connection and self._pending:
            await asyncio.wait([batch.sent for batch in self._pending], timeout=3)
            with suppress(Exception):
                await self._delete(connection, [batch for batch in self._pending if _acknowledged(batch)])
        finished = clean and all(batch.sent.done() for batch in self._pending)
        for batch in self._pending:
            batch.sent.cancel()
        self._pending = []
        self._resting = {}
        if publisher:
            await (publisher.stop() if finished else publisher.abandon())
        if connection:
            with suppress(Exception):
                await connection.close(timeout=2)

    def _notified(self, _: object, pid: int, __: str, payload: object) -> None:
        connection = self._connection
        if connection is None or pid == connection.get_server_pid():
            return
        if payload == RELAYS:
            self._relays_changed = True
        self._outbox.written.set()

    # -- the rounds

    async def _rounds(self) -> None:
        written = self._outbox.written
        while not self._stopping.is_set():
            timeout = POLL_SECONDS
            written.clear()
            if self._connection is None or self._connection.is_closed():
                raise _Lost("connection to the database")
            if self._publisher is None or self._publisher.broken:
                raise _Lost("producer")
            more = await self._round()
            self._back_off.reset()
            if more:
                continue
            if self._outbox.own:
                timeout = min(timeout, await self._notify())
            # Not wait_for: in Python 3.11 it loses a cancellation that meets what is waited for.
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await written.wait()

    async def _round(self) -> bool:
        """One pass; whether the next should follow at once."""
        connection, shares = self._connection, self._shares
        assert connection is not None
        assert shares is not None
        await self._settle(connection)
        await self._balance(shares)
        publisher = self._publisher
        assert publisher is not None
        rows = await connection.fetch(_SELECT, list(shares.held), self._held_topics(publisher))
        if not rows:
            return False
        reach("relay.selected")
        done = publisher.publish(rows, self._outbox.written.set)
        for row, reason in done.refused:
            await self._bury(connection, row, reason)
        if done.batches:
            await asyncio.wait([batch.sent for batch in done.batches], timeout=PATIENCE_SECONDS)
        for batch in done.batches:
            if not batch.sent.done():
                batch.sent.add_done_callback(lambda _: self._outbox.written.set())
        self._pending += done.batches
        await self._settle(connection)
        taken = sum(len(batch.rows) for batch in done.batches)
        return (
            taken == ROWS_AT_ONCE
            or done.left_over
            or sum(len(row["payload"]) for row in rows) > BYTES_AT_ONCE / 2
        )

    async def _balance(self, shares: Shares) -> None:
        """See to this relay's part of the shares: when told that relays came or went, and once a second."""
        now = time.monotonic()
        due = self._relays_changed or (not shares.all_held and now - self._balanced >= POLL_SECONDS)
        # A share goes to another only when nothing of it is on its way.
        if due and not self._pending:
            self._relays_changed = False
            self._balanced = now
            await shares.balance()

    def _held_topics(self, publisher: Publisher) -> list[str]:
        now = time.monotonic()
        self._resting = {topic: until for topic, until in self._resting.items() if until > now}
        return [*{batch.topic for batch in self._pending}, *publisher.unready(), *self._resting]

    async def _settle(self, connection: Session) -> None:
        """Delete the rows of acknowledged batches, and look into those that failed."""
        ended = [batch for batch in self._pending if batch.sent.done()]
        if not ended:
            return
        await self._delete(connection, [batch for batch in ended if _acknowledged(batch)])
        if self._outbox.tracer.on:
            for batch in ended:
                published(self._outbox.tracer, batch, _failure(batch))
        self._pending = [batch for batch in self._pending if not batch.sent.done()]
        failed = [batch for batch in ended if not _acknowledged(batch)]
        if failed:
            await self._renew()
        for batch in failed:
            error = batch.sent.exception()
            if isinstance(error, PERMANENT):
                await self._find_the_bad_one(connection, batch)
            elif isinstance(error, KafkaError):
                log.warning("outbox.topic-rests", topic=batch.topic, error=repr(error))
                self._resting[batch.topic] = time.monotonic() + POLL_SECONDS
            elif error is not None:
                raise error

    async def _renew(self) -> None:
        """Go on with a new producer: after a failed batch the old one's sequence numbers have a gap."""
        assert self._publisher is not None
        old, self._publisher = self._publisher, None
        for batch in self._pending:
            batch.sent.cancel()
        self._pending = []
        await old.abandon()
        self._publisher = await self._new_publisher()

    async def _new_publisher(self) -> Publisher:
        publisher = Publisher(self._kafka, self._prefix, self._outbox.source)
        await publisher.start()
        return publisher

    async def _find_the_bad_one(self, connection: Session, batch: Batch) -> None:
        """A batch can never be sent: send its rows one by one, in order, and dead-letter those that fail alone."""
        for row in batch.rows:
            assert self._publisher is not None
            alone = self._publisher.publish_alone(batch, row)
            await asyncio.wait([alone.sent], timeout=ALONE_SECONDS)
            if not alone.sent.done():
                alone.sent.cancel()
                raise _Lost("the broker, while one row was sent alone")
            error = alone.sent.exception()
            if error is None:
                await self._delete(connection, [alone])
            elif isinstance(error, PERMANENT):
                await self._bury(connection, row, f"{type(error).__name__}: {error}")
                await self._renew()
            else:
                raise error

    async def _bury(self, connection: Session, row: Row, reason: str) -> None:
        async with connection.transaction():
            letter = DeadLetter.of_outbox_row(row, self._outbox.source, reason)
            await bury(connection, self._outbox, [letter], self._clock.now())
            await connection.execute("DELETE FROM outbox WHERE id = $1", row["id"])
        # The announcement is a row of the outbox itself.
        self._outbox.written.set()

    async def _delete(self, connection: Session, batches: list[Batch]) -> None:
        ids = [row["id"] for batch in batches for row in batch.rows]
        if ids:
            reach("relay.sent")
            await connection.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", ids)
            reach("relay.deleted")

    async def _notify(self) -> float:
        """Tell the relays of other processes, but not more often than every 20 ms; how long until the next may go."""
        assert self._connection is not None
        assert self._shares is not None
        left = self._noticed + NOTICE_SECONDS - time.monotonic()
        if not self._shares.all_held and left > 0:
            return left
        self._outbox.own = False
        if not self._shares.all_held:
            self._noticed = time.monotonic()
            await self._connection.execute("SELECT pg_notify($1, $2)", CHANNEL, ROWS)
        return POLL_SECONDS


def _acknowledged(batch: Batch) -> bool:
    return batch.sent.done() and not batch.sent.cancelled() and batch.sent.exception() is None


def _failure(batch: Batch) -> str | None:
    """What kept a batch from its topic; None for one that is there."""
    if batch.sent.cancelled():
        return "cancelled"
    error = batch.sent.exception()
    return None if error is None else type(error).__name__
