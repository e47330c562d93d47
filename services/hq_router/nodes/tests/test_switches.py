"""Operators of headquarters look at the nodes, and switch nodes and businesses off and on."""

from datetime import timedelta
from typing import Any

import pytest

from libs.ids import new_id
from libs.node import NODES
from services.hq_router.tests.nodes import Nodes, fresh_number

BASE = "/api/hq-router/v1"


async def turn(nodes: Nodes, state: str, status: int = 201, role: str = "hq-operator", **what: Any) -> Any:
    answer = await nodes.router.client.post(
        f"{BASE}/switches",
        json={"state": state, "reason": "power cut in Haikou", **what},
        headers=nodes.router.bearer(role, key=new_id()),
    )
    assert answer.status_code == status, answer.text
    return answer.json()


async def read(nodes: Nodes, path: str, role: str = "supervisor") -> Any:
    answer = await nodes.router.client.get(f"{BASE}/{path}", headers=nodes.router.bearer(role))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def node(nodes: Nodes, code: str) -> Any:
    return next(one for one in await read(nodes, "nodes") if one["id"] == code)


def to(nodes: Nodes, home: str, **given: Any) -> Any:
    return nodes.forward(fresh_number(), route_type="node", route_value=home, **given)


async def test_every_node_is_shown_with_its_state_and_what_is_held_for_it(nodes: Nodes) -> None:
    assert [one["id"] for one in await read(nodes, "nodes")] == [*NODES]
    await nodes.beat("hi", ("pay", 1))
    up = await node(nodes, "hi")
    assert (up["state"], up["switchedOff"], up["held"], up["process"]) == (
        "up",
        False,
        0,
        [{"process": "pay", "version": 1}],
    )
    last = up["lastHeard"]
    await nodes.pass_time(timedelta(minutes=3), silent=["hi"])
    oldest = nodes.now
    for _ in range(2):
        await nodes.taken_in(await nodes.send(to(nodes, "hi"), "bj"))
        await nodes.pass_time(timedelta(minutes=1), silent=["hi"])
    away = await node(nodes, "hi")
    assert (away["state"], away["held"], away["lastHeard"]) == ("silent", 2, last)
    assert away["oldestHeld"] == oldest.isoformat().replace("+00:00", "Z")
    await nodes.beat("hi")
    assert (await node(nodes, "hi"))["held"] == 0


async def test_a_switched_off_province_gets_nothing_new_and_its_outcomes_go_on(nodes: Nodes) -> None:
    under_way = to(nodes, "hi")
    await nodes.send(under_way, "bj")
    await nodes.forwarded(under_way, "hi")
    made = await turn(nodes, "off", node="hi")
    assert (made["node"], made["state"], made["actor"]) == ("hi", "off", "hq-operator-1")
    assert "business" not in made
    new = to(nodes, "hi")
    await nodes.taken_in(await nodes.send(new, "bj"))
    assert (await nodes.ledger(new))["held_because"] == "switched-off"
    assert (await node(nodes, "hi"))["switchedOff"] is True
    await nodes.send(nodes.outcome(under_way, "hi", "completed"), "hi")
    assert [one["state"] for one in await nodes.told(under_way)] == ["completed"]
    await nodes.beat("hi")
    await nodes.router.tick("release-held")
    assert (await nodes.ledger(new))["state"] == "held"
    await turn(nodes, "on", node="hi")
    await nodes.forwarded(new, "hi")


async def test_a_switched_off_business_is_held_wherever_it_goes_and_others_go_on(nodes: Nodes) -> None:
    await turn(nodes, "off", business="resume")
    stopped, other = to(nodes, "hi", business="resume"), to(nodes, "hi", business="pay")
    for one in (stopped, other):
        await nodes.taken_in(await nodes.send(one, "bj"))
    assert (await nodes.ledger(stopped))["held_because"] == "switched-off"
    assert (await nodes.ledger(other))["state"] == "sent"
    assert (await node(nodes, "hi"))["switchedOffBusiness"] == ["resume"]
    await turn(nodes, "on", business="resume")
    await nodes.forwarded(stopped, "hi")


async def test_a_business_may_be_switched_off_at_one_node_alone(nodes: Nodes) -> None:
    await turn(nodes, "off", node="hi", business="pay")
    here, there = to(nodes, "hi", business="pay"), to(nodes, "gd", business="pay")
    for one in (here, there):
        await nodes.taken_in(await nodes.send(one, "bj"))
    assert (await nodes.ledger(here))["held_because"] == "switched-off"
    assert (await nodes.ledger(there))["state"] == "sent"
    (listed,) = await read(nodes, "switches?node=hi&business=pay")
    assert (listed["state"], listed["reason"]) == ("off", "power cut in Haikou")
    await turn(nodes, "on", node="hi", business="pay")
    await nodes.forwarded(here, "hi")
    acts = await read(nodes, "operatorActs?node=hi&business=pay&sort=id", "auditor")
    assert [(one["act"], one["actor"], one["reason"]) for one in acts] == [
        ("switch-off", "hq-operator-1", "power cut in Haikou"),
        ("switch-on", "hq-operator-1", "power cut in Haikou"),
    ]


async def test_what_is_not_off_cannot_be_switched_on(nodes: Nodes) -> None:
    refused = await turn(nodes, "on", 409, node="xj")
    assert refused["code"] == "not-switched-off"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"state": "off", "reason": "x"}, "switch-names-nothing"),
        ({"state": "off", "reason": "x", "node": "zz"}, "node-unknown"),
        ({"state": "off", "node": "gd"}, "missing"),
        ({"state": "off", "node": "gd", "reason": "  "}, "invalid"),
        ({"state": "perhaps", "node": "gd", "reason": "x"}, "invalid"),
        ({"state": "off", "business": "Pay it", "reason": "x"}, "invalid"),
        ({"state": "off", "node": "gd", "reason": "x", "colour": "red"}, "unknown-field"),
    ],
)
async def test_a_switch_that_makes_no_sense_is_400_and_changes_nothing(
    nodes: Nodes, body: dict[str, str], code: str
) -> None:
    before = await nodes.router.db.fetchval("SELECT count(*) FROM operator_acts")
    answer = await nodes.router.client.post(
        f"{BASE}/switches", json=body, headers=nodes.router.bearer("hq-operator", key=new_id())
    )
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert await nodes.router.db.fetchval("SELECT count(*) FROM operator_acts") == before


@pytest.mark.parametrize("role", ["supervisor", "auditor", "hall-clerk", "machine"])
async def test_only_operators_of_headquarters_turn_switches(nodes: Nodes, role: str) -> None:
    assert (await turn(nodes, "off", 403, role, node="gd"))["code"] == "forbidden"


async def test_the_same_request_again_turns_once(nodes: Nodes) -> None:
    headers = nodes.router.bearer("hq-operator", key=new_id())
    body = {"state": "off", "node": "nx", "reason": "maintenance"}
    first = await nodes.router.client.post(f"{BASE}/switches", json=body, headers=headers)
    again = await nodes.router.client.post(f"{BASE}/switches", json=body, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(await read(nodes, "operatorActs?node=nx")) == 1
    await turn(nodes, "on", node="nx")
