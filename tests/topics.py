"""Topics as a test sees them: what was published, and messages put there as another service would."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import BaseModel

from libs.ids import new_id
from libs.messaging.envelope import headers, to_bytes, type_of
from libs.messaging.topics import ensure_topics


@dataclass(frozen=True)
class Published:
    """One record as it lies on its topic."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    data: Any
    """The parsed JSON of the value."""

    @property
    def id(self) -> str:
        return self.headers["ce_id"]

    @property
    def type(self) -> str:
        return self.headers["ce_type"]


class Topics:
    """The topics of one test; their names are given without the prefix."""

    def __init__(self, kafka: str, prefix: str, producer: AIOKafkaProducer, partitions: int) -> None:
        self._kafka = kafka
        self.prefix = prefix
        self._producer = producer
        self._partitions = partitions

    async def make(self, *names: str) -> None:
        """Make topics that no running service declares."""
        await ensure_topics(self._kafka, [self.prefix + name for name in names], self._partitions)

    async def put(
        self,
        topic: str,
        key: str,
        data: BaseModel,
        *,
        source: str = "/gd/another-service",
        id: str | None = None,
        subject: str | None = None,
        time: datetime | None = None,
    ) -> str:
        """Publish a message as another service would; its id. The same `id` again is the same message again."""
        id = id or new_id()
        made = headers(
            id=id,
            type=type_of(type(data)),
            source=source,
            subject=subject,
            time=time or datetime.now(UTC),
            traceparent=None,
        )
        await self.put_raw(topic, key, to_bytes(data), made)
        return id

    async def put_raw(
        self, topic: str, key: str, value: bytes | None, headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        """Publish any bytes at all: what a broken sender might."""
        await self.make(topic)
        await self._producer.send_and_wait(self.prefix + topic, value, key.encode(), headers=headers or [])

    async def read(self, *topics: str) -> list[Published]:
        """All that lies on these topics now, in the order of each partition."""
        await self.make(*topics)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._kafka, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            places = [
                TopicPartition(self.prefix + topic, number)
                for topic in topics
                for number in range(self._partitions)
            ]
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            await consumer.seek_to_beginning(*places)
            found: list[Published] = []
            open_ones = {place for place in places if ends[place] > 0}
            while open_ones:
                for records in (await consumer.getmany(*open_ones, timeout_ms=1000)).values():
                    found += [self._published(record) for record in records]
                open_ones = {place for place in open_ones if await consumer.position(place) < ends[place]}
            return found
        finally:
            await consumer.stop()

    async def wait(
        self,
        topic: str,
        count: int = 1,
        *,
        where: Callable[[Published], bool] = lambda _: True,
        within: float = 10,
    ) -> list[Published]:
        """Wait until so many records that fit lie on the topic; all of them. Raises AssertionError in the end."""
        found: list[Published] = []
        try:
            async with asyncio.timeout(within):
                while True:
                    found = [one for one in await self.read(topic) if where(one)]
                    if len(found) >= count:
                        return found
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{len(found)} of {count} on {topic} within {within} s: {found}") from None

    def _published(self, record: Any) -> Published:
        return Published(
            topic=record.topic.removeprefix(self.prefix),
            partition=record.partition,
            offset=record.offset,
            key=(record.key or b"").decode(),
            headers={name: value.decode() for name, value in record.headers},
            data=json.loads(record.value) if record.value else None,
        )
