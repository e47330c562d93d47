"""What a province may do at headquarters' broker: carry its own, and nothing of anybody else's."""

import itertools
import re
from pathlib import Path

import pytest

from deploy import services
from deploy.mirror.rules import Kind, Operation, allows, carried_topics, own_topics, rights_of
from libs.messaging.topics import INTERFACES, downlink, uplink
from libs.node import HQ, NODES, PROVINCES
from libs.service import topics_of

_PROPERTIES = (Path(__file__).parents[1] / "mirror.properties").read_text()
_CHANGES = (Operation.READ, Operation.WRITE)


def _may(node: str, topic: str) -> set[Operation]:
    rights = rights_of(node)
    return {operation for operation in _CHANGES if allows(rights, Kind.TOPIC, topic, operation)}


@pytest.mark.parametrize("node", PROVINCES)
def test_a_province_writes_its_uplinks_and_reads_its_downlinks(node: str) -> None:
    for interface in INTERFACES:
        assert _may(node, uplink(node, interface)) == {Operation.WRITE}
        assert _may(node, downlink(node, interface)) == {Operation.READ}


@pytest.mark.parametrize("node", PROVINCES)
def test_a_province_may_nothing_of_another_s(node: str) -> None:
    others = [code for code in NODES if code != node]
    theirs = [topic for other in others for topic in carried_topics(other)]
    theirs += [topic.name for other in others for topic in own_topics(other)]
    theirs += [
        topic
        for other in (HQ, *others[:3])
        for service in services.services_at(NODES[other].tier)
        for topic in topics_of(service, other)
        # The router's own list names every node's links, this one's too.
        if not topic.startswith(f"{node}.")
    ]
    assert [topic for topic in theirs if _may(node, topic)] == []
    groups = [f"{other}-mm2" for other in others] + ["hq.hq-router.main", "hq.order-acceptance.main"]
    rights = rights_of(node)
    assert not any(allows(rights, Kind.GROUP, group, Operation.READ) for group in groups)


def test_what_services_send_between_the_tiers_is_what_is_carried() -> None:
    for node in ("gd", "bj"):
        crossing = {
            topic
            for service in services.services_at("province")
            for topic in topics_of(service, node)
            if ".uplink." in topic or ".downlink." in topic
        }
        router = {
            topic
            for topic in topics_of(services.service("hq-router"), HQ)
            if topic.startswith((f"{node}.uplink.", f"{node}.downlink."))
        }
        assert crossing
        assert crossing | router <= set(carried_topics(node))


def test_no_topic_inside_a_province_can_be_taken_for_a_link() -> None:
    inside = {
        topic
        for service in services.services_at("province")
        for topic in topics_of(service, "gd")
        if ".uplink." not in topic and ".downlink." not in topic
    }
    assert inside
    assert [topic for topic in inside if _may("gd", topic)] == []


def test_no_province_s_links_begin_as_another_s() -> None:
    for one, other in itertools.permutations(PROVINCES, 2):
        assert not f"{one}.uplink.".startswith(f"{other}.uplink.")


def test_the_mirror_keeps_names_and_order_and_moves_nothing_but_the_links() -> None:
    told = dict(re.findall(r"^(\S+) = (.*)$", _PROPERTIES, re.MULTILINE))
    assert told["replication.policy.class"].endswith(".IdentityReplicationPolicy")
    for off in (
        "sync.topic.acls.enabled",
        "sync.topic.configs.enabled",
        "sync.group.offsets.enabled",
        "emit.heartbeats.enabled",
        "emit.checkpoints.enabled",
        "emit.offset-syncs.enabled",
    ):
        assert told[off] == "false", off
    for cluster in ("hq", "@province@"):
        assert told[f"{cluster}.producer.enable.idempotence"] == "true"
        assert int(told[f"{cluster}.offset.flush.interval.ms"]) <= 1000
    assert told["hq.security.protocol"] == "SASL_SSL"
    for node, (way, link) in itertools.product(
        ("gd", "hb"), (("@province@->hq", "uplink"), ("hq->@province@", "downlink"))
    ):
        pattern = told[f"{way}.topics"].replace("@province@", node).replace("\\\\", "\\")
        carried = {topic for topic in carried_topics(node) if re.fullmatch(pattern, topic)}
        assert carried == {topic for topic in carried_topics(node) if f".{link}." in topic}
        assert not any(re.fullmatch(pattern, topic) for topic in carried_topics("bj"))
