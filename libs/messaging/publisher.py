"""Rows of the outbox onto the topics: one batch for each partition at a time, through one idempotent producer.

A partition gets its next batch when the one before is acknowledged, so a failure can never let a later row of a key
overtake an earlier one.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import asyncpg
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    CorruptRecordException,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    UnsupportedForMessageFormatError,
)
from aiokafka.partitioner import murmur2

from libs.messaging import connections
from libs.messaging.envelope import headers
from libs.messaging.topics import LARGEST_RECORD

log = structlog.get_logger(__name__)
connections.mend()

Row = asyncpg.Record
PERMANENT: tuple[type[Exception], ...] = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    InvalidTopicError,
    CorruptRecordException,
    UnsupportedForMessageFormatError,
)
"""What no repetition will ever make good."""

MISSING_SECONDS = 5.0
_TOPIC_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")


@dataclass(slots=True)
class Batch:
    """Rows on their way to one partition."""

    topic: str
    partition: int
    rows: list[Row]
    sent: "asyncio.Future[Any]"
    begun: int = field(default_factory=time.time_ns)
    """When it was handed over, by the machine's time."""


@dataclass(slots=True)
class Round:
    """What became of the rows of one round; those named nowhere wait for the next."""

    batches: list[Batch] = field(default_factory=list)
    refused: list[tuple[Row, str]] = field(default_factory=list)
    """Rows that can never be sent, and why."""
    left_over: bool = False
    """Whether a partition had more rows than one batch holds."""


@lru_cache(maxsize=65_536)
def _hash(key: str) -> int:
    return int(murmur2(key.encode())) & 0x7FFFFFFF


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key, as every Kafka client computes it."""
    return _hash(key) % partitions


class Publisher:
    """One producer, and what it knows of the topics."""

    def __init__(self, kafka: str, prefix: str, source: str) -> None:
        """`source` is the `ce_source` of all that is sent; `prefix` stands before the name of every topic."""
        self._prefix = prefix
        self._source = source
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka,
            client_id=f"unicrm{source.replace('/', '.')}",
            acks="all",
            enable_idempotence=True,
            max_batch_size=LARGEST_RECORD,
            max_request_size=4 * LARGEST_RECORD,
            request_timeout_ms=10_000,
            retry_backoff_ms=300,
            metadata_max_age_ms=300_000,
        )
        self._partitions: dict[str, int] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._missing: dict[str, float] = {}

    async def start(self) -> None:
        """Connect. Raises KafkaError while no broker answers."""
        try:
            await self._producer.start()
        except BaseException:
            await self.abandon()
            raise

    async def stop(self, within: float = 3.0) -> None:
        """Finish what is on its way, at most `within` seconds, and close."""
        for task in self._asked.values():
            task.cancel()
        try:
            await asyncio.wait_for(self._producer.stop(), within)
        except (TimeoutError, KafkaError):
            await self.abandon()

    async def abandon(self) -> None:
        """Close without waiting for what is on its way: it stays in the outbox and is sent anew."""
        for task in self._asked.values():
            task.cancel()
        # An idempotent producer never gives a batch up, so its own stop would wait as long as the broker is away.
        self._producer._closed = True
        sender = self._producer._sender
        if sender is not None:
            with suppress(Exception):
                await asyncio.wait_for(sender.close(), 2)
        with suppress(Exception):
            await asyncio.wait_for(self._producer.client.close(), 2)

    @property
    def broken(self) -> bool:
        """Whether the task that asks for metadata has ended: what waits for an answer waits for ever."""
        task = self._producer.client._sync_task
        return task is not None and task.done()

    def unready(self) -> list[str]:
        """Topics whose partitions are not known yet: they are asked for now and then, and their rows wait."""
        now = time.monotonic()
        self._missing = {topic: until for topic, until in self._missing.items() if until > now}
        return [*self._asked, *self._missing]

    def publish(self, rows: Sequence[Row], known: Callable[[], None]) -> Round:
        """Hand the rows over, in order, one batch for each partition; what does not fit waits for the next round.

        `known` is called when the partitions of a topic that was seen for the first time are there.
        """
        done = Round()
        building: dict[tuple[str, int], tuple[Any, list[Row]]] = {}
        full: set[tuple[str, int]] = set()
        for row in rows:
            partitions = self._partitions.get(row["topic"])
            if partitions is None:
                if not _TOPIC_NAME.fullmatch(self._prefix + row["topic"]):
                    done.refused.append((row, f"{row['topic']!r} is no name of a topic"))
                elif row["topic"] not in self._asked:
                    self._ask(row["topic"], known)
                continue
            place = (row["topic"], partition_of(row["key"], partitions))
            if place in full:
                done.left_over = True
                continue
            builder, taken = building.get(place) or building.setdefault(
                place, (self._producer.create_batch(), [])
            )
            if self._append(builder, row):
                taken.append(row)
            else:
                full.add(place)
                done.left_over = True
        for (topic, partition), (builder, taken) in building.items():
            done.batches.append(Batch(topic, partition, taken, self._send(builder, topic, partition)))
        return done

    def publish_alone(self, batch: Batch, row: Row) -> Batch:
        """One row of a batch that failed, by itself."""
        builder = self._producer.create_batch()
        self._append(builder, row)
        return Batch(batch.topic, batch.partition, [row], self._send(builder, batch.topic, batch.partition))

    def _append(self, builder: Any, row: Row) -> bool:
        made = headers(
            id=row["ce_id"],
            type=row["ce_type"],
            source=self._source,
            subject=row["subject"],
            time=row["created"],
            traceparent=row["traceparent"],
        )
        accepted = builder.append(timestamp=None, key=row["key"].encode(), value=row["payload"], headers=made)
        return accepted is not None

    def _send(self, builder: Any, topic: str, partition: int) -> "asyncio.Future[Any]":
        async def send() -> Any:
            future = await self._producer.send_batch(builder, self._prefix + topic, partition=partition)
            return await future

        return asyncio.ensure_future(send())

    def _ask(self, topic: str, known: Callable[[], None]) -> None:
        async def ask() -> None:
            try:
                found = await self._producer.partitions_for(self._prefix + topic)
                self._partitions[topic] = len(found)
            except KafkaError as error:
                self._missing[topic] = time.monotonic() + MISSING_SECONDS
                log.warning("outbox.topic-not-there", topic=self._prefix + topic, error=repr(error))

        def answered(_: object) -> None:
            self._asked.pop(topic, None)
            known()

        self._asked[topic] = asyncio.ensure_future(ask())
        self._asked[topic].add_done_callback(answered)
