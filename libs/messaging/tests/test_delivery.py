"""A message is taken in once, with its effect, whatever happens on the way."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from libs.messaging import Handles, Outgoing, Work
from libs.messaging.dispatch import Dispatch
from libs.messaging.failures import TryAgain
from libs.messaging.tests.stage import NumberReleased, NumberReserved, Stage, remember, reserved, until
from libs.messaging.topics import dead_letters, tasks

TASKS = "gd.resource.tasks"


def to_tasks(node: str) -> str:
    return tasks(node, "resource")


TAKES = Handles(to_tasks, NumberReserved, remember)


async def until_seen(stage: Stage, count: int) -> list[tuple[str, int]]:
    async def enough() -> list[tuple[str, int]] | None:
        seen = await stage.seen()
        return seen if len(seen) >= count else None

    found = await until(enough, within=20)
    assert found is not None
    return found


async def test_what_is_sent_in_a_transaction_arrives_once(stage: Stage) -> None:
    await stage.consumer(TAKES)
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678", range(200)))

    assert await until_seen(stage, 200) == [("13012345678", attempt) for attempt in range(200)]
    await until(lambda: _empty(stage))
    assert await stage.count("inbox", "state = 'done'") == 200


async def test_a_rolled_back_transaction_sends_nothing(stage: Stage) -> None:
    await stage.consumer(TAKES)
    await stage.relay()
    with pytest.raises(ZeroDivisionError):
        await _send_and_fail(stage)
    await stage.send(*reserved(TASKS, "13011111111"))

    assert await until_seen(stage, 1) == [("13011111111", 0)]


async def _send_and_fail(stage: Stage) -> None:
    async with stage.unit() as work:
        work.send(*reserved(TASKS, "13000000000"))
        raise ZeroDivisionError


async def test_a_message_sent_twice_under_one_id_takes_effect_once(stage: Stage) -> None:
    await stage.consumer(TAKES)
    await stage.relay()
    twice = Outgoing(TASKS, "13012345678", NumberReserved(number="13012345678"), id="the-one")
    await stage.send(twice, twice)
    await stage.send(twice)
    await stage.send(*reserved(TASKS, "13012345678", [9]))

    assert await until_seen(stage, 2) == [("13012345678", 0), ("13012345678", 9)]


async def test_a_consumer_that_died_before_its_offsets_were_kept_repeats_nothing(stage: Stage) -> None:
    first = await stage.consumer(TAKES)
    await stage.relay()
    (client,) = first.kafka_consumers

    async def never(_: object) -> None:
        raise ConnectionError("the process dies here")

    client.commit = never
    await stage.send(*reserved(TASKS, "13012345678", range(10)))
    await until_seen(stage, 10)
    await first.stop()

    await stage.consumer(TAKES)
    await stage.send(*reserved(TASKS, "13012345678", [10]))
    assert await until_seen(stage, 11) == [("13012345678", attempt) for attempt in range(11)]


async def test_of_a_batch_with_one_bad_message_the_others_take_effect(stage: Stage) -> None:
    calls: list[int] = []

    async def picky(work: Work, messages: list[Any]) -> None:
        calls.append(len(messages))
        await remember(work, messages)
        work.send(Outgoing("gd.resource.results", "r", NumberReleased(number=str(len(messages)))))
        if any(message.data.number == "bad" for message in messages):
            raise ValueError("the number does not exist")

    async def told(work: Work, message: Any, reason: str) -> None:
        work.send(
            Outgoing("gd.resource.results", "r", NumberReleased(number=f"{message.data.number} {reason}"))
        )

    await stage.topics("gd.resource.results")
    await stage.send(
        *reserved(TASKS, "good", range(5)), *reserved(TASKS, "bad"), *reserved(TASKS, "fine", range(5))
    )
    await stage.topics(TASKS, partitions=1)
    relay = await stage.relay()
    await until(lambda: _empty(stage))
    await relay.stop()
    await stage.consumer(Handles(to_tasks, NumberReserved, picky, told))

    seen = await until_seen(stage, 10)
    assert seen == [("good", n) for n in range(5)] + [("fine", n) for n in range(5)]
    letter = await until(lambda: stage.db.fetchrow("SELECT * FROM dead_letters"))
    assert letter is not None
    assert (letter["reason"], letter["topic"], letter["key"]) == ("failed", TASKS, "bad")
    assert "the number does not exist" in letter["detail"]
    assert await stage.count("inbox", "state = 'dead'") == 1
    assert calls[0] == 11
    assert calls[1:] == [1] * 11
    answers = await stage.db.fetch("SELECT topic, payload FROM outbox ORDER BY id")
    assert sum(row["topic"] == "gd.resource.results" for row in answers) == 11
    assert [row["payload"] for row in answers if b"bad failed" in row["payload"]] == [
        b'{"number":"bad failed"}'
    ]
    assert sum(row["topic"] == dead_letters("gd", "resource") for row in answers) == 1


async def _empty(stage: Stage) -> bool:
    return await stage.count("outbox") == 0


async def test_a_dead_letter_counts_also_when_nobody_can_be_told(stage: Stage) -> None:
    async def fails(work: Work, messages: list[Any]) -> None:
        raise ValueError("always")

    async def told(work: Work, message: Any, reason: str) -> None:
        work.send(*reserved(TASKS, "not to be sent"))
        await work.tx.execute("SELECT nothing FROM nowhere")

    await stage.consumer(Handles(to_tasks, NumberReserved, fails, told))
    await stage.relay()
    await stage.send(*reserved(TASKS, "bad"))

    await until(lambda: stage.count("dead_letters"))
    assert await stage.count("dead_letters", "key = 'bad'") == await stage.count("dead_letters") == 1


def sends_too_much(work: Work, message: Any) -> None:
    work.send(Outgoing("gd.resource.results", "r", NumberReleased(number="9" * 1_000_000)))


def parks_what_cannot_be_written(work: Work, message: Any) -> None:
    work.park(message, "\0")


@pytest.mark.parametrize("sets_off", [sends_too_much, parks_what_cannot_be_written])
async def test_a_dead_letter_counts_also_when_what_it_sets_off_cannot_be_done(
    stage: Stage, sets_off: Callable[[Work, Any], None]
) -> None:
    async def picky(work: Work, messages: list[Any]) -> None:
        if any(message.data.number == "bad" for message in messages):
            raise ValueError("bad")
        await remember(work, messages)

    async def told(work: Work, message: Any, reason: str) -> None:
        sets_off(work, message)

    await stage.consumer(Handles(to_tasks, NumberReserved, picky, told))
    await stage.relay()
    await stage.send(*reserved(TASKS, "bad"), *reserved(TASKS, "good"))

    assert await until_seen(stage, 1) == [("good", 0)]
    await until(lambda: stage.count("dead_letters"))
    assert (
        await stage.db.fetchval("SELECT string_agg(reason || ' ' || key, ',') FROM dead_letters")
        == "failed bad"
    )


@pytest.mark.parametrize(
    "failure",
    [
        asyncpg.DeadlockDetectedError("deadlock detected"),
        asyncpg.SerializationError("could not serialize access"),
        asyncpg.TooManyConnectionsError("too many clients"),
        asyncpg.AdminShutdownError("terminating connection"),
        ConnectionResetError("peer"),
        TryAgain("the vault is sealed"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_failures_of_what_lies_under_us_never_count(stage: Stage, failure: Exception) -> None:
    tries = 0

    async def unlucky(work: Work, messages: list[Any]) -> None:
        nonlocal tries
        tries += 1
        await remember(work, messages)
        if tries < 4:
            raise failure

    await stage.consumer(Handles(to_tasks, NumberReserved, unlucky))
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678"))

    assert await until_seen(stage, 1) == [("13012345678", 0)]
    assert tries == 4
    assert await stage.count("dead_letters") == 0


async def test_a_connection_killed_under_a_handler_does_not_count(stage: Stage) -> None:
    killed = 0

    async def bereft(work: Work, messages: list[Any]) -> None:
        nonlocal killed
        await remember(work, messages)
        if killed < 2:
            killed += 1
            pid = await work.tx.fetchval("SELECT pg_backend_pid()")
            await stage.db.execute("SELECT pg_terminate_backend($1)", pid)
            await work.tx.fetchval("SELECT 1")

    await stage.consumer(Handles(to_tasks, NumberReserved, bereft))
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678", range(3)))

    assert [attempt for _, attempt in await until_seen(stage, 3)] == [0, 1, 2]
    assert killed == 2
    assert await stage.count("dead_letters") == 0


async def test_a_real_deadlock_is_tried_again(stage: Stage) -> None:
    """The handler and another transaction take two rows in opposite order; PostgreSQL ends one of them."""
    await stage.db.execute("CREATE TABLE tills (id int PRIMARY KEY); INSERT INTO tills VALUES (1), (2)")
    holds_first, holds_second = asyncio.Event(), asyncio.Event()
    tries = 0

    async def crosses(work: Work, messages: list[Any]) -> None:
        nonlocal tries
        tries += 1
        # The deadlock is to end this transaction, not the other.
        await work.tx.execute("SET LOCAL deadlock_timeout = '10ms'")
        await work.tx.execute("SELECT FROM tills WHERE id = 1 FOR UPDATE")
        holds_first.set()
        await holds_second.wait()
        await work.tx.execute("SELECT FROM tills WHERE id = 2 FOR UPDATE")
        await remember(work, messages)

    await stage.consumer(Handles(to_tasks, NumberReserved, crosses))
    await stage.relay()
    async with stage.db.transaction() as other:
        await other.execute("SET LOCAL deadlock_timeout = '60s'")
        await other.execute("SELECT FROM tills WHERE id = 2 FOR UPDATE")
        await stage.send(*reserved(TASKS, "13012345678"))
        await holds_first.wait()
        holds_second.set()
        await other.execute("SELECT FROM tills WHERE id = 1 FOR UPDATE")
    assert await until_seen(stage, 1) == [("13012345678", 0)]
    assert tries >= 2
    assert await stage.count("dead_letters") == 0


async def test_a_value_of_the_wrong_kind_is_the_messages_own_fault(stage: Stage) -> None:
    async def mistaken(work: Work, messages: list[Any]) -> None:
        await work.tx.execute(
            "INSERT INTO seen (type, number, attempt) VALUES ('x', 'y', $1)", "not a number"
        )

    await stage.consumer(Handles(to_tasks, NumberReserved, mistaken))
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678"))

    await until(lambda: stage.count("dead_letters"))
    assert await stage.db.fetchval("SELECT reason FROM dead_letters") == "failed"


async def test_what_a_handler_sends_goes_on_with_the_trace_of_its_message(stage: Stage) -> None:
    async def answers(work: Work, messages: list[Any]) -> None:
        work.send(Outgoing("gd.resource.results", "r", NumberReleased(number="1")))

    thread = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await stage.topics(TASKS)
    first = await stage.relay()
    await stage.send(Outgoing(TASKS, "k", NumberReserved(number="1"), traceparent=thread))
    await until(lambda: _empty(stage))
    await first.stop()
    await stage.consumer(Handles(to_tasks, NumberReserved, answers))

    sent = await until(lambda: stage.db.fetchval("SELECT traceparent FROM outbox"))
    assert sent == thread, "where nobody records, it is passed on as it came"


async def test_a_dead_letter_tells_what_failed_without_the_values(stage: Stage) -> None:
    await stage.db.execute("CREATE UNIQUE INDEX one_each ON seen (number)")
    await stage.consumer(TAKES)
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678", [1, 2]))

    detail = await until(lambda: stage.db.fetchval("SELECT detail FROM dead_letters"))
    assert "one_each" in detail
    assert "13012345678" not in detail


async def test_what_prepares_runs_before_the_transaction_and_its_failure_stops_nothing(stage: Stage) -> None:
    topic, prepared = "gd.resource.tasks", []

    async def prepare(runtime: Any, messages: list[Any]) -> None:
        assert await runtime.db.fetchval("SELECT count(*) FROM seen") == 0
        prepared.extend(message.data.attempt for message in messages)
        raise RuntimeError("nobody answers")

    await stage.relay()
    await stage.consumer(Handles(lambda _: topic, NumberReserved, remember, before=prepare))
    await stage.send(*reserved(topic, "13012345678", range(3)))
    await until(lambda: stage.count("seen", "attempt = 2"))
    assert prepared == [0, 1, 2]
    assert await stage.count("dead_letters") == 0


async def test_a_lane_that_is_stuck_does_not_hold_up_another(stage: Stage) -> None:
    reports, free = "gd.resource.reports", asyncio.Event()

    async def long(work: Work, messages: list[Any]) -> None:
        await free.wait()
        await remember(work, messages)

    await stage.relay()
    await stage.consumer(TAKES, Handles(lambda _: reports, NumberReserved, long, lane="reports"))
    await stage.send(*reserved(reports, "13000000001"))
    await stage.send(*reserved(TASKS, "13000000002"))
    try:
        assert await until_seen(stage, 1) == [("13000000002", 0)]
    finally:
        free.set()
    assert len(await until_seen(stage, 2)) == 2


def test_a_topic_has_one_lane() -> None:
    other = Handles(to_tasks, NumberReleased, remember, lane="reports")
    with pytest.raises(ValueError, match="two lanes"):
        Dispatch("gd", (TAKES, other))
