"""Copies that ask after silence: the ledger asks home, an acceptance node asks the ledger."""

from datetime import timedelta
from typing import Any

from contracts.control import NotReceived, StateAsked
from contracts.work_orders import Forward
from services.hq_router.tests.nodes import Nodes, fresh_number
from tests.topics import Published

QUIET = timedelta(minutes=5)
HOME = "nm"


async def sent(nodes: Nodes, **given: Any) -> Forward:
    forward = nodes.forward(fresh_number(), route_type="node", route_value=HOME, **given)
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, HOME)
    return forward


async def asked(nodes: Nodes, forward: Forward, times: int = 1) -> list[Published]:
    """So many questions after a forward, as its home has them."""
    return await nodes.router.topics.wait(
        f"{HOME}.downlink.work-orders", times, where=lambda one: _asks(one, forward)
    )


async def questions(nodes: Nodes, forward: Forward) -> int:
    lying = await nodes.router.topics.read(f"{HOME}.downlink.work-orders")
    return sum(1 for one in lying if _asks(one, forward))


def _asks(one: Published, forward: Forward) -> bool:
    return one.type == StateAsked.ce_type and one.data["originTransaction"] == forward.origin_transaction


def question(nodes: Nodes, forward: Forward, **given: Any) -> StateAsked:
    usual = {
        "origin": forward.origin,
        "origin_transaction": forward.origin_transaction,
        "number": forward.number,
        "asked_by": forward.origin,
        "at": nodes.now,
    }
    return StateAsked(**{**usual, **given})


async def test_the_ledger_asks_home_after_five_minutes_of_silence_and_again_after_five_more(
    nodes: Nodes,
) -> None:
    forward = await sent(nodes)
    await nodes.pass_time(QUIET - timedelta(seconds=1))
    await nodes.router.tick("ask-quiet")
    assert await questions(nodes, forward) == 0
    await nodes.pass_time(timedelta(seconds=1))
    await nodes.router.tick("ask-quiet")
    await nodes.router.tick("ask-quiet")
    (one,) = await asked(nodes, forward)
    assert one.key == forward.number
    assert (one.data["askedBy"], one.data["home"], one.data["sequence"]) == ("hq", HOME, 0)
    await nodes.pass_time(QUIET)
    await nodes.router.tick("ask-quiet")
    await asked(nodes, forward, 2)


async def test_what_its_home_keeps_for_its_time_is_asked_after_once_a_day_until_then(nodes: Nodes) -> None:
    due = nodes.now + timedelta(days=3)
    forward = await sent(nodes, deadline=due + timedelta(hours=72))
    await nodes.pass_time(QUIET)
    await nodes.router.tick("ask-quiet")
    await asked(nodes, forward)
    for day in range(2):
        await nodes.send(nodes.outcome(forward, HOME, "in-progress", 1, duplicate=True), HOME)
        await nodes.told(forward, day + 1)
        assert (await nodes.ledger(forward))["ask_at"] == nodes.now + timedelta(days=1)
        await nodes.pass_time(timedelta(days=1))
        await nodes.router.tick("ask-quiet")
        await asked(nodes, forward, day + 2)
    await nodes.send(nodes.outcome(forward, HOME, "in-progress", 1, duplicate=True), HOME)
    await nodes.told(forward, 3)
    assert (await nodes.ledger(forward))["ask_at"] == due
    await nodes.pass_time(due - nodes.now)
    await nodes.send(nodes.outcome(forward, HOME, "in-progress", 1, duplicate=True), HOME)
    await nodes.told(forward, 4)
    assert (await nodes.ledger(forward))["ask_at"] == nodes.now + QUIET


