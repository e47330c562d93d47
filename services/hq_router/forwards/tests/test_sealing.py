"""What only its reader may see, on its way through headquarters."""

import json

from services.hq_router.tests.nodes import BEIJING, Nodes, fresh_number

SECRET = b'{"identificationId": "11010519491231002X"}'


async def test_what_is_sealed_is_sealed_again_for_its_reader_both_ways(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), sealed=nodes.sealed(SECRET))
    await nodes.send(forward, "bj")
    down = await nodes.forwarded(forward, "gd")
    assert nodes.unsealed(down.data["sealed"], "gd") == SECRET
    profile = b'{"imsi": "460010000000001", "ki": "0123456789ABCDEF0123456789ABCDEF"}'
    await nodes.send(nodes.outcome(forward, "gd", "completed", sealed=nodes.sealed(profile)), "gd")
    (told,) = await nodes.told(forward)
    assert nodes.unsealed(told["sealed"], "bj") == profile
    await nodes.send(forward, "bj")
    again = (await nodes.told(forward, 2))[-1]
    assert nodes.unsealed(again["sealed"], "bj") == profile


async def test_another_home_gets_it_sealed_for_itself(nodes: Nodes) -> None:
    number = fresh_number(BEIJING)
    await nodes.router.db.execute(
        "INSERT INTO ported_numbers (id, number, operator, node, valid_from, version, actor, created, last_update) "
        "VALUES ($1, $1, 'unicom', 'sh', $2, 1, 'test', $2, $2)",
        number,
        nodes.now,
    )
    forward = nodes.forward(number, origin="gd", sealed=nodes.sealed(SECRET))
    await nodes.send(forward, "gd")
    assert nodes.unsealed((await nodes.forwarded(forward, "sh")).data["sealed"], "sh") == SECRET
    await nodes.send(nodes.outcome(forward, "sh", "not-mine"), "sh")
    assert nodes.unsealed((await nodes.forwarded(forward, "bj")).data["sealed"], "bj") == SECRET


async def test_nothing_secret_is_in_clear_in_the_ledger_and_the_seal_goes_with_the_end(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), sealed=nodes.sealed(SECRET))
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gd")
    line = await nodes.ledger(forward)
    assert json.loads(line["document"])["sealed"] == forward.sealed
    assert "11010519491231002X" not in str(line)
    await nodes.send(nodes.outcome(forward, "gd", "completed"), "gd")
    await nodes.told(forward)
    assert "sealed" not in json.loads((await nodes.ledger(forward))["document"])


async def test_what_does_not_open_is_a_dead_letter(nodes: Nodes) -> None:
    stranger = nodes.forward(fresh_number(), sealed=nodes.sealed(SECRET, reader="sh"))
    assert (await nodes.dead(await nodes.send(stranger, "bj"))).startswith("KeyMissing: ")
    broken = nodes.forward(fresh_number(), sealed=nodes.sealed(SECRET)[:-8] + "AAAAAAAA")
    assert (await nodes.dead(await nodes.send(broken, "bj"))).startswith("Undecipherable: ")
    for forward in (stranger, broken):
        assert await nodes.ledger(forward) is None


async def test_a_home_whose_key_is_not_known_yet_is_served_once_it_is(nodes: Nodes) -> None:
    """The dead letter is replayed after the key came: the same handler, and the forward goes on."""
    number = fresh_number("1300021")
    forward = nodes.forward(number, route_type="node", route_value="zj", sealed=nodes.sealed(SECRET))
    ce_id = await nodes.send(forward, "bj")
    assert (await nodes.dead(ce_id)).startswith("KeyMissing: ")
    nodes.make_keys("zj")
    letter = await nodes.router.db.fetchval("SELECT id FROM dead_letters WHERE ce_id = $1", ce_id)
    answer = await nodes.router.client.post(
        f"/api/hq-router/v1/deadLetters/{letter}/replay",
        headers=nodes.router.bearer("hq-operator", key=letter),
        json={},
    )
    assert answer.status_code < 300, answer.text
    down = await nodes.forwarded(forward, "zj")
    assert nodes.unsealed(down.data["sealed"], "zj") == SECRET
