"""Cancels, too-lates, readies and go-aheads on their way through headquarters."""

from datetime import timedelta
from typing import Any

from contracts.work_orders import CancelAsked, CancelTooLate, Forward, GoAhead, OfForward, ReadyTold
from services.hq_router.tests.nodes import Nodes, fresh_number
from tests.topics import Published

HOME = "hn"


def cancel(nodes: Nodes, forward: Forward, **given: Any) -> CancelAsked:
    usual = {
        name: getattr(forward, name)
        for name in (
            "origin", "origin_transaction", "attempt", "number", "order", "business", "process", "version",
            "accounting_day", "deadline", "acceptance", "digest",
        )
    }  # fmt: skip
    return CancelAsked(**{**usual, "at": nodes.now, **given})


def word(kind: type[OfForward], nodes: Nodes, forward: Forward, **given: Any) -> Any:
    usual = {
        "origin": forward.origin,
        "origin_transaction": forward.origin_transaction,
        "number": forward.number,
        "at": nodes.now,
    }
    return kind(**{**usual, **given})


def of_home(kind: type[OfForward], nodes: Nodes, forward: Forward, home: str = HOME) -> Any:
    return word(kind, nodes, forward, home=home, home_transaction="t-1", sequence=4)


async def down(nodes: Nodes, node: str, forward: Forward, kind: type[OfForward]) -> Published:
    (found,) = await nodes.router.topics.wait(
        f"{node}.downlink.work-orders",
        where=lambda one: (
            one.type == kind.ce_type and one.data["originTransaction"] == forward.origin_transaction
        ),
    )
    return found


async def sent(nodes: Nodes, **given: Any) -> Forward:
    forward = nodes.forward(fresh_number(), route_type="node", route_value=HOME, **given)
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, HOME)
    return forward


async def held(nodes: Nodes) -> Forward:
    await nodes.pass_time(timedelta(minutes=2), silent=[HOME])
    forward = nodes.forward(fresh_number(), route_type="node", route_value=HOME)
    await nodes.taken_in(await nodes.send(forward, "bj"))
    assert (await nodes.ledger(forward))["state"] == "held"
    return forward


async def test_a_cancel_goes_after_its_forward_and_home_decides(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.send(cancel(nodes, forward), "bj")
    went = await down(nodes, HOME, forward, CancelAsked)
    assert (went.key, went.data["home"]) == (forward.number, HOME)
    await nodes.send(nodes.outcome(forward, HOME, "cancelled", 5), HOME)
    assert [one["state"] for one in await nodes.told(forward)] == ["cancelled"]
    assert ("down", HOME, "cancel") in await nodes.trail(forward)


async def test_a_home_that_goes_on_is_heard_by_the_origin(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.send(cancel(nodes, forward), "bj")
    await nodes.send(of_home(CancelTooLate, nodes, forward), HOME)
    assert (await down(nodes, "bj", forward, CancelTooLate)).data["homeTransaction"] == "t-1"
    await nodes.send(nodes.outcome(forward, HOME, "completed", 5), HOME)
    assert [one["state"] for one in await nodes.told(forward)] == ["completed"]


async def test_a_cancel_that_meets_a_held_forward_ends_it_and_home_never_hears_of_it(nodes: Nodes) -> None:
    forward = await held(nodes)
    await nodes.send(cancel(nodes, forward), "bj")
    (told,) = await nodes.told(forward)
    assert (told["state"], told["home"]) == ("cancelled", HOME)
    assert [(one["code"], one["node"]) for one in told["reasons"]] == [("cancelled-on-request", "hq")]
    await nodes.beat(HOME)
    await nodes.router.tick("release-held")
    assert await nodes.order_of_arrival(HOME, str(forward.number)) == []


async def test_a_cancel_of_what_has_ended_is_answered_with_its_end(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.send(nodes.outcome(forward, HOME, "completed"), HOME)
    await nodes.told(forward)
    await nodes.send(cancel(nodes, forward), "bj")
    again = (await nodes.told(forward, 2))[-1]
    assert (again["state"], again["duplicate"]) == ("completed", True)


async def test_a_cancel_that_comes_before_its_forward_follows_it(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), route_type="node", route_value=HOME)
    await nodes.taken_in(await nodes.send(cancel(nodes, forward), "bj"))
    await nodes.send(forward, "bj")
    await down(nodes, HOME, forward, CancelAsked)
    lying = await nodes.router.topics.read(f"{HOME}.downlink.work-orders")
    mine = [one.type for one in lying if one.data.get("originTransaction") == forward.origin_transaction]
    assert mine == [Forward.ce_type, CancelAsked.ce_type]


async def test_what_nobody_has_and_nobody_wants_any_more_is_not_routed_again(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    await nodes.send(cancel(nodes, forward), "bj")
    await down(nodes, "gd", forward, CancelAsked)
    await nodes.send(nodes.outcome(forward, "gd", "not-mine"), "gd")
    (told,) = await nodes.told(forward)
    assert (told["state"], told["reasons"][0]["code"]) == ("cancelled", "cancelled-on-request")
    assert (await nodes.ledger(forward))["state"] == "ended"


async def test_a_home_that_cannot_do_it_holds_nothing_that_is_wanted_back(nodes: Nodes) -> None:
    forward = await sent(nodes)
    await nodes.send(cancel(nodes, forward), "bj")
    await down(nodes, HOME, forward, CancelAsked)
    await nodes.send(nodes.outcome(forward, HOME, "version-unknown"), HOME)
    (told,) = await nodes.told(forward)
    assert told["state"] == "cancelled"


async def test_a_child_that_is_ready_is_told_to_its_group_and_the_group_lets_it_go(nodes: Nodes) -> None:
    forward = await sent(nodes, group="all-or-nothing")
    await nodes.send(of_home(ReadyTold, nodes, forward), HOME)
    await down(nodes, "bj", forward, ReadyTold)
    await nodes.send(word(GoAhead, nodes, forward), "bj")
    assert (await down(nodes, HOME, forward, GoAhead)).data["home"] == HOME


async def test_only_the_origin_cancels_and_only_the_home_says_that_it_is_too_late(nodes: Nodes) -> None:
    forward = await sent(nodes)
    spoofed = await nodes.send(cancel(nodes, forward), "sh")
    assert (await nodes.dead(spoofed)).startswith("Spoofed: ")
    stranger = await nodes.send(of_home(CancelTooLate, nodes, forward, home="sh"), "sh")
    assert (await nodes.dead(stranger)).startswith("Spoofed: ")
    claimed = await nodes.send(cancel(nodes, forward), "bj", source="/gd/order-acceptance")
    assert (await nodes.dead(claimed)).startswith("Spoofed: ")
    assert (await nodes.ledger(forward))["cancelling"] is None


async def test_a_word_of_what_was_never_forwarded_is_a_dead_letter(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), route_type="node", route_value=HOME)
    lost = await nodes.send(of_home(ReadyTold, nodes, forward), HOME)
    assert (await nodes.dead(lost)).startswith("ForwardUnknown: ")
