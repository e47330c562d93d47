"""Work orders between provinces, through a router that runs against real PostgreSQL and Kafka."""

from datetime import timedelta

import pytest

from libs.messaging.topics import uplink
from services.hq_router.forwards.rules import HELD_FOR
from services.hq_router.tests.nodes import (
    ANOTHER_OPERATORS,
    NOBODYS,
    SHANGHAI,
    Nodes,
    fresh_number,
)
from tests.engines import eventually


async def test_a_forward_goes_home_and_its_outcome_comes_back(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    down = await nodes.forwarded(forward, "gd")
    assert down.key == forward.number
    assert (down.data["home"], down.data["hops"]) == ("gd", 1)
    assert down.headers["ce_source"] == "/hq/hq-router"
    assert down.headers["ce_subject"] == forward.order
    unchanged = forward.model_dump(mode="json", exclude={"home", "hops"})
    assert unchanged.items() <= down.data.items()

    await nodes.send(nodes.outcome(forward, "gd", "received", 1), "gd")
    await nodes.send(nodes.outcome(forward, "gd", "completed", 7, output={"imsi": "460011234567890"}), "gd")
    received, completed = await nodes.told(forward, 2)
    assert (received["state"], received["sequence"]) == ("received", 1)
    assert (completed["state"], completed["output"]) == ("completed", {"imsi": "460011234567890"})
    line = await nodes.ledger(forward)
    assert (line["state"], line["outcome"], line["sequence"], line["home"]) == ("ended", "completed", 7, "gd")
    assert line["accounting_day"] == forward.accounting_day
    assert line["hall"] == "bj-hall-1"
    assert not line["late"]
    assert await nodes.trail(forward) == [
        ("up", "bj", "forward"),
        ("down", "gd", "forward"),
        ("up", "gd", "received"),
        ("down", "bj", "received"),
        ("up", "gd", "completed"),
        ("down", "bj", "completed"),
    ]


async def test_headquarters_is_to_the_router_one_more_node(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), origin="hq")
    await nodes.send(forward, "hq")
    await nodes.forwarded(forward, "gd")
    await nodes.send(nodes.outcome(forward, "gd", "completed"), "gd")
    assert (await nodes.told(forward))[0]["state"] == "completed"


async def test_a_route_may_name_its_node(nodes: Nodes) -> None:
    forward = nodes.forward(None, route_type="node", route_value="gd")
    await nodes.send(forward, "bj")
    assert (await nodes.forwarded(forward, "gd")).key == forward.origin_transaction


@pytest.mark.parametrize("given", [{"route_type": "node", "route_value": "xx"}, {"route_type": "group"}])
async def test_a_route_that_leads_nowhere_is_rejected(nodes: Nodes, given: dict[str, str]) -> None:
    forward = nodes.forward(None, **{"route_value": "g-1", **given})
    await nodes.send(forward, "bj")
    (told,) = await nodes.told(forward)
    assert told["reasons"][0]["code"] == "route-unknown"


@pytest.mark.parametrize(
    ("segment", "code"),
    [(ANOTHER_OPERATORS, "number-not-ours"), (NOBODYS, "number-unknown"), ("123", "number-unknown")],
)
async def test_a_number_without_a_home_is_rejected_with_the_reason(
    nodes: Nodes, segment: str, code: str
) -> None:
    forward = nodes.forward(fresh_number(segment))
    await nodes.send(forward, "bj")
    (told,) = await nodes.told(forward)
    assert (told["state"], told["home"], told["duplicate"]) == ("rejected", None, False)
    assert told["reasons"] == [
        {"code": code, "path": None, "parameters": {"number": forward.number}, "node": "hq", "task": None}
    ]
    line = await nodes.ledger(forward)
    assert (line["state"], line["outcome"], line["home"]) == ("ended", "rejected", None)
    assert await nodes.trail(forward) == [("up", "bj", "forward"), ("down", "bj", "rejected")]


async def test_after_the_deadline_nothing_is_sent(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), deadline=nodes.now - timedelta(minutes=2))
    await nodes.send(forward, "bj")
    (told,) = await nodes.told(forward)
    assert (told["state"], told["reasons"][0]["code"]) == ("rejected", "deadline-passed")
    assert (await nodes.trail(forward))[-1] == ("down", "bj", "rejected")


# -- who may speak


async def test_a_forward_in_anothers_name_is_a_dead_letter(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), origin="sh")
    said = await nodes.dead(await nodes.send(forward, "bj"))
    assert said.startswith("Spoofed: ")
    assert await nodes.ledger(forward) is None


