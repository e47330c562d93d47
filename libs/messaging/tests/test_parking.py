"""What comes too early waits by key, and is tried at the next change."""

from datetime import timedelta
from typing import Any

import pytest

from libs.clock import ManualClock
from libs.messaging import Handles, Outgoing, Work
from libs.messaging.tests.stage import NumberReleased, NumberReserved, Stage, remember, reserved, until
from libs.messaging.trim import trim

TASKS = "gd.resource.tasks"


class Till:
    """Numbers open at attempt 0; later attempts wait until the one before was taken."""

    def __init__(self) -> None:
        self.poisoned: set[int] = set()
        self.talkative: set[int] = set()
        """Attempts that make it send more than can be sent."""
        self.told: list[tuple[int, str]] = []

    async def take(self, work: Work, messages: list[Any]) -> None:
        for message in messages:
            seen = await work.tx.fetchval(
                "SELECT coalesce(max(attempt), -1) FROM seen WHERE number = $1", message.data.number
            )
            if message.data.attempt > seen + 1:
                work.park(message, f"number {message.data.number}")
                continue
            if message.data.attempt in self.poisoned:
                raise ValueError("it cannot be")
            if message.data.attempt in self.talkative:
                work.send(Outgoing("gd.resource.results", "r", NumberReleased(number="9" * 1_000_000)))
            await remember(work, [message])
            work.unpark(f"number {message.data.number}")

    async def tell(self, work: Work, message: Any, reason: str) -> None:
        self.told.append((message.data.attempt, reason))

    @property
    def handles(self) -> Handles:
        return Handles(lambda node: f"{node}.resource.tasks", NumberReserved, self.take, self.tell)


async def all_in(stage: Stage, count: int) -> None:
    async def enough() -> bool:
        return await stage.count("inbox") >= count

    await until(enough)


@pytest.mark.parametrize("order", [[3, 2, 1, 0], [1, 3, 2, 0], [2, 0, 3, 1]])
async def test_messages_that_come_in_the_wrong_order_take_effect_in_the_right_one(
    stage: Stage, order: list[int]
) -> None:
    await stage.consumer(Till().handles)
    await stage.relay()
    for attempt in order:
        await stage.send(*reserved(TASKS, "13012345678", [attempt]))
    await stage.send(*reserved(TASKS, "13087654321", [1]))
    await all_in(stage, 5)

    assert [attempt for number, attempt in await stage.seen() if number == "13012345678"] == [0, 1, 2, 3]
    assert await stage.count("parked") == 1
    assert await stage.db.fetchval("SELECT key FROM parked") == "number 13087654321"


async def test_a_change_outside_the_consumer_frees_what_waits_in_its_own_transaction(stage: Stage) -> None:
    await stage.consumer(Till().handles)
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678", [1]))
    await until(lambda: stage.count("parked"))

    with pytest.raises(ZeroDivisionError):
        await _open_the_number(stage, fail=True)
    assert await stage.count("parked") == 1
    await _open_the_number(stage, fail=False)
    assert await stage.count("parked") == 0
    assert await stage.seen() == [("13012345678", 0), ("13012345678", 1)]


async def _open_the_number(stage: Stage, *, fail: bool) -> None:
    async with stage.unit() as work:
        await work.tx.execute("INSERT INTO seen (type, number, attempt) VALUES ('x', '13012345678', 0)")
        work.unpark("number 13012345678")
        if fail:
            await work.finish()
            raise ZeroDivisionError


async def test_what_fails_when_it_is_freed_does_not_fail_what_freed_it(stage: Stage) -> None:
    till = Till()
    till.poisoned = {2}
    await stage.consumer(till.handles)
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678", [2, 1]))

    async def two() -> bool:
        return await stage.count("parked") == 2

    await until(two)
    await stage.send(*reserved(TASKS, "13012345678", [0]))
    await until(lambda: stage.count("dead_letters"))

    assert [attempt for _, attempt in await stage.seen()] == [0, 1]
    assert till.told == [(2, "failed")]
    assert await stage.count("inbox", "state = 'dead'") == 1
    assert await stage.count("parked") == 0


async def test_what_sends_too_much_when_it_is_freed_does_not_fail_what_freed_it(stage: Stage) -> None:
    till = Till()
    till.talkative = {1}
    await stage.consumer(till.handles)
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678", [1]))
    await until(lambda: stage.count("parked"))
    await stage.send(*reserved(TASKS, "13012345678", [0]))
    await until(lambda: stage.count("dead_letters"))

    assert [attempt for _, attempt in await stage.seen()] == [0]
    assert till.told == [(1, "failed")]
    assert await stage.count("inbox", "state = 'dead'") == 1


async def test_what_nothing_ever_frees_is_shown_to_an_operator(stage: Stage) -> None:
    await stage.consumer(Till().handles)
    relay = await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678", [5]))
    await until(lambda: stage.count("parked"))
    await relay.stop()
    assert isinstance(stage.clock, ManualClock)
    stage.clock.advance(timedelta(days=15))
    async with stage.db.connection() as connection:
        removed = await trim(connection, stage.clock.now(), stage.outbox)
    assert removed["parked"] == 1
    letter = await stage.db.fetchrow("SELECT * FROM dead_letters")
    assert letter is not None
    assert (letter["reason"], letter["key"]) == ("never-due", "13012345678")
    assert await stage.count("inbox", "state = 'dead'") == 1
    assert await stage.count("outbox") == 1


async def test_a_handler_that_parks_what_it_frees_does_not_go_in_circles(stage: Stage) -> None:
    calls = 0

    async def circles(work: Work, messages: list[Any]) -> None:
        nonlocal calls
        calls += 1
        for message in messages:
            work.park(message)
            work.unpark(message.key)
        work.send(Outgoing("gd.resource.results", "r", NumberReleased(number=str(calls))))

    await stage.consumer(Handles(lambda node: f"{node}.resource.tasks", NumberReserved, circles))
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678", [1, 2]))
    await all_in(stage, 2)
    assert await stage.count("parked") == 2
    assert 2 <= calls <= 4
