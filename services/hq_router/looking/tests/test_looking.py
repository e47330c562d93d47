"""Looks at subscribers on their way through headquarters, and who may ask and answer."""

from datetime import timedelta
from typing import Any

from contracts.subscribers import (
    BusinessPermitted,
    OfferingSeen,
    OwnerSeen,
    SubscriberAsked,
    SubscriberTold,
    SubscriberView,
)
from libs.ids import new_id
from libs.messaging.topics import downlink, uplink
from services.hq_router.tests.nodes import ANOTHER_OPERATORS, BEIJING, NOBODYS, Nodes, fresh_number
from tests.engines import eventually
from tests.topics import Published

VIEW = SubscriberView(
    status="active",
    owner=OwnerSeen(name="陈**"),
    plan=OfferingSeen(id="plan-1", name="plan"),
    permitted=[BusinessPermitted(business="pay", presenter=False)],
)


def question(nodes: Nodes, number: str | None = None, **given: Any) -> SubscriberAsked:
    origin = given.get("origin", "bj")
    usual: dict[str, Any] = {
        "id": new_id(),
        "origin": origin,
        "number": number or fresh_number(),
        "asked_by": nodes.acceptance(origin),
        "deadline": nodes.now + timedelta(seconds=3),
    }
    return SubscriberAsked(**{**usual, **given})


def answer(nodes: Nodes, asked: SubscriberAsked, home: str, **given: Any) -> SubscriberTold:
    usual: dict[str, Any] = {
        "id": asked.id,
        "origin": asked.origin,
        "home": home,
        "number": asked.number,
        "found": "told",
        "view": VIEW,
        "deadline": asked.deadline,
        "at": nodes.now,
    }
    return SubscriberTold(**{**usual, **given})


async def send(nodes: Nodes, message: Any, node: str, source: str | None = None) -> str:
    return await nodes.router.topics.put(
        uplink(node, "customer-data"),
        message.number,
        message,
        source=source or f"/{node}/order-acceptance",
        time=nodes.now,
    )


async def down(nodes: Nodes, node: str, look: SubscriberAsked, model: Any) -> Published:
    """What of this kind came down to a node for a look."""
    found = await nodes.router.topics.wait(
        downlink(node, "customer-data"),
        where=lambda one: one.type == model.ce_type and one.data["id"] == look.id,
    )
    return found[-1]


async def forgotten(nodes: Nodes, look: SubscriberAsked) -> bool:
    return not await nodes.router.db.fetchval("SELECT true FROM looks WHERE id = $1", look.id)


async def test_home_is_asked_and_its_answer_comes_back_and_nothing_is_kept(nodes: Nodes) -> None:
    look = question(nodes, purpose="complaint")
    await send(nodes, look, "bj")
    asked = (await down(nodes, "gd", look, SubscriberAsked)).data
    assert (asked["home"], asked["hops"], asked["purpose"]) == ("gd", 1, "complaint")
    assert asked["askedBy"] == look.asked_by.model_dump(mode="json", by_alias=True)
    await send(nodes, answer(nodes, look, "gd", sealed=nodes.sealed("陈晓明".encode())), "gd")
    told = (await down(nodes, "bj", look, SubscriberTold)).data
    assert (told["home"], told["view"]["owner"]["name"]) == ("gd", "陈**")
    assert nodes.unsealed(told["sealed"], "bj").decode() == "陈晓明"
    await eventually(lambda: forgotten(nodes, look))


async def test_the_router_itself_answers_for_what_is_nobodys_of_ours(nodes: Nodes) -> None:
    for segment, code in ((ANOTHER_OPERATORS, "number-not-ours"), (NOBODYS, "number-unknown")):
        look = question(nodes, fresh_number(segment))
        await send(nodes, look, "bj")
        told = (await down(nodes, "bj", look, SubscriberTold)).data
        assert (told["found"], told["home"], told["view"]) == (code, None, None)
        assert await forgotten(nodes, look)


async def test_the_segments_own_node_is_not_asked_what_it_asks_itself(nodes: Nodes) -> None:
    look = question(nodes, origin="gd")
    await send(nodes, look, "gd")
    assert (await down(nodes, "gd", look, SubscriberTold)).data["found"] == "number-unknown"


