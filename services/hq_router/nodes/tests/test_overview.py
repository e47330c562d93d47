"""What an operator sees of a node at one glance: what waits for it, what is overdue there, and what does not agree."""

from datetime import timedelta
from typing import Any

from services.hq_router.tests.nodes import Nodes, fresh_number

HOME = "gz"


async def node(nodes: Nodes, code: str = HOME) -> Any:
    answer = await nodes.router.client.get(
        "/api/hq-router/v1/nodes", headers=nodes.router.bearer("supervisor")
    )
    assert answer.status_code == 200, answer.text
    return next(one for one in answer.json() if one["id"] == code)


async def test_what_a_node_has_and_what_of_it_is_overdue(nodes: Nodes) -> None:
    deadline = nodes.now + timedelta(minutes=10)
    sent = []
    for given in ({"deadline": deadline}, {"deadline": deadline + timedelta(minutes=5)}, {}):
        forward = nodes.forward(fresh_number(), route_type="node", route_value=HOME, **given)
        await nodes.send(forward, "bj")
        await nodes.forwarded(forward, HOME)
        sent.append(forward)
    seen = await node(nodes)
    assert (seen["sent"], seen["held"], seen["jeopardy"]) == (3, 0, 0)
    assert "oldestDeadline" not in seen
    await nodes.pass_time(timedelta(minutes=20))
    seen = await node(nodes)
    assert (seen["sent"], seen["jeopardy"]) == (3, 2)
    assert seen["oldestDeadline"] == deadline.isoformat().replace("+00:00", "Z")
    for forward in sent:
        await nodes.send(nodes.outcome(forward, HOME, "completed", 3), HOME)
        await nodes.told(forward)
    seen = await node(nodes)
    assert (seen["sent"], seen["jeopardy"]) == (0, 0)


async def test_how_many_accounts_of_closed_days_do_not_agree(nodes: Nodes) -> None:
    await nodes.router.tick("reconcile")
    before = (await node(nodes))["notReconciled"]
    await nodes.pass_time(timedelta(hours=24))
    await nodes.router.tick("reconcile")
    assert (await node(nodes))["notReconciled"] == before + 3, "not reported: work up, work down, and bills"
