"""A Kafka client of which a part has died is replaced: what stands still for good is noticed, and nothing is lost."""

from collections.abc import Callable
from typing import Any

import pytest

from libs.messaging import Handles
from libs.messaging.consumer import Consumer
from libs.messaging.steady_consumer import SteadyConsumer
from libs.messaging.tests.stage import NumberReserved, Stage, remember, reserved, until
from libs.messaging.topics import tasks
from tests.engines import eventually

TASKS = "gd.resource.tasks"
TAKES = Handles(lambda node: tasks(node, "resource"), NumberReserved, remember)


def fails(*_: Any, **__: Any) -> Any:
    raise RuntimeError("not foreseen by the client")


def metadata_dies(client: SteadyConsumer) -> None:
    client._client._metadata_update = fails
    client._client.force_metadata_update()


def heartbeat_dies(client: SteadyConsumer) -> None:
    client._coordinator._do_heartbeat = fails


def fetcher_dies(client: SteadyConsumer) -> None:
    client._fetcher._get_actions_per_node = fails


def coordination_dies(client: SteadyConsumer) -> None:
    client._coordinator.ensure_active_group = fails
    client._coordinator.request_rejoin()


async def seen(stage: Stage, *attempts: int) -> None:
    async def all_of_them() -> bool:
        return [attempt for _, attempt in await stage.seen()] == [*attempts]

    await until(all_of_them)


def client_of(consumer: Consumer) -> SteadyConsumer:
    (client,) = consumer.kafka_consumers
    return client


@pytest.mark.parametrize("dies", [metadata_dies, heartbeat_dies, fetcher_dies, coordination_dies])
async def test_a_consumer_of_which_a_task_has_died_is_replaced(
    stage: Stage, dies: Callable[[SteadyConsumer], None]
) -> None:
    await stage.relay()
    consumer = await stage.consumer(TAKES)
    await stage.send(*reserved(TASKS, "13000000001", [1]))
    await seen(stage, 1)

    first = client_of(consumer)
    dies(first)
    await eventually(lambda: consumer.joined and client_of(consumer) is not first, within=20)
    assert not client_of(consumer).broken
    await stage.send(*reserved(TASKS, "13000000001", [2]))
    await seen(stage, 1, 2)


async def test_a_failure_of_the_client_is_no_fault_of_a_record(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Until it is replaced, none is passed over for it."""
    monkeypatch.setattr("libs.messaging.consumer.LOOK_SECONDS", 60.0)
    consumer = await stage.consumer(TAKES)
    heartbeat_dies(client_of(consumer))
    await eventually(lambda: any("Kafka error" in one.getMessage() for one in caplog.records))
    assert await stage.count("dead_letters") == 0


async def test_a_consumer_that_stands_is_left_alone(stage: Stage) -> None:
    consumer = await stage.consumer(TAKES)
    client = client_of(consumer)
    assert not client.broken
    await consumer.stop()
    assert not client.broken


async def test_a_relay_whose_producer_hears_no_more_of_its_topics_makes_another(stage: Stage) -> None:
    await stage.consumer(TAKES)
    relay = await stage.relay()
    await eventually(lambda: relay._publisher is not None)
    first = relay._publisher
    assert first is not None
    first._producer.client._metadata_update = fails
    first._producer.client.force_metadata_update()

    # The first message to a topic needs to hear of it.
    await stage.send(*reserved(TASKS, "13000000001", [1]))
    await seen(stage, 1)
    assert relay._publisher is not first
