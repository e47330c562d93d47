"""Queues by number, and the one judge of the deadline on both sides of the send."""

from datetime import timedelta

import pytest

from contracts.work_orders import Forward
from services.hq_router.holding import release
from services.hq_router.tests.nodes import Nodes, fresh_number

AWAY = timedelta(seconds=61)


async def send(nodes: Nodes, home: str, number: str, origin: str = "bj", **given: object) -> Forward:
    """A forward for a number that lives at `home`; returns when the router has it."""
    forward = nodes.forward(number, origin=origin, route_type="node", route_value=home, **given)
    await nodes.taken_in(await nodes.send(forward, origin))
    return forward


async def state(nodes: Nodes, forward: Forward) -> tuple[str, str | None]:
    line = await nodes.ledger(forward)
    return line["state"], line["held_because"]


async def test_later_ones_of_a_number_queue_behind_the_held_one_in_their_order(nodes: Nodes) -> None:
    number, other = fresh_number(), fresh_number()
    first = await send(nodes, "hn", number, version=9)
    await nodes.forwarded(first, "hn")
    await nodes.taken_in(await nodes.send(nodes.outcome(first, "hn", "version-unknown"), "hn"))
    second = await send(nodes, "hn", number, business="pay")
    third = await send(nodes, "hn", number, origin="sh")
    alone = await send(nodes, "hn", other)
    assert await state(nodes, first) == ("held", "version-unknown")
    assert await state(nodes, second) == ("held", "queued")
    assert await state(nodes, third) == ("held", "queued")
    assert await state(nodes, alone) == ("sent", None)
    await nodes.router.tick("release-held")
    assert await state(nodes, second) == ("held", "queued")
    await nodes.pass_time(timedelta(minutes=5))
    await nodes.router.tick("release-held")
    await nodes.forwarded(third, "hn")
    assert await nodes.order_of_arrival("hn", number) == [
        one.origin_transaction for one in (first, first, second, third)
    ]


async def test_the_end_of_the_first_lets_the_next_one_go(nodes: Nodes) -> None:
    number = fresh_number()
    first = await send(nodes, "hn", number, version=9, deadline=nodes.now + timedelta(minutes=1))
    await nodes.taken_in(await nodes.send(nodes.outcome(first, "hn", "version-unknown"), "hn"))
    second = await send(nodes, "hn", number)
    assert await state(nodes, second) == ("held", "queued")
    await nodes.pass_time(timedelta(minutes=2))
    await nodes.router.tick("release-held")
    assert (await nodes.told(first))[-1]["reasons"][0]["code"] == "deadline-passed"
    await nodes.forwarded(second, "hn")


async def test_more_than_a_batch_is_let_go_in_its_order(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "RELEASED_AT_ONCE", 5)
    await nodes.pass_time(AWAY, silent=["hn"])
    number = fresh_number()
    many = [nodes.forward(number, route_type="node", route_value="hn") for _ in range(13)]
    ids = [await nodes.send(one, "bj") for one in many]
    await nodes.taken_in(ids[-1])
    await nodes.beat("hn")
    await nodes.router.tick("release-held")
    await nodes.forwarded(many[-1], "hn")
    assert await nodes.order_of_arrival("hn", number) == [one.origin_transaction for one in many]


async def test_before_the_send_the_router_judges_the_deadline_and_after_it_only_home(nodes: Nodes) -> None:
    deadline = nodes.now + timedelta(minutes=30)
    sent = await send(nodes, "hn", fresh_number(), deadline=deadline)
    await nodes.pass_time(AWAY, silent=["hn"])
    held = await send(nodes, "hn", fresh_number(), deadline=deadline)
    await nodes.pass_time(timedelta(hours=1), silent=["hn"])
    await nodes.router.tick("release-held")
    (told,) = await nodes.told(held)
    assert (told["state"], told["reasons"][0]["code"]) == ("rejected", "deadline-passed")
    await nodes.beat("hn")
    await nodes.router.tick("release-held")
    assert await nodes.order_of_arrival("hn", str(held.number)) == []
    assert await state(nodes, sent) == ("sent", None)
    await nodes.send(nodes.outcome(sent, "hn", "completed"), "hn")
    assert [one["state"] for one in await nodes.told(sent)] == ["completed"]


async def test_a_duplicate_of_what_is_held_is_told_so_and_not_sent(nodes: Nodes) -> None:
    await nodes.pass_time(AWAY, silent=["hn"])
    forward = await send(nodes, "hn", fresh_number())
    await nodes.taken_in(await nodes.send(forward, "bj"))
    (told,) = await nodes.told(forward)
    assert (told["state"], told["duplicate"]) == ("in-progress", True)
    assert await state(nodes, forward) == ("held", "node-silent")


async def test_what_is_held_keeps_its_accounting_day_over_midnight(nodes: Nodes) -> None:
    await nodes.pass_time(AWAY, silent=["hn"])
    forward = await send(nodes, "hn", fresh_number())
    await nodes.pass_time(timedelta(hours=30), silent=["hn"])
    await nodes.beat("hn")
    down = await nodes.forwarded(forward, "hn")
    assert down.data["accountingDay"] == forward.accounting_day.isoformat()
    await nodes.send(nodes.outcome(forward, "hn", "completed"), "hn")
    await nodes.told(forward)
    line = await nodes.ledger(forward)
    assert (line["accounting_day"], line["late"]) == (forward.accounting_day, True)


async def test_what_does_not_open_is_found_when_it_comes_and_not_when_it_would_go(nodes: Nodes) -> None:
    await nodes.pass_time(AWAY, silent=["gd"])
    broken = nodes.forward(fresh_number(), sealed=nodes.sealed(b"{}")[:-8] + "AAAAAAAA")
    assert (await nodes.dead(await nodes.send(broken, "bj"))).startswith("Undecipherable: ")
    assert await nodes.ledger(broken) is None
