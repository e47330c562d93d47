"""Notifications arrive although listeners are slow, away or stubborn, and although we fall over."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from libs.tmf.hub.rules import FIRST, LONGEST, MOST_REFUSALS, PATIENCE
from libs.tmf.tests.conftest import Ask
from tests.engines import eventually
from tests.listening import Listener, listening

Make = Callable[..., Awaitable[dict[str, Any]]]
SUPERVISOR = {"role": "supervisor"}


@pytest.fixture
def subscribe(ask: Ask) -> Callable[..., Awaitable[str]]:
    async def made(callback: str, query: str = "") -> str:
        answer = await ask("POST", "hub", json={"callback": callback, "query": query}, **SUPERVISOR)
        assert answer.status_code == 201, answer.text
        id: str = answer.json()["id"]
        return id

    return made


@pytest.fixture
def sizes(ask: Ask) -> Callable[..., Awaitable[None]]:
    """Give a gadget one size after another."""

    async def change(id: str, *sizes: int) -> None:
        for size in sizes:
            answer = await ask("PATCH", f"gadget/{id}", json={"size": size})
            assert answer.status_code == 200

    return change


def seen(listener: Listener, id: str) -> list[int]:
    return [body["event"]["gadget"]["size"] for body in listener.taken if body["event"]["gadget"]["id"] == id]


async def waits(store: Any, id: str) -> int:
    count: int = await store.db.fetchval("SELECT count(*) FROM hub_deliveries WHERE subscription = $1", id)
    return count


async def failures(store: Any, id: str) -> int:
    return int(await store.db.fetchval("SELECT failures FROM hub_subscriptions WHERE id = $1", id))


async def failed(store: Any, id: str, times: int) -> None:
    await eventually(lambda: _at_least(store, id, times))


async def _at_least(store: Any, id: str, times: int) -> bool:
    return await failures(store, id) >= times


async def test_a_listener_that_was_away_hears_everything_in_its_order(
    make: Make, sizes: Any, store: Any, subscribe: Any, listener: Listener
) -> None:
    id = await subscribe(listener.url)
    one, two = await make(name="one", size=0), await make(name="two", size=0)
    await eventually(lambda: len(listener.taken) == 2)
    listener.answer = lambda body: 503
    await asyncio.gather(sizes(one["id"], 1, 2, 3), sizes(two["id"], 1, 2, 3))
    await failed(store, id, 1)
    # It rests between attempts: the clock of business has to go on before there is another one.
    heard = len(listener.heard)
    store.clock.advance(FIRST)
    await failed(store, id, 2)
    assert heard < len(listener.heard) <= heard + 2
    listener.answer = lambda body: 200
    store.clock.advance(LONGEST)
    await eventually(lambda: len(listener.taken) == 8)
    assert seen(listener, one["id"]) == [0, 1, 2, 3]
    assert seen(listener, two["id"]) == [0, 1, 2, 3]
    assert await failures(store, id) == 0


async def test_the_same_event_sent_again_has_the_same_id(
    make: Make, store: Any, subscribe: Any, listener: Listener
) -> None:
    id = await subscribe(listener.url)
    listener.answer = lambda body: 500
    await make()
    await failed(store, id, 1)
    listener.answer = lambda body: 204
    store.clock.advance(LONGEST)
    await eventually(lambda: listener.taken)
    assert len({body["eventId"] for body in listener.heard}) == 1 < len(listener.heard)


async def test_a_slow_listener_and_a_dead_one_delay_nobody_else(
    make: Make, sizes: Any, store: Any, subscribe: Any, listener: Listener, other: Listener
) -> None:
    async with listening() as dead:
        pass
    listener.delay = 1.0
    gone = await subscribe(dead.url)
    await subscribe(listener.url)
    await subscribe(other.url)
    gadget = await make(size=0)
    await sizes(gadget["id"], *range(1, 30))
    await eventually(lambda: len(other.taken) == 30)
    assert seen(other, gadget["id"]) == list(range(30))
    assert len(listener.taken) < 10
    await failed(store, gone, 1)
    assert await waits(store, gone) == 30


async def test_a_notification_that_is_refused_holds_up_its_own_record_only_and_is_given_up_in_the_end(
    make: Make, sizes: Any, store: Any, subscribe: Any, listener: Listener
) -> None:
    id = await subscribe(listener.url)
    one, two = await make(name="one", size=0), await make(name="two", size=0)
    await eventually(lambda: len(listener.taken) == 2)
    listener.answer = lambda body: (
        422 if body["event"]["gadget"] | {"size": 1} == body["event"]["gadget"] else 200
    )
    await sizes(one["id"], 1, 2)
    await sizes(two["id"], 2, 3)
    await eventually(lambda: seen(listener, two["id"]) == [0, 2, 3])
    assert seen(listener, one["id"]) == [0]
    for attempt in range(1, MOST_REFUSALS):
        await eventually(lambda n=attempt: len(listener.heard) >= 5 + n - 1)
        await eventually(lambda n=attempt: _attempts(store, n))
        store.clock.advance(LONGEST)
    await eventually(lambda: seen(listener, one["id"]) == [0, 2])
    dead = await store.db.fetch(
        "SELECT state, reason, attempts FROM hub_deliveries WHERE subscription = $1", id
    )
    assert [tuple(row) for row in dead] == [("dead", "HTTP 422", MOST_REFUSALS)]


async def _attempts(store: Any, at_least: int) -> bool:
    return bool(await store.db.fetchval("SELECT max(attempts) >= $1 FROM hub_deliveries", at_least))


async def test_a_listener_that_is_gone_for_days_is_given_up_and_comes_back_by_registering_again(
    make: Make, sizes: Any, store: Any, subscribe: Any, listener: Listener
) -> None:
    id = await subscribe(listener.url)
    listener.answer = lambda body: 404
    gadget = await make(size=0)
    await sizes(gadget["id"], 1)
    await failed(store, id, 1)
    store.clock.advance(PATIENCE - timedelta(minutes=1))
    await failed(store, id, 2)
    store.clock.advance(timedelta(minutes=11))
    assert await eventually(
        lambda: store.db.fetchval("SELECT state = 'ended' FROM hub_subscriptions WHERE id = $1", id)
    )
    rows = await store.db.fetch("SELECT state, reason FROM hub_deliveries")
    assert [tuple(row) for row in rows] == [("dead", "HTTP 404")] * 2
    await sizes(gadget["id"], 2)
    assert await waits(store, id) == 2
    listener.answer = lambda body: 200
    assert await subscribe(listener.url) == id
    await sizes(gadget["id"], 3)
    await eventually(lambda: seen(listener, gadget["id"]) == [0, 1, 3])


async def test_what_was_committed_before_a_crash_is_told_after_it(
    bench: Any, make: Make, sizes: Any, store: Any, subscribe: Any, listener: Listener
) -> None:
    id = await subscribe(listener.url)
    gadget = await make(size=0)
    await eventually(lambda: len(listener.taken) == 1)
    listener.delay = 30.0
    await sizes(gadget["id"], 1)
    # The process ends while a notification is on its way; nobody gave the subscription back.
    await eventually(lambda: _held(store, id))
    await store.stop()
    listener.delay = 0.0
    store.clock.advance(timedelta(minutes=2))
    await store.start()
    await sizes(gadget["id"], 2)
    await eventually(lambda: seen(listener, gadget["id"]) == [0, 1, 2])


async def _held(store: Any, id: str) -> bool:
    return bool(
        await store.db.fetchval("SELECT held_until IS NOT NULL FROM hub_subscriptions WHERE id = $1", id)
    )


async def test_a_listener_is_served_by_one_process_at_a_time(
    make: Make, sizes: Any, store: Any, subscribe: Any, listener: Listener
) -> None:
    from libs.tmf.hub.courier import Courier

    await subscribe(listener.url)
    others = [Courier(store.runtime, store.service.hubs) for _ in range(3)]
    for one in others:
        await one.start()
    try:
        gadget = await make(size=0)
        await sizes(gadget["id"], *range(1, 40))
        await eventually(lambda: len(listener.taken) >= 40)
    finally:
        for one in others:
            await one.stop()
    assert seen(listener, gadget["id"]) == list(range(40))
