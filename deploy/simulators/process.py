"""The process: tasks from the topics to the desk, answers from the journal to the topics."""

import asyncio
import logging
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from contracts.tasks import TaskResult
from deploy.simulators.desk import PRODUCTION, Desk, Record
from deploy.simulators.journal import Due
from deploy.simulators.settings import FleetSettings, SimulatorSettings
from libs.clock import Clock
from libs.messaging.envelope import headers, source_of, to_bytes, type_of
from libs.messaging.topics import ensure_topics, tasks
from libs.telemetry.settings import tracing
from libs.telemetry.spans import OFF, Tracer

log = logging.getLogger("simulator")

AT_ONCE = 500
IDLE_SECONDS = 1.0
AGAIN_SECONDS = 0.5


class Simulator:
    """One production system at work for some nodes."""

    def __init__(self, desk: Desk, clock: Clock, fleet: FleetSettings, settings: SimulatorSettings) -> None:
        self.desk = desk
        self.ready = asyncio.Event()
        """Set when it has joined its group: from then on nothing asked of it is overlooked."""
        self._clock = clock
        self._fleet = fleet
        self._topics = [fleet.topic_prefix + tasks(node, PRODUCTION) for node in settings.nodes]
        self._stopping = asyncio.Event()
        self._noted = asyncio.Event()
        self._tracer: Tracer = OFF

    def stop(self) -> None:
        """Finish what is in hand and end; what is still to be answered is answered after the next start."""
        self._stopping.set()
        self._noted.set()

    async def run(self) -> None:
        """Work until `stop`. Raises KafkaError where no broker answers at the start."""
        await ensure_topics(self._fleet.kafka, self._topics, self._fleet.topic_partitions)
        async with tracing(self._fleet.tracing, PRODUCTION, self.desk.system) as self._tracer:
            await self._work()
        log.info("%s has stopped", self.desk.system)

    async def _work(self) -> None:
        consumer = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._fleet.kafka,
            group_id=f"{self._fleet.topic_prefix}simulator.{self.desk.system}",
            client_id=f"simulator.{self.desk.system}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
        )
        producer = AIOKafkaProducer(bootstrap_servers=self._fleet.kafka, enable_idempotence=True, acks="all")
        await producer.start()
        try:
            await consumer.start()
            try:
                self.ready.set()
                log.info("%s is ready on %s", self.desk.system, ", ".join(self._topics))
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._take_in(consumer))
                    group.create_task(self._answer(producer))
            finally:
                await consumer.stop()
        finally:
            await producer.stop()

    async def _take_in(self, consumer: AIOKafkaConsumer) -> None:
        while not self._stopping.is_set():
            try:
                batches = await consumer.getmany(timeout_ms=200, max_records=AT_ONCE)
                records = [_record(one) for batch in batches.values() for one in batch]
                if not records:
                    continue
                self.desk.take_in(records, self._clock.now(), time.time())
                self._noted.set()
                # Only now: what is read again after a crash is known by its ce_id.
                await consumer.commit()
            except KafkaError as error:
                log.warning("%s cannot read: %r", self.desk.system, error)
                await self._pause(AGAIN_SECONDS)

    async def _answer(self, producer: AIOKafkaProducer) -> None:
        while not self._stopping.is_set():
            self._noted.clear()
            due = self.desk.journal.due(time.time(), AT_ONCE)
            if due:
                await self._send(producer, due)
                continue
            following = self.desk.journal.next_due()
            wait = IDLE_SECONDS if following is None else min(IDLE_SECONDS, max(0.0, following - time.time()))
            try:
                async with asyncio.timeout(wait):
                    await self._noted.wait()
            except TimeoutError:
                continue

    async def _send(self, producer: AIOKafkaProducer, due: Sequence[Due]) -> None:
        now = self._clock.now()
        try:
            sent = [
                await producer.send(
                    self._fleet.topic_prefix + one.reply_to,
                    value=to_bytes(self.desk.result(one, now)),
                    key=one.entry.work_order.encode(),
                    headers=headers(
                        id=one.answer_id,
                        type=type_of(TaskResult),
                        source=source_of(one.entry.node, self.desk.system),
                        subject=one.entry.order,
                        time=now,
                        traceparent=self._seen(one),
                    ),
                )
                for one in due
            ]
            await asyncio.gather(*sent)
        except KafkaError as error:
            # The journal remembers; answers sent twice carry the same ce_id.
            log.warning("%s cannot answer: %r", self.desk.system, error)
            await self._pause(AGAIN_SECONDS)
            return
        self.desk.journal.answered(due, time.time())

    def _seen(self, one: Due) -> str | None:
        """The thread of an answer: the task's, and how long this system had it."""
        if one.traceparent is None:
            return None
        told = {"unicrm.node": one.entry.node, "unicrm.outcome": one.entry.outcome}
        name = f"{one.entry.direction} {one.entry.name}"
        span = self._tracer.span(name, "consumer", one.traceparent, told, started=int(one.received * 1e9))
        span.end()
        return span.thread

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _record(raw: object) -> Record:
    one = raw
    return Record(one.topic, one.partition, one.offset, one.key, one.value, one.headers)  # type: ignore[attr-defined]
