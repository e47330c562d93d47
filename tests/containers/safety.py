"""What must not be possible between containers, and between nodes."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from deploy.demo.frame import Stage
from deploy.local.trouble import Trouble
from deploy.mirror.rules import carried_topics
from libs.node import HQ
from tests.containers.fleet import VERSION, ContainerFleet
from tests.containers.stacks import BROKER, SERVICES, Stack, docker

_LIST = ("/opt/kafka/bin/kafka-topics.sh", "--list", "--bootstrap-server")
_TRESPASS = Path(__file__).with_name("trespass.py")


def fleet_of(stage: Stage) -> ContainerFleet:
    assert isinstance(stage.fleet, ContainerFleet)
    return stage.fleet


async def only_front_doors_are_published(stage: Stage) -> str:
    fleet = fleet_of(stage)
    published = []
    for stack in fleet.stacks.values():
        for line in docker(
            "ps", "--filter", f"name=^{stack.project}-", "--format", "{{.Names}} {{.Ports}}"
        ).splitlines():
            name, _, ports = line.partition(" ")
            bound = [one for one in ports.split(", ") if "->" in one]
            assert all(one.startswith("127.0.0.1:") for one in bound), line
            published += [name.removeprefix("unicrm-check-")] * len(bound)
    assert sorted(published) == ["bj-gateway-1", "gd-gateway-1", "hq-gateway-1", "hq-kafka-1"], published
    return "three front doors and headquarters' listener for provinces, all on 127.0.0.1"


async def containers_can_do_little(stage: Stage) -> str:
    looked = 0
    for stack in fleet_of(stage).stacks.values():
        names = [stack.container(name) for name in (*SERVICES, "health", "gateway")]
        for one in json.loads(docker("inspect", *names)):
            host, name = one["HostConfig"], one["Name"]
            assert host["ReadonlyRootfs"], f"{name} can write its root file system"
            assert one["Config"]["User"].split(":")[0] not in ("", "0", "root"), f"{name} runs as root"
            assert host["CapDrop"] == ["ALL"], f"{name} keeps capabilities"
            assert min(host["Memory"], host["NanoCpus"], host["PidsLimit"]) > 0, f"{name} is not bounded"
            assert host["Init"], f"{name} has nobody who buries its dead"
            looked += 1
    return f"{looked} containers: read-only, without root and capabilities, memory and CPU bounded"


async def role_opens_no_other_database(stage: Stage) -> str:
    refused = 0
    for stack in fleet_of(stage).stacks.values():
        mine = stack.query("access", "SELECT current_user", user=f"{stack.node}_access")
        assert mine == f"{stack.node}_access", mine
        for package in ("customer", "order_acceptance"):
            with pytest.raises(Trouble, match="permission denied for database"):
                stack.query(package, "SELECT 1", user=f"{stack.node}_access")
            refused += 1
    return f"each opens its own; {refused} attempts at another's: permission denied"


async def province_speaks_for_no_other(stage: Stage) -> str:
    fleet = fleet_of(stage)
    writes = [
        "bj.uplink.work-orders",
        "gd.downlink.work-orders",
        "hq.order-acceptance.results",
        "gd.uplink.unheard-of",
    ]
    reads = [
        "bj.downlink.work-orders",
        "gd.uplink.work-orders",
        "hq.customer.events",
        "mm2-offsets.bj.internal",
    ]
    told = await trespass(fleet.stacks["gd"], write=writes, read=[*reads, "gd.downlink.work-orders"])
    assert told.pop("read gd.downlink.work-orders") == "done", told
    # A topic of its own name that nobody made is not made by its writing either.
    assert told.pop("write gd.uplink.unheard-of") != "done", told
    assert set(told.values()) == {"TopicAuthorizationFailedError"}, told
    wrong = await trespass(fleet.stacks["gd"], password="guessed", write=["gd.uplink.control"])
    assert set(wrong.values()) == {"KafkaConnectionError"}, wrong
    as_other = await trespass(fleet.stacks["gd"], user="bj", write=["bj.uplink.control"])
    assert set(as_other.values()) == {"KafkaConnectionError"}, as_other
    for port in (9092, 9093):
        attempt = f"import socket; socket.create_connection(('{BROKER}', {port}), 5)"
        with pytest.raises(Trouble, match="ConnectionRefusedError"):
            await asyncio.to_thread(fleet.stacks["gd"].beside, f"unicrm:{VERSION}", "-", told=attempt)
    return (
        f"{len(told)} refused by its rights; a wrong password, and its own as somebody else, are not let in"
    )


async def mirrors_have_what_they_need(stage: Stage) -> str:
    """Every link exists at both ends, and no mirror was refused anything."""
    fleet, end = fleet_of(stage), time.monotonic() + 90
    for node in ("bj", "gd"):
        stack, wanted = fleet.stacks[node], set(carried_topics(node))
        down = {one for one in wanted if ".downlink." in one}
        for at, broker, topics in ((fleet.hq, "kafka-inside:9092", wanted), (stack, "kafka:9092", down)):
            while missing := topics - set((await asyncio.to_thread(at.run, "kafka", *_LIST, broker)).split()):
                assert time.monotonic() < end, f"{at.node} lacks {', '.join(sorted(missing))}"
                await asyncio.sleep(5)
        refused = [line for line in stack.logs("mirror").splitlines() if "AuthorizationException" in line]
        assert refused == [], refused[0]
    return "every link is there at both ends, and nothing was refused"


async def province_is_taken_away(stage: Stage) -> str:
    fleet = fleet_of(stage)
    bj = fleet.stacks["bj"]
    await asyncio.to_thread(bj.compose, "stop", "mirror")
    await asyncio.to_thread(fleet.hq.compose, "run", "--rm", "leave", "bj")
    told = await trespass(bj, write=["bj.uplink.control"], read=["bj.downlink.work-orders"])
    assert set(told.values()) == {"KafkaConnectionError"}, told
    return "its mirror is not let in any more"


async def trespass(
    stack: Stack,
    *,
    user: str | None = None,
    password: str | None = None,
    write: list[str] | None = None,
    read: list[str] | None = None,
) -> dict[str, str]:
    """What becomes of attempts at headquarters' broker, as the province's user unless told otherwise."""
    own = (stack.secrets / HQ / "provinces" / stack.node).read_text()
    attempt = {
        "kafka": f"{BROKER}:9094",
        "user": user or stack.node,
        "password": password or own,
        "write": write or [],
        "read": read or [],
    }
    said = await asyncio.to_thread(
        lambda: stack.beside(
            f"unicrm:{VERSION}", "-", told=_TRESPASS.read_text(), TRESPASS=json.dumps(attempt)
        )
    )
    found: dict[str, str] = json.loads(said.splitlines()[-1])
    return found
