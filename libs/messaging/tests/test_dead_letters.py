"""Dead letters are announced, listed, shown, mended and replayed."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from libs.clock import ManualClock
from libs.messaging import Handles, Outgoing, Work
from libs.messaging.dead_letter_store import AlreadyReplayed, DeadLetters, NoSuchDeadLetter, ReplayFailed
from libs.messaging.dead_letters import DeadLetterAnnounced
from libs.messaging.dispatch import Dispatch
from libs.messaging.tests.stage import NODE, NumberReleased, NumberReserved, Stage, remember, reserved, until
from libs.messaging.trim import trim

TASKS = "gd.resource.tasks"
RESULTS = "gd.resource.results"


class Shop:
    """A handler that refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.refused = {"bad"}

    async def take(self, work: Work, messages: list[Any]) -> None:
        await remember(work, messages)
        work.send(
            *(Outgoing(RESULTS, "r", NumberReleased(number=message.data.number)) for message in messages)
        )
        if any(message.data.number in self.refused for message in messages):
            raise ValueError("no such number")

    @property
    def handles(self) -> Handles:
        return Handles(lambda node: f"{node}.resource.tasks", NumberReserved, self.take)


async def one_dead_letter(stage: Stage, shop: Shop, *, number: str = "bad") -> str:
    await stage.consumer(shop.handles)
    await stage.topics(RESULTS)
    await stage.relay()
    await stage.send(Outgoing(TASKS, number, NumberReserved(number=number), subject="tills/7"))
    id = await until(lambda: stage.db.fetchval("SELECT id FROM dead_letters"))
    return str(id)


async def test_a_replay_has_the_effect_and_only_once(stage: Stage) -> None:
    shop = Shop()
    id = await one_dead_letter(stage, shop)
    letters = DeadLetters(stage.as_runtime)
    assert await stage.seen() == []

    shop.refused.clear()
    await letters.replay(id, "supervisor-1")

    assert await stage.seen() == [("bad", 0)]
    assert await stage.db.fetchval("SELECT state FROM inbox") == "done"
    row = await letters.show(id)
    assert (row["state"], row["replayed_by"], row["replayed"]) == (
        "replayed",
        "supervisor-1",
        stage.clock.now(),
    )
    with pytest.raises(AlreadyReplayed):
        await letters.replay(id, "supervisor-1")
    with pytest.raises(NoSuchDeadLetter):
        await letters.replay("nobody", "supervisor-1")
    assert await stage.seen() == [("bad", 0)]


async def test_a_replay_that_fails_changes_nothing_but_the_count(stage: Stage) -> None:
    id = await one_dead_letter(stage, Shop())
    letters = DeadLetters(stage.as_runtime)
    with pytest.raises(ReplayFailed, match="no such number"):
        await letters.replay(id, "supervisor-1")
    row = await letters.show(id)
    assert (row["state"], row["attempts"]) == ("dead", 1)
    assert await stage.seen() == []
    assert await stage.db.fetchval("SELECT state FROM inbox") == "dead"


async def test_a_mended_letter_keeps_its_original_beside_it(stage: Stage) -> None:
    id = await one_dead_letter(stage, Shop())
    letters = DeadLetters(stage.as_runtime)
    await letters.mend(id, b'{"number": "still wrong"')
    with pytest.raises(ReplayFailed, match="unparsable"):
        await letters.replay(id, "supervisor-1")
    await letters.mend(id, b'{"number": "13012345678"}')
    await letters.replay(id, "supervisor-1")

    row = await letters.show(id)
    assert (row["payload"], row["original_payload"]) == (
        b'{"number": "13012345678"}',
        b'{"number":"bad","attempt":0}',
    )
    assert await stage.seen() == [("13012345678", 0)]


async def test_a_dead_letter_sent_again_under_its_id_is_not_taken_in(stage: Stage) -> None:
    shop = Shop()
    id = await one_dead_letter(stage, shop)
    shop.refused.clear()
    ce_id = await stage.db.fetchval("SELECT ce_id FROM dead_letters WHERE id = $1", id)
    await stage.send(Outgoing(TASKS, "bad", NumberReserved(number="bad"), id=ce_id))
    await stage.send(*reserved(TASKS, "bad", [1]))
    await until(lambda: stage.count("seen"))
    assert await stage.seen() == [("bad", 1)]


