"""The names of topics, and their making."""

import asyncio
from collections.abc import Iterable
from typing import Literal

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

Interface = Literal["work-orders", "customer-data", "bills", "reports", "control"]
INTERFACES: tuple[Interface, ...] = ("work-orders", "customer-data", "bills", "reports", "control")

RETENTION_MS = 14 * 24 * 3600 * 1000
"""Topics that carry work keep 14 days: twice the longest outage that is allowed."""
LARGEST_RECORD = 1_000_000
"""Bytes that a topic takes in one batch: the largest message and its headers."""


def tasks(node: str, service: str) -> str:
    return f"{node}.{service}.tasks"


def results(node: str, service: str) -> str:
    return f"{node}.{service}.results"


def events(node: str, service: str) -> str:
    return f"{node}.{service}.events"


def dead_letters(node: str, service: str) -> str:
    return f"{node}.{service}.dead-letters"


def uplink(node: str, interface: Interface) -> str:
    return f"{node}.uplink.{interface}"


def downlink(node: str, interface: Interface) -> str:
    return f"{node}.downlink.{interface}"


def broadcast(topic: str) -> bool:
    """Whether many listen to a topic, each to some of its types: there a type unknown to us is another's business."""
    return topic.endswith((".events", ".control", ".customer-data", ".dead-letters"))


def group(node: str, service: str, subscriber: str = "main") -> str:
    """The consumer group of one subscriber of a service."""
    return f"{node}.{service}.{subscriber}"


async def ensure_topics(kafka: str, names: Iterable[str], partitions: int) -> None:
    """Make the topics that are missing, with 14 days of retention; those that exist stay as they are.

    `kafka` is `host:port[,host:port]`. Each topic is kept by three brokers, or by as many as there are. Returns when
    every topic has its leaders. Raises KafkaError when the cluster refuses one.
    """
    wanted = sorted(set(names))
    if not wanted:
        return
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka, client_id="unicrm-topics", request_timeout_ms=20_000)
    await admin.start()
    try:
        present = set(await admin.list_topics())
        missing = [name for name in wanted if name not in present]
        if missing:
            replicas = min(3, len((await admin.describe_cluster())["brokers"]))
            answer = await admin.create_topics([_declaration(name, partitions, replicas) for name in missing])
            for name, code, *_ in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:
                    raise error(f"topic {name} could not be made")
        await _until_led(admin, wanted)
    finally:
        await admin.close()


def _declaration(name: str, partitions: int, replicas: int) -> NewTopic:
    return NewTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=replicas,
        topic_configs={
            "retention.ms": str(RETENTION_MS),
            "max.message.bytes": str(LARGEST_RECORD + 48_000),
            # Whatever a producer compresses with, the broker stores plain: a consumer needs no codec to go on.
            "compression.type": "uncompressed",
        },
    )


async def _until_led(admin: AIOKafkaAdminClient, names: list[str], tries: int = 600) -> None:
    # Half a minute: a busy broker that has just begun makes some hundred partitions in that time.
    pending = names
    for _ in range(tries):
        described = await admin.describe_topics(pending)
        pending = [
            topic["topic"]
            for topic in described
            if topic["error_code"] or any(part["leader"] < 0 for part in topic["partitions"])
        ]
        if not pending:
            return
        await asyncio.sleep(0.05)
    raise KafkaError(f"no leader for {', '.join(pending)}")
