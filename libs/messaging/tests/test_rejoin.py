"""A process with a name takes its place in the group again: its partitions do not wait for the broker to miss it."""

import time
from collections.abc import Awaitable, Callable

from libs.messaging import Handles
from libs.messaging.consumer import Consumer
from libs.messaging.tests.stage import NumberReserved, Stage, remember, reserved, until
from libs.messaging.topics import tasks

TASKS = "gd.resource.tasks"
TAKES = Handles(lambda node: tasks(node, "resource"), NumberReserved, remember)
NUMBERS = [f"1300000{last:04d}" for last in range(40)]


async def started(stage: Stage, name: str) -> Consumer:
    """The consumer of a process of this name. A named one never takes leave: its stop is as sudden as a kill."""
    stage.settings.instance = name
    return await stage.consumer(TAKES)


def holds_all(*consumers: Consumer) -> Callable[[], Awaitable[bool]]:
    async def both_partitions() -> bool:
        held = [len(client.assignment()) for one in consumers for client in one.kafka_consumers]
        return sum(held) == 2

    return both_partitions


async def all_seen(stage: Stage, count: int) -> bool:
    return len(await stage.seen()) == count


async def test_what_was_killed_goes_on_as_soon_as_it_is_back(stage: Stage) -> None:
    await stage.relay()
    first = await started(stage, "gd")
    await until(holds_all(first))
    await first.stop()
    await stage.send(*(one for number in NUMBERS for one in reserved(TASKS, number)))

    began = time.monotonic()
    await started(stage, "gd")
    await until(lambda: all_seen(stage, len(NUMBERS)))
    assert time.monotonic() - began < 3


async def test_of_two_processes_one_is_killed_and_comes_back_while_the_other_works(stage: Stage) -> None:
    await stage.relay()
    one, two = await started(stage, "resource-1"), await started(stage, "resource-2")
    await until(lambda: _one_each(one, two))
    await two.stop()

    began = time.monotonic()
    again = await started(stage, "resource-2")
    await stage.send(*(message for number in NUMBERS for message in reserved(TASKS, number)))
    await until(lambda: all_seen(stage, len(NUMBERS)))
    assert time.monotonic() - began < 3
    assert await _one_each(one, again)


async def test_who_does_not_come_back_is_missed_and_another_takes_over(stage: Stage) -> None:
    await stage.relay()
    one, two = await started(stage, "resource-1"), await started(stage, "resource-2")
    await until(lambda: _one_each(one, two))
    await two.stop()
    await stage.send(*(message for number in NUMBERS for message in reserved(TASKS, number)))
    await until(lambda: all_seen(stage, len(NUMBERS)), within=30)
    await until(holds_all(one))


async def _one_each(*consumers: Consumer) -> bool:
    return all([len(client.assignment()) for client in one.kafka_consumers] == [1] for one in consumers)