async def test_a_letter_is_replayed_whatever_its_age_also_after_the_inbox_forgot(stage: Stage) -> None:
    shop = Shop()
    id = await one_dead_letter(stage, shop)
    shop.refused.clear()
    assert isinstance(stage.clock, ManualClock)
    stage.clock.advance(timedelta(days=200))
    async with stage.db.connection() as connection:
        await trim(connection, stage.clock.now(), stage.outbox)
    assert await stage.count("inbox", "state = 'dead'") == 1
    await DeadLetters(stage.as_runtime).replay(id, "supervisor-1")
    assert await stage.seen() == [("bad", 0)]


async def test_a_type_unknown_when_it_came_is_replayed_once_it_is_known(stage: Stage) -> None:
    shop = Shop()
    await stage.consumer(shop.handles)
    await stage.relay()
    await stage.send(Outgoing(TASKS, "1", NumberReleased(number="13012345678")))
    id = await until(lambda: stage.db.fetchval("SELECT id FROM dead_letters"))
    with pytest.raises(ReplayFailed, match="nobody takes"):
        await DeadLetters(stage.as_runtime).replay(id, "supervisor-1")

    stage.dispatch = Dispatch(
        NODE, [Handles(lambda node: f"{node}.resource.tasks", NumberReleased, remember)]
    )
    await DeadLetters(stage.as_runtime).replay(id, "supervisor-1")
    assert await stage.seen() == [("13012345678", 0)]


async def test_what_could_not_be_sent_is_sent_by_its_replay(
    stage: Stage, another: Callable[[str], Awaitable[Stage]]
) -> None:
    fault = await another("fault")
    await stage.topics("gd.resource.dead-letters")
    await stage.relay()
    await stage.send(Outgoing("no topic!", "k", NumberReserved(number="13012345678"), id="first"))
    id = await until(lambda: stage.db.fetchval("SELECT id FROM dead_letters"))
    await fault.consumer(Handles(lambda node: f"{node}.resource.tasks", NumberReserved, remember))
    await stage.db.execute("UPDATE dead_letters SET topic = $1", TASKS)

    await DeadLetters(stage.as_runtime).replay(str(id), "supervisor-1")
    await until(lambda: fault.count("seen"))
    assert await fault.count("inbox", "ce_id = 'first' AND source = '/gd/resource'") == 1


async def test_a_dead_letter_is_announced_without_its_content(stage: Stage) -> None:
    id = await one_dead_letter(stage, Shop())
    listener = AIOKafkaConsumer(
        f"{stage.prefix}gd.resource.dead-letters",
        bootstrap_servers=stage.settings.kafka,
        auto_offset_reset="earliest",
    )
    await listener.start()
    try:
        record = await listener.getone()
    finally:
        await listener.stop()
    headers = dict(record.headers)
    announced = DeadLetterAnnounced.model_validate_json(record.value or b"")
    assert headers["ce_type"] == b"unicrm.dead-letter.v1"
    assert (announced.id, announced.reason, announced.topic, announced.key) == (id, "failed", TASKS, "bad")
    assert announced.message_source == "/gd/resource"


async def test_dead_letters_are_listed_newest_first_by_page_and_filter(stage: Stage) -> None:
    shop = Shop()
    shop.refused = {f"n{i}" for i in range(5)}
    await stage.consumer(shop.handles)
    await stage.topics(RESULTS)
    await stage.relay()
    await stage.send(*(message for i in range(5) for message in reserved(TASKS, f"n{i}")))
    await stage.send(Outgoing(TASKS, "x", NumberReleased(number="1")))

    async def six() -> bool:
        return await stage.count("dead_letters") == 6

    await until(six)
    letters = DeadLetters(stage.as_runtime)
    total, rows = await letters.list({}, 0, 4)
    assert total == 6
    assert len(rows) == 4
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    total, rows = await letters.list({"reason": "failed", "topic": TASKS}, 4, 4)
    assert (total, len(rows)) == (5, 1)
    total, rows = await letters.list({"ce_type": "test.number-released.v1", "state": "dead"})
    assert (total, rows[0]["reason"]) == (1, "unknown-type")
    assert await letters.list({"key": "n3", "state": "replayed"}) == (0, [])
