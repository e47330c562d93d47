"""How far a consumer group has read a topic, as the broker knows it: whichever processes are in the group."""

from collections.abc import Mapping
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code

Offsets: TypeAlias = Mapping[int, int]
"""By partition."""


async def ends(kafka: str, topic: str) -> dict[int, int]:
    """Where a topic ends now; partitions that hold nothing are left out, for nobody reads them. Raises KafkaError."""
    numbers = await _partitions(kafka, topic)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        parts = [TopicPartition(topic, number) for number in numbers]
        first, last = await consumer.beginning_offsets(parts), await consumer.end_offsets(parts)
        return {part.partition: last[part] for part in parts if last[part] > first[part]}
    finally:
        await consumer.stop()


async def _partitions(kafka: str, topic: str) -> list[int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    if described["error_code"]:
        raise for_code(described["error_code"])(topic)
    return [part["partition"] for part in described["partitions"]]


async def committed(kafka: str, group: str, topic: str) -> dict[int, int]:
    """Up to where a group has taken a topic in, by partition. Raises KafkaError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group)
        return {part.partition: place.offset for part, place in found.items() if part.topic == topic}
    finally:
        await admin.close()


def reached(target: Offsets, read: Offsets) -> bool:
    """Whether what was read goes as far as the target, in every partition."""
    return all(read.get(partition, 0) >= end for partition, end in target.items())