async def test_a_number_that_home_disowns_is_asked_for_at_the_next_route(nodes: Nodes) -> None:
    number = fresh_number(BEIJING)
    await nodes.router.db.execute(
        "INSERT INTO ported_numbers (id, number, operator, node, valid_from, version, actor, created, last_update) "
        "VALUES ($1, $1, 'unicom', 'sh', $2, 1, 'test', $2, $2)",
        number,
        nodes.now,
    )
    look = question(nodes, number, origin="gd")
    await send(nodes, look, "gd")
    await down(nodes, "sh", look, SubscriberAsked)
    await send(nodes, answer(nodes, look, "sh", found="not-mine", view=None), "sh")
    assert (await down(nodes, "bj", look, SubscriberAsked)).data["hops"] == 2
    late = await send(nodes, answer(nodes, look, "sh"), "sh")
    assert "bj was asked" in await nodes.dead(late), "who has disowned it does not answer any more"
    await send(nodes, answer(nodes, look, "bj", found="not-mine", view=None), "bj")
    assert (await down(nodes, "gd", look, SubscriberTold)).data["found"] == "number-unknown"


async def test_a_silent_home_is_not_waited_for(nodes: Nodes) -> None:
    await nodes.pass_time(timedelta(seconds=61), silent=("gd",))
    look = question(nodes)
    await send(nodes, look, "bj")
    assert (await down(nodes, "bj", look, SubscriberTold)).data["found"] == "home-not-answering"


async def test_what_is_switched_off_for_home_is_not_permitted(nodes: Nodes) -> None:
    await nodes.router.db.execute(
        "INSERT INTO switches (node, business, state, reason, actor, since) VALUES ('gd', 'pay', 'off', 'x', 'x', $1)",
        nodes.now,
    )
    try:
        look = question(nodes)
        await send(nodes, look, "bj")
        await down(nodes, "gd", look, SubscriberAsked)
        await send(nodes, answer(nodes, look, "gd"), "gd")
        view = (await down(nodes, "bj", look, SubscriberTold)).data["view"]
    finally:
        await nodes.router.db.execute("DELETE FROM switches")
    assert view["permitted"] == []
    assert [one["reasons"][0]["code"] for one in view["refused"]] == ["switched-off"]


async def test_nobody_asks_in_anothers_name(nodes: Nodes) -> None:
    look = question(nodes)
    assert "speaks on" in await nodes.dead(await send(nodes, look, "bj", source="/sh/order-acceptance"))
    assert "is said to be of bj" in await nodes.dead(await send(nodes, question(nodes), "sh"))
    borrowed = question(nodes, asked_by=nodes.acceptance("sh"))
    assert "is said to be of sh" in await nodes.dead(await send(nodes, borrowed, "bj"))


async def test_nobody_answers_but_who_was_asked_and_nothing_but_what_was_asked(nodes: Nodes) -> None:
    look = question(nodes)
    await send(nodes, look, "bj")
    await down(nodes, "gd", look, SubscriberAsked)
    for made, node, why in (
        (answer(nodes, look, "sh"), "sh", "gd was asked"),
        (answer(nodes, look, "gd"), "sh", "is said to be of gd"),
        (answer(nodes, look, "gd", number=fresh_number()), "gd", "another number"),
        (answer(nodes, look, "gd", found="number-unknown", view=None), "gd", "not a home's to say"),
        (answer(nodes, look, "gd", found="told", view=None), "gd", "not a home's to say"),
        (answer(nodes, question(nodes), "gd"), "gd", "not asked"),
    ):
        assert why in await nodes.dead(await send(nodes, made, node))
    await send(nodes, answer(nodes, look, "gd"), "gd")
    await down(nodes, "bj", look, SubscriberTold)


async def test_what_nobody_waits_for_any_more_is_neither_asked_nor_passed_on(nodes: Nodes) -> None:
    look = question(nodes)
    await send(nodes, look, "bj")
    await down(nodes, "gd", look, SubscriberAsked)
    await nodes.pass_time(timedelta(minutes=2))
    stale = question(nodes, deadline=nodes.now - timedelta(minutes=2))
    for ce_id in (
        await send(nodes, answer(nodes, look, "gd"), "gd"),
        await send(nodes, answer(nodes, look, "gd"), "gd"),
        await send(nodes, stale, "bj"),
    ):
        await nodes.taken_in(ce_id)
    lying = await nodes.router.topics.read(downlink("bj", "customer-data"), downlink("gd", "customer-data"))
    mine = [one for one in lying if one.data["id"] in (look.id, stale.id)]
    assert [one.type for one in mine] == [SubscriberAsked.ce_type], "only the question that was in time"


async def test_what_nobody_answers_is_forgotten(nodes: Nodes) -> None:
    look = question(nodes)
    await send(nodes, look, "bj")
    await down(nodes, "gd", look, SubscriberAsked)
    await nodes.router.tick("forget-looks")
    assert not await forgotten(nodes, look)
    await nodes.pass_time(timedelta(minutes=6))
    await nodes.router.tick("forget-looks")
    assert await forgotten(nodes, look)
