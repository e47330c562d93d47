"""The stage, and records as a stranger would write them."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaProducer

from libs.messaging.tests.stage import Stage, a_stage

if TYPE_CHECKING:
    from deploy.local.engines import Engines

Headers = list[tuple[str, bytes]]
Write = Callable[..., Awaitable[None]]


@pytest.fixture
async def stage(engines: "Engines") -> AsyncIterator[Stage]:
    """The service `resource` at node gd, nothing of it started."""
    async with a_stage(engines.postgres_url, engines.kafka) as made:
        yield made


@pytest.fixture
async def another(engines: "Engines", stage: Stage) -> AsyncIterator[Callable[[str], Awaitable[Stage]]]:
    """Makes further services of the same node, on the same topics and by the same clock, each with its database."""
    async with AsyncExitStack() as stack:

        async def make(service: str) -> Stage:
            return await stack.enter_async_context(
                a_stage(
                    engines.postgres_url,
                    engines.kafka,
                    service=service,
                    clock=stage.clock,
                    prefix=stage.prefix,
                )
            )

        yield make


@pytest.fixture
async def write(engines: "Engines", stage: Stage) -> AsyncIterator[Write]:
    """`write(topic, headers, value, key=…)`: one record straight into a topic, past outbox and relay."""
    producer = AIOKafkaProducer(bootstrap_servers=engines.kafka, acks="all")
    await producer.start()

    async def one(topic: str, headers: Headers, value: bytes | None, key: bytes | None = b"key") -> None:
        await producer.send_and_wait(stage.prefix + topic, value, key=key, headers=headers, partition=0)

    yield one
    await producer.stop()


def ce(**changed: str | None) -> Headers:
    """Headers of a good message, some of them changed, or left out by None."""
    good: dict[str, str | None] = {
        "ce_specversion": "1.0",
        "ce_id": secrets.token_hex(8),
        "ce_type": "test.number-reserved.v1",
        "ce_source": "/gd/order-acceptance",
        "ce_time": changed.pop("now", None) or "2026-11-24T08:00:00Z",
    }
    return [(name, value.encode()) for name, value in (good | changed).items() if value is not None]