async def test_whoever_has_been_heard_is_not_asked(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.pass_time(QUIET - timedelta(seconds=1))
    await nodes.send(nodes.outcome(forward, HOME, "in-progress", 3), HOME)
    await nodes.told(forward)
    await nodes.pass_time(timedelta(seconds=2))
    await nodes.router.tick("ask-quiet")
    assert await questions(nodes, forward) == 0
    await nodes.send(nodes.outcome(forward, HOME, "completed", 4), HOME)
    await nodes.told(forward, 2)
    await nodes.pass_time(timedelta(hours=1))
    await nodes.router.tick("ask-quiet")
    assert await questions(nodes, forward) == 0


async def test_a_silent_home_is_asked_once_it_is_heard(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.pass_time(timedelta(hours=1), silent=[HOME])
    await nodes.router.tick("ask-quiet")
    assert await questions(nodes, forward) == 0
    await nodes.beat(HOME)
    await nodes.router.tick("ask-quiet")
    await asked(nodes, forward)


async def test_an_end_that_got_lost_is_found_by_asking(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.pass_time(QUIET)
    await nodes.router.tick("ask-quiet")
    await asked(nodes, forward)
    await nodes.send(nodes.outcome(forward, HOME, "completed", 9, duplicate=True), HOME)
    (told,) = await nodes.told(forward)
    assert (told["state"], told["sequence"]) == ("completed", 9)
    assert (await nodes.ledger(forward))["state"] == "ended"


async def test_an_acceptance_nodes_question_goes_home_and_the_answer_comes_back(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.send(nodes.outcome(forward, HOME, "in-progress", 3), HOME)
    await nodes.told(forward)
    await nodes.send(question(nodes, forward), "bj")
    (one,) = await asked(nodes, forward)
    assert (one.data["askedBy"], one.data["home"]) == ("bj", HOME)
    trail = await nodes.trail(forward)
    await nodes.send(nodes.outcome(forward, HOME, "in-progress", 3, duplicate=True), HOME)
    told = await nodes.told(forward, 2)
    assert [one["sequence"] for one in told] == [3, 3]
    assert await nodes.trail(forward) == trail, "a question and its answer leave no trail"


async def test_of_what_is_held_or_ended_the_ledger_itself_answers(nodes: Nodes) -> None:
    over = await sent(nodes)
    await nodes.send(nodes.outcome(over, HOME, "completed", 5), HOME)
    (first,) = await nodes.told(over)
    await nodes.pass_time(timedelta(seconds=61), silent=[HOME])
    held = nodes.forward(fresh_number(), route_type="node", route_value=HOME)
    await nodes.taken_in(await nodes.send(held, "bj"))
    for one in (over, held):
        await nodes.send(question(nodes, one), "bj")
    assert (await nodes.told(over, 2))[-1] == {**first, "duplicate": True}
    (told,) = await nodes.told(held)
    assert (told["state"], told["sequence"], told["duplicate"]) == ("in-progress", 0, True)
    assert await questions(nodes, over) + await questions(nodes, held) == 0


async def test_only_the_origin_asks_after_its_work(nodes: Nodes) -> None:
    forward = await sent(nodes)
    for source, node in (("/sh/order-acceptance", "sh"), ("/sh/order-acceptance", "bj")):
        ce_id = await nodes.send(question(nodes, forward), node, source=source)
        assert (await nodes.dead(ce_id)).startswith("Spoofed: ")
    assert await questions(nodes, forward) == 0


async def not_received_here(nodes: Nodes, forward: Forward, times: int = 1) -> list[Published]:
    """The router's words that it has never had a forward, as its origin has them."""
    return await nodes.router.topics.wait(
        f"{forward.origin}.downlink.work-orders",
        times,
        where=lambda one: (
            one.type == NotReceived.ce_type and one.data["originTransaction"] == forward.origin_transaction
        ),
    )


async def test_of_what_never_came_in_the_origin_is_told_so(nodes: Nodes) -> None:
    lost = nodes.forward(fresh_number())
    await nodes.send(question(nodes, lost), "bj")
    (told,) = await not_received_here(nodes, lost)
    assert told.key == lost.number
    assert (told.data["node"], told.data["attempt"], told.data["origin"]) == ("hq", 1, "bj")
    await nodes.send(lost, "bj")
    await nodes.forwarded(lost, "gd")
    await nodes.send(question(nodes, lost), "bj")
    await nodes.router.topics.wait("gd.downlink.work-orders", where=lambda one: _asks(one, lost))
    assert len(await not_received_here(nodes, lost)) == 1


async def test_what_waits_among_the_dead_letters_is_not_lost(nodes: Nodes) -> None:
    dead = nodes.forward(fresh_number(), sealed="not to be opened")
    await nodes.dead(await nodes.send(dead, "bj"))
    await nodes.taken_in(await nodes.send(question(nodes, dead), "bj"))
    assert await not_received_here(nodes, dead, 0) == []


def never_had(nodes: Nodes, forward: Forward, node: str = HOME) -> NotReceived:
    return NotReceived(
        origin=forward.origin,
        origin_transaction=forward.origin_transaction,
        attempt=forward.attempt,
        number=forward.number,
        node=node,
        at=nodes.now,
    )


async def test_what_never_reached_its_home_goes_down_again_as_it_was(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.send(never_had(nodes, forward), HOME)
    again = await nodes.forwarded(forward, HOME, 2)
    assert again.data == (await nodes.forwarded(forward, HOME)).data
    assert (await nodes.trail(forward))[-2:] == [("up", HOME, "not-received"), ("down", HOME, "forward")]
    entry = await nodes.ledger(forward)
    assert (entry["state"], entry["hops"], entry["attempt"]) == ("sent", 1, 1)
    assert entry["ask_at"] == nodes.now + QUIET
    await nodes.send(nodes.outcome(forward, HOME, "completed", 3), HOME)
    assert [one["state"] for one in await nodes.told(forward)] == ["completed"]


async def test_what_has_ended_is_not_sent_again_whatever_its_home_says(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.send(nodes.outcome(forward, HOME, "completed", 3), HOME)
    await nodes.told(forward)
    await nodes.taken_in(await nodes.send(never_had(nodes, forward), HOME))
    lying = await nodes.router.topics.read(f"{HOME}.downlink.work-orders")
    mine = [one for one in lying if one.data["originTransaction"] == forward.origin_transaction]
    assert len(mine) == 1


async def test_only_its_home_says_that_it_never_had_a_forward(nodes: Nodes) -> None:
    forward = await sent(nodes)
    for node, source in (("sh", None), (HOME, "/sh/order-acceptance")):
        ce_id = await nodes.send(never_had(nodes, forward), node, source=source)
        assert (await nodes.dead(ce_id)).startswith("Spoofed: ")
    await nodes.taken_in(await nodes.send(never_had(nodes, forward, "sh"), "sh"))
    assert ("down", HOME, "forward") in await nodes.trail(forward)
    assert (await nodes.ledger(forward))["trail"] == 2
