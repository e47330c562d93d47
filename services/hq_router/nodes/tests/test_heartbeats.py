"""Signs of life, over Kafka, and what silence does."""

from datetime import timedelta

from contracts.control import Heartbeat
from libs.messaging.topics import uplink
from services.hq_router.tests.nodes import Nodes, fresh_number
from tests.engines import eventually

MINUTE = timedelta(seconds=61)


async def test_one_row_for_a_node_however_often_it_is_heard(nodes: Nodes) -> None:
    await nodes.beat("yn", ("pay", 1))
    before = nodes.now
    nodes.router.clock.advance(timedelta(seconds=10))
    await nodes.beat("yn", ("pay", 1), ("replace-sim", 2))
    (row,) = await nodes.router.db.fetch("SELECT * FROM nodes WHERE code = 'yn'")
    assert row["last_heard"] == before + timedelta(seconds=10)
    assert row["processes"] == '[["pay", 1], ["replace-sim", 2]]'


async def test_a_heartbeat_counts_from_its_arrival_whatever_the_nodes_own_clock_says(nodes: Nodes) -> None:
    beat = Heartbeat(node="yn", at=nodes.now - timedelta(hours=3))
    topic = uplink("yn", "control")
    await nodes.taken_in(
        await nodes.router.topics.put(topic, "yn", beat, source="/yn/order-acceptance", time=nodes.now)
    )
    heard = await nodes.router.db.fetchval("SELECT last_heard FROM nodes WHERE code = 'yn'")
    assert heard == nodes.now


async def test_a_heartbeat_in_anothers_name_is_a_dead_letter(nodes: Nodes) -> None:
    await nodes.pass_time(MINUTE, silent=["yn"])
    said = []
    for beat, source in (
        (Heartbeat(node="yn", at=nodes.now), "/gz/order-acceptance"),
        (Heartbeat(node="gz", at=nodes.now), "/yn/order-acceptance"),
    ):
        ce_id = await nodes.router.topics.put(
            uplink("gz", "control"), "yn", beat, source=source, time=nodes.now
        )
        said.append(await nodes.dead(ce_id))
    assert said[0].startswith("Spoofed: ")
    assert said[1].startswith("Spoofed: ")
    assert await nodes.router.db.fetchval("SELECT last_heard FROM nodes WHERE code = 'yn'") < nodes.now


async def test_garbage_on_a_control_topic_is_a_dead_letter_and_what_others_say_there_is_theirs(
    nodes: Nodes,
) -> None:
    before = await nodes.router.db.fetchval("SELECT count(*) FROM dead_letters")
    await nodes.router.topics.put_raw(uplink("gz", "control"), "gz", b"{", [("ce_id", b"1")])
    await eventually(lambda: nodes.router.db.fetchval("SELECT count(*) > $1 FROM dead_letters", before))


async def test_new_forwards_to_a_silent_node_are_held_and_go_when_it_is_heard_again(nodes: Nodes) -> None:
    await nodes.pass_time(MINUTE, silent=["gx"])
    forward = nodes.forward(fresh_number(), route_type="node", route_value="gx")
    await nodes.taken_in(await nodes.send(forward, "bj"))
    line = await nodes.ledger(forward)
    assert (line["state"], line["held_because"], line["held_since"]) == ("held", "node-silent", nodes.now)
    await nodes.router.tick("release-held")
    assert await nodes.order_of_arrival("gx", str(forward.number)) == []
    await nodes.beat("gx")
    await nodes.forwarded(forward, "gx")
    assert await nodes.trail(forward) == [
        ("up", "bj", "forward"),
        ("here", "hq", "held"),
        ("down", "gx", "forward"),
    ]


async def test_what_waits_for_a_version_goes_when_the_node_says_that_it_has_it(nodes: Nodes) -> None:
    forward = nodes.forward(fresh_number(), route_type="node", route_value="gx", version=9)
    await nodes.send(forward, "bj")
    await nodes.forwarded(forward, "gx")
    await nodes.taken_in(await nodes.send(nodes.outcome(forward, "gx", "version-unknown"), "gx"))
    assert (await nodes.ledger(forward))["held_because"] == "version-unknown"
    await nodes.beat("gx", ("replace-sim", 9))
    await nodes.forwarded(forward, "gx", 2)


async def test_after_a_restart_nothing_is_held_that_a_running_router_would_send(nodes: Nodes) -> None:
    await nodes.pass_time(timedelta(hours=1), silent=["gx"])
    await nodes.router.restart()
    first, second = (nodes.forward(fresh_number(), route_type="node", route_value="gx") for _ in range(2))
    await nodes.send(first, "bj")
    await nodes.forwarded(first, "gx")
    await nodes.pass_time(MINUTE, silent=["gx"])
    await nodes.taken_in(await nodes.send(second, "bj"))
    assert (await nodes.ledger(second))["state"] == "held"


async def test_operators_see_for_how_long_each_node_was_silent_and_what_waits_for_it(nodes: Nodes) -> None:
    await nodes.all_heard()
    await nodes.pass_time(MINUTE, silent=["hi"])
    await nodes.taken_in(
        await nodes.send(nodes.forward(fresh_number(), route_type="node", route_value="hi"), "bj")
    )
    await nodes.router.tick("measure-nodes")
    told = (await nodes.router.client.get("/metrics")).text
    at = 'node="hq",of="{}",service="hq-router"'
    assert f"unicrm_node_silent_seconds{{{at.format('hi')}}} 61.0" in told
    assert f"unicrm_forwards_held{{{at.format('hi')}}} 1.0" in told
    assert f"unicrm_node_silent_seconds{{{at.format('yn')}}} 0.0" in told