async def test_a_forward_whose_sender_is_another_node_is_a_dead_letter(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    said = await nodes.dead(await nodes.send(forward, "bj", source="/sh/order-acceptance"))
    assert "/sh/order-acceptance speaks on bj.uplink.work-orders" in said
    assert await nodes.ledger(forward) is None


async def test_one_bad_message_holds_back_no_other(nodes: Nodes) -> None:
    good = [nodes.forward(fresh_number()) for _ in range(5)]
    bad = nodes.forward(fresh_number(), origin="sh")
    for forward in good[:3]:
        await nodes.send(forward, "bj")
    ce_id = await nodes.send(bad, "bj")
    for forward in good[3:]:
        await nodes.send(forward, "bj")
    assert "Spoofed" in await nodes.dead(ce_id)
    for forward in good:
        await nodes.forwarded(forward, "gd")


@pytest.mark.parametrize("liar", ["sh", "bj"])
async def test_an_outcome_from_another_than_the_recorded_home_is_a_dead_letter(
    nodes: Nodes, liar: str
) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    as_itself = await nodes.send(nodes.outcome(forward, liar, "completed", 9), liar)
    as_home = await nodes.send(nodes.outcome(forward, "gd", "completed", 9), liar)
    source = await nodes.send(
        nodes.outcome(forward, "gd", "completed", 9), "gd", source=f"/{liar}/order-acceptance"
    )
    for ce_id in (as_itself, as_home, source):
        assert (await nodes.dead(ce_id)).startswith("Spoofed: ")
    assert (await nodes.ledger(forward))["state"] == "sent"


async def test_an_outcome_of_what_was_never_forwarded_is_a_dead_letter(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    said = await nodes.dead(await nodes.send(nodes.outcome(forward, "gd", "completed"), "gd"))
    assert said.startswith("ForwardUnknown: ")


# -- order


async def test_the_ledger_and_the_origin_never_go_backward(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    for state, sequence in (
        ("in-progress", 5),
        ("received", 1),
        ("in-progress", 5),
        ("completed", 8),
        ("failed", 9),
    ):
        last = await nodes.send(nodes.outcome(forward, "gd", state, sequence), "gd")
    await nodes.taken_in(last)
    told = await nodes.told(forward, 2)
    assert [(one["state"], one["sequence"]) for one in told] == [("in-progress", 5), ("completed", 8)]
    line = await nodes.ledger(forward)
    assert (line["outcome"], line["sequence"]) == ("completed", 8)
    assert ("up", "gd", "failed, ignored") in await nodes.trail(forward)


async def test_home_cannot_move_the_accounting_day_or_the_number(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    moved = nodes.outcome(forward, "gd", "completed", accounting_day=nodes.day(3), number=fresh_number())
    await nodes.send(moved, "gd")
    (told,) = await nodes.told(forward)
    assert told["accountingDay"] == forward.accounting_day.isoformat()
    assert told["number"] == forward.number


# -- routing again, holding


async def test_what_is_not_the_homes_is_routed_again_and_ends_as_unknown(nodes: Nodes) -> None:
    number = fresh_number(SHANGHAI)
    await nodes.router.db.execute(
        "INSERT INTO ported_numbers (id, number, operator, node, valid_from, version, actor, created, last_update) "
        "VALUES ($1, $1, 'unicom', 'gd', $2, 1, 'test', $2, $2)",
        number,
        nodes.now,
    )
    forward = nodes.forward(number)
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    await nodes.send(nodes.outcome(forward, "gd", "not-mine"), "gd")
    second = await nodes.forwarded(forward, "sh")
    assert second.data["hops"] == 2
    await nodes.send(nodes.outcome(forward, "sh", "not-mine"), "sh")
    (told,) = await nodes.told(forward)
    assert (told["state"], told["reasons"][0]["code"]) == ("rejected", "number-unknown")
    assert (await nodes.ledger(forward))["tried"] == ["gd", "sh"]
    assert await nodes.trail(forward) == [
        ("up", "bj", "forward"),
        ("down", "gd", "forward"),
        ("up", "gd", "not-mine"),
        ("down", "sh", "forward"),
        ("up", "sh", "not-mine"),
        ("down", "bj", "rejected"),
    ]


async def test_not_mine_from_the_only_route_is_number_unknown(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    await nodes.send(nodes.outcome(forward, "gd", "not-mine"), "gd")
    (told,) = await nodes.told(forward)
    assert told["reasons"][0]["code"] == "number-unknown"


async def test_a_home_without_the_version_leaves_it_held_until_it_is_asked_again(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), version=9)
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    ce_id = await nodes.send(nodes.outcome(forward, "gd", "version-unknown"), "gd")
    await nodes.taken_in(ce_id)
    assert (await nodes.ledger(forward))["state"] == "held"
    await nodes.pass_time(HELD_FOR)
    await nodes.router.tick("release-held")
    await nodes.forwarded(forward, "gd", 2)
    assert (await nodes.ledger(forward))["state"] == "sent"
    await nodes.send(nodes.outcome(forward, "gd", "completed"), "gd")
    assert [one["state"] for one in await nodes.told(forward)] == ["completed"]


async def test_what_is_held_fails_at_its_deadline(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), version=9, deadline=nodes.now + timedelta(seconds=30))
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    ce_id = await nodes.send(nodes.outcome(forward, "gd", "version-unknown"), "gd")
    await nodes.taken_in(ce_id)
    nodes.router.clock.advance(timedelta(seconds=31))
    await nodes.router.tick("release-held")
    (told,) = await nodes.told(forward)
    assert (told["state"], told["home"]) == ("rejected", "gd")
    assert told["reasons"][0]["code"] == "deadline-passed"


async def test_once_sent_only_home_ends_it_however_late(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), deadline=nodes.now + timedelta(seconds=30))
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    nodes.router.clock.advance(timedelta(hours=1))
    await nodes.router.tick("release-held")
    assert (await nodes.ledger(forward))["state"] == "sent"
    await nodes.send(nodes.outcome(forward, "gd", "completed"), "gd")
    assert (await nodes.told(forward))[-1]["state"] == "completed"


# -- trouble


async def test_garbage_on_an_uplink_is_a_dead_letter(nodes: Nodes) -> None:
    before = await nodes.router.db.fetchval("SELECT count(*) FROM dead_letters")
    await nodes.router.topics.put_raw(uplink("bj", "work-orders"), "k", b"{", [("ce_id", b"1")])
    await eventually(lambda: nodes.router.db.fetchval("SELECT count(*) > $1 FROM dead_letters", before))


async def test_the_router_goes_on_after_a_restart(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number())
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    await nodes.router.stop()
    await nodes.send(nodes.outcome(forward, "gd", "completed"), "gd")
    await nodes.router.start()
    assert (await nodes.told(forward))[-1]["state"] == "completed"
