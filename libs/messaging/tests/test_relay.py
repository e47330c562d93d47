"""The relay keeps the order of a key, loses nothing, and is not held up by what cannot be sent."""

import asyncio
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from libs.messaging import Handles, MessageTooLarge, Outbox, Outgoing
from libs.messaging.outbox import LARGEST_PAYLOAD, SHARES
from libs.messaging.publisher import partition_of
from libs.messaging.relay import Relay
from libs.messaging.tests.stage import NODE, NumberReserved, Stage, remember, reserved, until
from tests.engines import eventually

TASKS = "gd.resource.tasks"
TAKES = Handles(lambda node: f"{node}.resource.tasks", NumberReserved, remember)


async def until_empty(stage: Stage) -> None:
    async def empty() -> bool:
        return await stage.count("outbox") == 0

    await until(empty, within=20)


async def until_seen(stage: Stage, count: int) -> None:
    async def enough() -> bool:
        return await stage.count("seen") >= count

    await until(enough, within=30)


async def kill(relay: Relay) -> None:
    """As a process that is killed: no goodbye, its connection gone."""
    task, connection = relay._task, relay._connection
    assert task is not None
    assert connection is not None
    task.cancel()
    connection.terminate()
    await asyncio.wait([task])
    if relay._publisher is not None:
        await relay._publisher.abandon()
    relay._task = None


