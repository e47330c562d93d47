"""What is measured, what is trimmed, and what happens when consumers come and go."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from libs.clock import ManualClock
from libs.messaging import Handles
from libs.messaging.consumer import Consumer
from libs.messaging.lag import lag_of, measure
from libs.messaging.tests.stage import NumberReserved, Stage, remember, reserved, until
from libs.messaging.topics import broadcast, dead_letters, downlink, events, results, tasks, uplink
from libs.messaging.trim import trim
from libs.telemetry.metrics import Metrics, Registry

TASKS = "gd.resource.tasks"
TAKES = Handles(lambda node: tasks(node, "resource"), NumberReserved, remember)


async def test_the_inbox_forgets_after_its_time_and_not_before(stage: Stage) -> None:
    await stage.consumer(TAKES)
    await stage.relay()
    await stage.send(*reserved(TASKS, "13012345678", range(20)))
    await until(lambda: stage.count("seen", "attempt = 19"))
    assert isinstance(stage.clock, ManualClock)
    for days, left in ((30, 20), (2, 0)):
        stage.clock.advance(timedelta(days=days))
        async with stage.db.connection() as connection:
            await trim(connection, stage.clock.now(), stage.outbox)
        assert await stage.count("inbox") == left
    assert await stage.count("seen") == 20


async def test_depth_and_lag_are_measured(stage: Stage) -> None:
    registry = Registry()
    metrics = Metrics("gd", "resource", registry)
    consumer = await stage.consumer(TAKES)
    await stage.send(*reserved(TASKS, "13012345678", range(3)))
    await measure(stage.db, consumer, stage.prefix, metrics)
    assert 'unicrm_outbox_depth{node="gd",service="resource"} 3.0' in registry.render()[0].decode()

    await stage.relay()
    await until(lambda: stage.count("seen", "attempt = 2"))
    await measure(stage.db, consumer, stage.prefix, metrics)
    text = registry.render()[0].decode()
    assert 'unicrm_outbox_depth{node="gd",service="resource"} 0.0' in text
    assert 'topic="gd.resource.tasks"} 0.0' in text.replace(',partition="0"', "").replace(
        'partition="0",', ""
    )
    assert set(lag_of(consumer).values()) == {0}


async def test_a_second_consumer_shares_the_work_and_nothing_is_done_twice(stage: Stage) -> None:
    await stage.consumer(TAKES)
    await stage.relay()
    keys = [f"1301234{n:04}" for n in range(20)]

    async def send(attempts: range) -> None:
        for attempt in attempts:
            await stage.send(*(message for key in keys for message in reserved(TASKS, key, [attempt])))

    async def done(attempts: int) -> None:
        async def all_there() -> bool:
            return await stage.count("seen") >= attempts * len(keys)

        await until(all_there, within=30)

    await send(range(10))
    second = Consumer(stage.as_runtime)
    await second.start()
    await send(range(10, 20))
    await second.until_joined()
    await send(range(20, 30))
    await done(30)
    await second.stop()
    await send(range(30, 40))
    await done(40)

    by_key: dict[str, list[int]] = {}
    for number, attempt in await stage.seen():
        by_key.setdefault(number, []).append(attempt)
    assert by_key == {key: list(range(40)) for key in keys}


async def test_services_of_one_node_each_take_in_what_they_listen_to(
    stage: Stage, another: Callable[[str], Awaitable[Stage]]
) -> None:
    fault, sla = await another("fault"), await another("sla")
    listens = Handles(lambda node: events(node, "customer"), NumberReserved, remember)
    await fault.consumer(listens)
    await sla.consumer(listens)
    await stage.relay()
    await stage.send(*reserved("gd.customer.events", "13012345678", [1, 2]))
    for service in (fault, sla):
        await until(lambda service=service: service.count("seen", "attempt = 2"))  # type: ignore[misc]
        assert [attempt for _, attempt in await service.seen()] == [1, 2]


async def test_a_service_that_listens_to_nothing_here_has_nothing_to_join(stage: Stage) -> None:
    consumer = await stage.consumer(Handles(lambda node: (), NumberReserved, remember))
    assert consumer.joined
    assert lag_of(consumer) == {}


def test_the_names_of_topics() -> None:
    assert tasks("gd", "resource") == "gd.resource.tasks"
    assert results("gd", "order-acceptance") == "gd.order-acceptance.results"
    assert uplink("bj", "work-orders") == "bj.uplink.work-orders"
    assert downlink("gd", "control") == "gd.downlink.control"
    assert broadcast(events("gd", "customer"))
    assert broadcast(downlink("gd", "control"))
    assert broadcast(dead_letters("gd", "sla"))
    assert not broadcast(tasks("gd", "resource"))
    assert broadcast(uplink("gd", "customer-data"))
    assert not broadcast(uplink("gd", "work-orders"))
