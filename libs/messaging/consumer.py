"""The consumer of a service: FastStream reads batches from all its topics, the reception takes them in.

Offsets are committed after the database; nothing is ever committed by time. FastStream's own parsing is replaced:
it would decode every header and body, and stop at the first that is foreign.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.message import StreamMessage

from libs.fail_points import reach
from libs.messaging.failures import BackOff
from libs.messaging.reception import Reception, Stopping
from libs.messaging.steady_consumer import FOREVER_MS, SteadyConsumer
from libs.messaging.topics import group

if TYPE_CHECKING:
    from libs.service import Runtime

log = structlog.get_logger(__name__)

_framework = logging.getLogger("libs.messaging.faststream")
# It reports every assignment and warns that it makes no topics, which is not its task here.
_framework.setLevel(logging.ERROR)

RECORDS_AT_ONCE = 1_000
# The broker answers a fetch as soon as there is a record; how long it may wait without one only sets what idling costs.
LONGEST_FETCH_MS = 5_000
LOOK_SECONDS = 1.0
"""How often it is looked whether a client still stands."""


class Consumer:
    """What a service at a node reads, over all topics that its `handles` name: a Kafka consumer for each lane."""

    def __init__(self, runtime: "Runtime") -> None:
        settings = runtime.settings
        self._kafka = settings.kafka
        self._group = settings.topic_prefix + group(settings.node, runtime.service.name)
        self._instance = settings.instance
        self._lanes = {
            settings.topic_prefix + group(settings.node, runtime.service.name, lane): [
                settings.topic_prefix + topic for topic in topics
            ]
            for lane, topics in runtime.dispatch.lanes.items()
        }
        self._reception = Reception(runtime)
        self._joined = asyncio.Event()
        self._joining: asyncio.Task[None] | None = None
        self._broker: KafkaBroker | None = None
        self._subscribers: list[Any] = []

    async def start(self, *, after: "asyncio.Future[None] | None" = None) -> None:
        """Begin to join the group; returns at once, also while no broker answers: that is waited for.

        `after`: when that is over, for who subscribes before its topics are made would not hear of them for long.

        A service that listens to nothing at this node joins nothing.
        """
        if not self._lanes:
            self._joined.set()
            return
        self._joining = asyncio.create_task(self._join(after), name=f"consumer {self._group}")

    async def stop(self) -> None:
        """Finish the batch in hand, ten seconds at most, and leave the group."""
        self._reception.stopping.set()
        if self._joining is not None:
            self._joining.cancel()
            with suppress(asyncio.CancelledError):
                await self._joining
        await self._leave()
        self._joined.clear()

    @property
    def joined(self) -> bool:
        """Whether the consumer is a member of its groups."""
        return self._joined.is_set()

    async def until_joined(self, within: float = 30.0) -> None:
        """Wait for `joined`. Raises TimeoutError."""
        await asyncio.wait_for(self._joined.wait(), within)

    @property
    def kafka_consumers(self) -> list[SteadyConsumer]:
        """The Kafka clients, for their positions; those that there are."""
        return [one.consumer for one in self._subscribers if one.consumer is not None]

    async def _join(self, after: "asyncio.Future[None] | None") -> None:
        if after is not None:
            await asyncio.wait({after})
        back_off = BackOff()
        while not self._reception.stopping.is_set():
            try:
                await self._open()
            except Exception as error:
                log.warning("consumer.waits-for-the-broker", group=self._group, error=repr(error))
                await self._leave()
                await back_off.wait(self._reception.stopping)
                continue
            back_off.reset()
            self._joined.set()
            await self._until_broken()
            if not self._reception.stopping.is_set():
                self._joined.clear()
                await self._begin_anew()

    async def _until_broken(self) -> None:
        while not any(client.broken for client in self.kafka_consumers):
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._reception.stopping.wait()
                    return

    async def _begin_anew(self) -> None:
        """Leave a client behind that stands still, and those beside it: all lanes are joined again."""
        log.error("consumer.broken", group=self._group)
        for client in self.kafka_consumers:
            await client.abandon()
        await self._leave()

    async def _open(self) -> None:
        broker = KafkaBroker(
            self._kafka,
            client_id=f"unicrm.{self._group}",
            consumer_only=True,
            apply_types=False,
            logger=_framework,
            graceful_timeout=10.0,
            request_timeout_ms=40_000,
            retry_backoff_ms=300,
        )
        self._broker = broker
        self._subscribers = [self._subscribed(broker, group, topics) for group, topics in self._lanes.items()]
        await broker.connect()
        config = broker.config.broker_config
        connection = config.builder.keywords  # type: ignore[attr-defined]
        config.builder = partial(SteadyConsumer, **connection)
        await broker.start()

    def _subscribed(self, broker: KafkaBroker, group: str, topics: list[str]) -> Any:
        subscriber: Any = broker.subscriber(
            *topics,
            batch=True,
            group_id=group,
            # Known by name, a process that was killed has its partitions back as soon as it is there again.
            group_instance_id=f"{group}.{self._instance}" if self._instance else None,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            max_records=RECORDS_AT_ONCE,
            batch_timeout_ms=FOREVER_MS,
            fetch_max_wait_ms=LONGEST_FETCH_MS,
            # A nameless one that was killed is noticed after six seconds, the least that brokers allow.
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=600_000,
            parser=_raw,
            decoder=_records,
        )

        async def take_in(records: tuple[ConsumerRecord[bytes, bytes], ...]) -> None:
            await self._take_in(subscriber, records)

        subscriber(take_in)
        return subscriber

    async def _leave(self) -> None:
        broker, self._broker = self._broker, None
        if broker is not None:
            with suppress(Exception):
                await broker.stop()

    async def _take_in(self, subscriber: Any, records: tuple[ConsumerRecord[bytes, bytes], ...]) -> None:
        try:
            await self._reception.take_in(records)
        except Stopping:
            return
        client: SteadyConsumer | None = subscriber.consumer
        if client is None:
            return
        offsets = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in records}
        try:
            await client.commit(offsets)
            reach("inbox.offsets-committed")
        except Exception as error:
            # Another consumer has the partitions now: it reads these records again, and the inbox knows them.
            log.warning("consumer.offsets-not-committed", error=repr(error))


class _NoConsumer:
    """Stands where FastStream keeps a consumer to acknowledge with: offsets are committed here, by hand."""

    async def commit(self) -> None:
        return None

    def seek(self, partition: TopicPartition, offset: int) -> None:
        return None


async def _raw(message: tuple[ConsumerRecord[bytes, bytes], ...]) -> StreamMessage[Any]:
    """FastStream's message around the records, none of them looked at."""
    last = message[-1]
    return KafkaAckableMessage(
        raw_message=message,
        body=b"",
        message_id=f"{last.topic}/{last.partition}/{last.offset}",
        correlation_id="",
        consumer=_NoConsumer(),
    )


async def _records(message: StreamMessage[Any]) -> Any:
    return message.raw_message
