"""What operators may do to a held forward, what they see of it, and what is written down."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.work_orders import Forward
from libs.ids import new_id
from services.hq_router.tests.nodes import Nodes, fresh_number

BASE = "/api/hq-router/v1"
AWAY = timedelta(seconds=61)
HOME = "qh"


async def held(nodes: Nodes, number: str | None = None, **given: Any) -> Forward:
    """A forward for a province that is silent."""
    await nodes.pass_time(AWAY, silent=[HOME])
    forward = nodes.forward(number or fresh_number(), route_type="node", route_value=HOME, **given)
    await nodes.taken_in(await nodes.send(forward, "bj"))
    return forward


async def sent(nodes: Nodes, **given: Any) -> Forward:
    forward = nodes.forward(fresh_number(), route_type="node", route_value=HOME, **given)
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, HOME)
    return forward


async def act(
    nodes: Nodes, forward: Forward, what: str, status: int = 200, role: str = "hq-operator", **claims: Any
) -> Any:
    id = (await nodes.ledger(forward))["id"]
    answer = await nodes.router.client.post(
        f"{BASE}/forwards/{id}/{what}",
        json={"reason": "the customer waits"},
        headers=nodes.router.bearer(role, key=new_id(), **claims),
    )
    assert answer.status_code == status, answer.text
    return answer.json()


async def found(nodes: Nodes, query: str, *forwards: Forward) -> list[str]:
    answer = await nodes.router.client.get(
        f"{BASE}/forwards?originTransaction={','.join(one.origin_transaction for one in forwards)}&sort=id&{query}",
        headers=nodes.router.bearer("supervisor"),
    )
    assert answer.status_code == 200, answer.text
    return [one["originTransaction"] for one in answer.json()]


async def test_an_operator_sends_a_held_forward_though_its_home_is_silent(nodes: Nodes) -> None:
    forward = await held(nodes)
    shown = await act(nodes, forward, "release")
    assert (shown["state"], shown.get("heldBecause")) == ("sent", None)
    assert str(forward.number) not in str(shown)
    await nodes.forwarded(forward, HOME)


async def test_none_overtakes_another_of_its_number(nodes: Nodes) -> None:
    first = await held(nodes)
    second = await held(nodes, str(first.number))
    refused = await act(nodes, second, "release", 409)
    assert refused["code"] == "forward-behind-another"
    assert (await nodes.ledger(first))["id"] in refused["reason"]
    await act(nodes, first, "release")
    await act(nodes, second, "release")
    await nodes.forwarded(second, HOME)
    assert await nodes.order_of_arrival(HOME, str(first.number)) == [
        first.origin_transaction,
        second.origin_transaction,
    ]


async def test_what_an_operator_keeps_stays_when_the_node_is_heard_again(nodes: Nodes) -> None:
    kept = await held(nodes)
    behind = await held(nodes, str(kept.number))
    free = await held(nodes)
    assert (await act(nodes, kept, "hold"))["heldBecause"] == "operator"
    await nodes.beat(HOME)
    await nodes.forwarded(free, HOME)
    await nodes.router.tick("release-held")
    assert (await nodes.ledger(kept))["state"] == "held"
    assert (await nodes.ledger(behind))["state"] == "held"
    await act(nodes, kept, "release")
    await nodes.forwarded(behind, HOME)


async def test_an_operator_fails_a_held_forward_and_its_origin_is_told_why(nodes: Nodes) -> None:
    forward = await held(nodes)
    shown = await act(nodes, forward, "fail")
    assert (shown["state"], shown["outcome"]) == ("ended", "rejected")
    (told,) = await nodes.told(forward)
    assert (told["state"], told["reasons"][0]["code"]) == ("rejected", "failed-by-operator")
    await nodes.beat(HOME)
    assert await nodes.order_of_arrival(HOME, str(forward.number)) == []


@pytest.mark.parametrize("what", ["hold", "release", "fail"])
async def test_what_was_sent_or_has_ended_no_operator_touches(nodes: Nodes, what: str) -> None:
    forward = await sent(nodes)
    refused = await act(nodes, forward, what, 409)
    assert refused["code"] == "forward-not-held"
    assert (await nodes.ledger(forward))["state"] == "sent"
    await nodes.send(nodes.outcome(forward, HOME, "completed"), HOME)
    await nodes.told(forward)
    assert (await act(nodes, forward, what, 409))["code"] == "forward-not-held"


async def test_every_act_is_written_down_with_who_when_and_why(nodes: Nodes) -> None:
    forward = await held(nodes)
    await act(nodes, forward, "hold", subject="op-7")
    await act(nodes, forward, "fail", subject="op-8")
    id = (await nodes.ledger(forward))["id"]
    answer = await nodes.router.client.get(
        f"{BASE}/operatorActs?forward={id}&sort=id", headers=nodes.router.bearer("auditor")
    )
    assert [(one["act"], one["actor"], one["reason"], one["forward"]) for one in answer.json()] == [
        ("hold", "op-7", "the customer waits", id),
        ("fail", "op-8", "the customer waits", id),
    ]
    assert {one["at"] for one in answer.json()} == {nodes.now.isoformat().replace("+00:00", "Z")}


@pytest.mark.parametrize("role", ["supervisor", "auditor", "hall-clerk", "machine"])
@pytest.mark.parametrize("what", ["hold", "release", "fail"])
async def test_only_operators_of_headquarters_act(nodes: Nodes, role: str, what: str) -> None:
    answer = await nodes.router.client.post(
        f"{BASE}/forwards/{new_id()}/{what}", json={"reason": "x"}, headers=nodes.router.bearer(role)
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_what_is_not_there_or_lies_in_another_area_is_404(nodes: Nodes) -> None:
    forward = await held(nodes)
    beyond = {"area": "020", "area_bound": True}
    assert (await act(nodes, forward, "fail", 404, **beyond))["code"] == "not-found"
    answer = await nodes.router.client.post(
        f"{BASE}/forwards/{new_id()}/fail", json={"reason": "x"}, headers=nodes.router.bearer("hq-operator")
    )
    assert answer.status_code == 404
    assert (await nodes.ledger(forward))["state"] == "held"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "x", "force": True}])
async def test_an_act_needs_its_reason(nodes: Nodes, body: dict[str, Any]) -> None:
    forward = await held(nodes)
    id = (await nodes.ledger(forward))["id"]
    answer = await nodes.router.client.post(
        f"{BASE}/forwards/{id}/fail", json=body, headers=nodes.router.bearer("hq-operator", key=new_id())
    )
    assert answer.status_code == 400
    assert (await nodes.ledger(forward))["state"] == "held"


async def test_the_same_request_again_is_answered_and_not_done_again(nodes: Nodes) -> None:
    forward = await held(nodes)
    id = (await nodes.ledger(forward))["id"]
    headers = nodes.router.bearer("hq-operator", key=new_id())
    answers = [
        await nodes.router.client.post(
            f"{BASE}/forwards/{id}/fail", json={"reason": "agreed with bj"}, headers=headers
        )
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert len(await nodes.told(forward)) == 1


async def test_what_is_sent_and_overdue_shows_as_jeopardy_and_what_is_held_as_held(nodes: Nodes) -> None:
    soon = nodes.now + timedelta(minutes=5)
    overdue, in_time = await sent(nodes, deadline=soon), await sent(nodes)
    waiting = await held(nodes)
    await nodes.pass_time(timedelta(minutes=10), silent=[HOME])
    every = (overdue, in_time, waiting)
    assert await found(nodes, "jeopardy=true", *every) == [overdue.origin_transaction]
    assert await found(nodes, "jeopardy=false", *every) == [
        one.origin_transaction for one in (in_time, waiting)
    ]
    assert await found(nodes, "held=true", *every) == [waiting.origin_transaction]
    assert await found(nodes, "held=false", *every) == [one.origin_transaction for one in (overdue, in_time)]
    assert await found(nodes, "heldBecause=node-silent,queued", *every) == [waiting.origin_transaction]
    await nodes.send(nodes.outcome(overdue, HOME, "completed"), HOME)
    await nodes.told(overdue)
    assert await found(nodes, "jeopardy=true", *every) == []


@pytest.mark.parametrize("query", ["held=maybe", "jeopardy=1", "heldBecause=moon"])
async def test_a_filter_that_makes_no_sense_is_400(nodes: Nodes, query: str) -> None:
    answer = await nodes.router.client.get(f"{BASE}/forwards?{query}", headers=nodes.router.bearer("auditor"))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