async def test_two_relays_divide_the_shares_and_a_dead_ones_are_taken_over(stage: Stage) -> None:
    first = await stage.relay()
    await eventually(lambda: len(first.held) == SHARES)
    second = await stage.relay(Outbox(NODE, "resource"))
    await eventually(lambda: len(first.held) == len(second.held) == SHARES // 2)
    assert first.held | second.held == set(range(SHARES))

    await kill(first)
    await eventually(lambda: len(second.held) == SHARES)


async def test_the_order_of_a_key_outlives_the_death_of_a_relay(stage: Stage) -> None:
    await stage.consumer(TAKES)
    first = await stage.relay()
    second = await stage.relay(Outbox(NODE, "resource"))
    await eventually(lambda: len(first.held) == len(second.held) == SHARES // 2)
    keys = [f"1301234{n:04}" for n in range(40)]

    async def send(attempt: int) -> None:
        await stage.send(*(message for key in keys for message in reserved(TASKS, key, [attempt])))

    for attempt in range(60):
        await send(attempt)
        if attempt == 30:
            await kill(first)
    await until_seen(stage, 60 * len(keys))

    by_key: dict[str, list[int]] = {}
    for number, attempt in await stage.seen():
        by_key.setdefault(number, []).append(attempt)
    assert by_key == {key: list(range(60)) for key in keys}
    await until_empty(stage)


async def test_a_row_committed_after_a_higher_id_is_sent(stage: Stage) -> None:
    await stage.consumer(TAKES)
    await stage.relay()
    async with stage.db.transaction() as slow:
        await stage.outbox.put(slow, reserved(TASKS, "lower"), stage.clock.now())
        await stage.send(*reserved(TASKS, "higher"))
        await until_seen(stage, 1)
    stage.outbox.wake()
    await until_seen(stage, 2)
    assert [number for number, _ in await stage.seen()] == ["higher", "lower"]


async def test_rows_that_another_process_wrote_are_found_without_being_told(stage: Stage) -> None:
    await stage.consumer(TAKES)
    await stage.relay()
    async with stage.db.transaction() as tx:
        await Outbox(NODE, "resource").put(tx, reserved(TASKS, "13012345678"), stage.clock.now())
    await until_seen(stage, 1)
    assert await stage.seen() == [("13012345678", 0)]


async def test_a_message_that_the_broker_will_never_take_frees_its_key(stage: Stage) -> None:
    await stage.consumer(TAKES)
    await _limit(stage, TASKS, 20_000)
    relay = await stage.relay()
    await eventually(lambda: len(relay.held) == SHARES)
    large = Outgoing(TASKS, "13012345678", NumberReserved(number="9" * 50_000), id="large")
    await stage.send(*reserved(TASKS, "13012345678", [1]), large, *reserved(TASKS, "13012345678", [2, 3]))
    await until_seen(stage, 3)

    assert [attempt for _, attempt in await stage.seen()] == [1, 2, 3]
    await until_empty(stage)
    letter = await stage.db.fetchrow("SELECT * FROM dead_letters")
    assert letter is not None
    assert (letter["direction"], letter["reason"], letter["ce_id"]) == ("out", "unsendable", "large")
    assert "MessageSizeTooLarge" in letter["detail"]
    await stage.send(*reserved(TASKS, "13012345678", [4]))
    await until_seen(stage, 4)


async def _limit(stage: Stage, topic: str, size: int) -> None:
    """Let a topic take less than the outbox does."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.settings.kafka)
    await admin.start()
    try:
        name = stage.prefix + topic
        await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, {"max.message.bytes": str(size)})]
        )
    finally:
        await admin.close()


async def test_a_topic_that_cannot_exist_is_a_dead_letter_at_once(stage: Stage) -> None:
    await stage.topics("gd.resource.dead-letters")
    await stage.relay()
    await stage.send(*reserved("no such topic!", "13012345678"))
    await until(lambda: stage.count("dead_letters", "reason = 'unsendable' AND topic = 'no such topic!'"))
    await until_empty(stage)


async def test_a_topic_that_is_not_there_yet_holds_up_nobody_and_loses_nothing(stage: Stage) -> None:
    await stage.consumer(TAKES)
    await stage.relay()
    await stage.send(*reserved("gd.resource.results", "waits", [1, 2]), *reserved(TASKS, "goes", [1]))
    await until_seen(stage, 1)
    await stage.send(*reserved(TASKS, "goes", [2]))
    await until_seen(stage, 2)
    assert await stage.count("outbox") == 2
    await stage.topics("gd.resource.results")
    await until_empty(stage)


async def test_a_relay_whose_session_is_ended_starts_another(stage: Stage) -> None:
    await stage.consumer(TAKES)
    relay = await stage.relay()
    await eventually(lambda: len(relay.held) == SHARES)
    for attempt in range(3):
        await stage.db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name LIKE 'relay%' AND datname = current_database()"
        )
        await stage.send(*reserved(TASKS, "13012345678", [attempt]))
        await until_seen(stage, attempt + 1)
    assert [attempt for _, attempt in await stage.seen()] == [0, 1, 2]


async def test_more_than_one_batch_holds_arrives_in_order(stage: Stage) -> None:
    await stage.consumer(TAKES)
    long = "1" * 200_000
    async with stage.unit() as work:
        for attempt in range(30):
            work.send(Outgoing(TASKS, "k", NumberReserved(number=long, attempt=attempt)))
    await stage.relay()
    await until_seen(stage, 30)
    assert [attempt for _, attempt in await stage.seen()] == list(range(30))


async def test_what_is_above_900_kib_is_refused_when_it_is_written(stage: Stage) -> None:
    envelope = len(NumberReserved(number="").model_dump_json())
    await stage.consumer(TAKES)
    await stage.relay()
    with pytest.raises(MessageTooLarge):
        await stage.send(*reserved(TASKS, "9" * (LARGEST_PAYLOAD - envelope + 1)))
    assert await stage.count("outbox") == 0
    largest = NumberReserved(number="9" * (LARGEST_PAYLOAD - envelope))
    await stage.send(Outgoing(TASKS, "13012345678", largest))
    await until_seen(stage, 1)


async def test_a_relay_stops_cleanly_also_while_no_broker_answers(stage: Stage) -> None:
    lonely = Relay(url=stage.url, kafka="127.0.0.1:1", outbox=stage.outbox, clock=stage.clock)
    await lonely.start()
    await stage.send(*reserved(TASKS, "13012345678"))
    await asyncio.wait_for(lonely.stop(), 10)
    assert await stage.count("outbox") == 1


def test_a_key_has_the_partition_that_every_other_kafka_client_gives_it() -> None:
    # From the tests of Kafka's own client (Utils.murmur2): 21 -> -973932308, foobar -> -790332482.
    expected: dict[str, Any] = {
        "21": -973932308,
        "foobar": -790332482,
        "a-little-bit-long-string": -985981536,
    }
    for key, murmur in expected.items():
        assert partition_of(key, 1 << 20) == (murmur & 0x7FFFFFFF) % (1 << 20)
