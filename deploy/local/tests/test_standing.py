"""A fleet as `make up` starts it: what dies is started again by itself, and what was accepted is carried out.

The real fleet, with engines of its own. Whatever is killed here is killed as by a power cut.
"""

import asyncio
import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from signal import SIGKILL
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.demo import crossing, opening
from deploy.demo.counter import ORDERS, Counter, replace_sim
from deploy.demo.frame import Stage
from deploy.local.databases import DatabaseServer
from deploy.local.engines import Engines, external
from deploy.local.fleet import Fleet
from deploy.local.plan import FleetPlan
from deploy.local.trouble import Trouble
from tests.engines import eventually

pytestmark = pytest.mark.skipif(bool(external()), reason="the engines here are others' and not ours to kill")


def free_ports(count: int) -> int:
    """The first of so many ports that are free now."""
    for first in range(18_000, 28_000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


@asynccontextmanager
async def opened(*, place: str = "trial", split: bool = False) -> AsyncIterator[Stage]:
    """A fleet that is looked after as by `make up`, and in which an account was opened in Guangdong."""
    plan = FleetPlan.of("bj,gd", place=place, fresh=True, split=split, first_port=free_ports(3))
    said: list[str] = []
    async with Fleet.standing(plan, said.append) as fleet:
        clients = {node: httpx.AsyncClient(base_url=plan.url(node), timeout=30) for node in plan.nodes}
        stage = Stage(fleet, clients)
        stage.kept["said"] = said
        await opening.customer_is_registered(stage)
        await opening.number_is_reserved(stage)
        await opening.account_is_opened(stage)
        yield stage
        for client in clients.values():
            await client.aclose()


@pytest.fixture(scope="module")
async def whole() -> AsyncIterator[Stage]:
    async with opened() as stage:
        yield stage


@pytest.fixture(scope="module")
async def split() -> AsyncIterator[Stage]:
    async with opened(place="trialsplit", split=True) as stage:
        yield stage


def page(stage: Stage) -> dict[str, Any]:
    return dict(json.loads(stage.fleet.plan.page_file.read_text()))


async def accepted(stage: Stage) -> tuple[Counter, str]:
    """A new SIM, accepted in Beijing for the subscriber in Guangdong: where, and the order's id."""
    counter = crossing.bj(stage)
    body = replace_sim(
        stage.kept["number"],
        await counter.card("blank"),
        await counter.check(opening.OWNER),
        await counter.pay(10),
    )
    return counter, str((await counter.post(ORDERS, body))["id"])


async def ready(stage: Stage) -> None:
    async def all_ready() -> bool:
        try:
            answers = [await client.get("/health/ready") for client in stage.clients.values()]
        except httpx.TransportError:
            return False
        return all(answer.status_code == 200 for answer in answers)

    # Not more often: each asking costs the nodes what they need to come back.
    await eventually(all_ready, within=60, every=0.3)


async def killed_and_back(stage: Stage, *names: str) -> None:
    """Kill these processes of a fleet at the moment in which an order is accepted; all is well in the end."""
    before = page(stage)["pids"]
    counter, order = await accepted(stage)
    for name in names:
        mark = stage.fleet.children[name].mark
        assert mark is not None
        mark.send(SIGKILL)
    await eventually(
        lambda: all(page(stage)["pids"][name]["pid"] != before[name]["pid"] for name in names), within=30
    )
    await ready(stage)
    ended = await counter.ended(order, within=60)
    assert ended["state"] == "completed", ended.get("failure")
    after = page(stage)["pids"]
    assert {name: what["kind"] for name, what in after.items()} == {
        name: what["kind"] for name, what in before.items()
    }
    same = before.keys() - set(names)
    assert {name: after[name]["pid"] for name in same} == {name: before[name]["pid"] for name in same}


@pytest.mark.parametrize("names", [("gd",), ("postgres",), ("kafka",), ("gd", "postgres", "kafka")])
async def test_what_is_killed_comes_back_and_the_order_completes(
    whole: Stage, names: tuple[str, ...]
) -> None:
    await killed_and_back(whole, *names)
    assert all(any(f"{name} ended by itself" in line for line in whole.kept["said"]) for name in names)


async def test_the_page_lists_nodes_engines_and_simulators(whole: Stage) -> None:
    listed = {(name, what["kind"], what["node"]) for name, what in page(whole)["pids"].items()}
    assert listed == {
        *((node, "node", node) for node in ("hq", "bj", "gd")),
        *((name, "engine", None) for name in ("postgres", "kafka")),
        *((name, "simulator", None) for name in ("provisioning", "accounting", "billing")),
    }


async def test_a_second_fleet_at_the_same_place_or_port_is_refused_in_a_sentence(whole: Stage) -> None:
    plan = whole.fleet.plan
    with pytest.raises(Trouble, match="up already"):
        async with Fleet.standing(plan, print):
            pass
    with pytest.raises(Trouble, match=f"Port {plan.first_port} of 127.0.0.1 cannot be used"):
        async with Fleet.standing(
            FleetPlan.of("bj", place="trial-second", first_port=plan.first_port), print
        ):
            pass


async def test_servers_of_others_are_used_and_left_running(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNICRM_POSTGRES_URL", engines.postgres_url)
    monkeypatch.setenv("UNICRM_KAFKA", engines.kafka)
    async with opened(place="trialothers") as stage:
        listed = page(stage)["pids"]
        assert not [name for name, what in listed.items() if what["kind"] == "engine"]
        counter, order = await accepted(stage)
        assert (await counter.ended(order))["state"] == "completed"
    async with DatabaseServer.open(engines.postgres_url) as server:
        mine = sorted(name for name in await server.names() if name.startswith("trialothers_"))
        assert "trialothers_gd_order_acceptance" in mine
        await server.drop(*mine)


async def test_split_every_service_and_every_relay_is_a_process(split: Stage) -> None:
    pids = page(split)["pids"]
    mine = {name: what["kind"] for name, what in pids.items() if what["node"] == "gd"}
    services = {name for name, kind in mine.items() if kind == "service"}
    assert "gd.order-acceptance" in services
    assert {name for name, kind in mine.items() if kind == "relay"} == {f"{name}.relay" for name in services}
    assert mine["gd"] == "door"
    assert len({what["pid"] for what in pids.values()}) == len(pids)


@pytest.mark.parametrize(
    "names",
    [
        ("gd",),
        ("gd.order-acceptance",),
        ("bj.order-acceptance.relay", "gd.order-acceptance.relay", "hq.hq-router.relay"),
        ("gd.resource", "gd.customer", "hq.hq-router"),
    ],
)
async def test_split_what_is_killed_comes_back_and_the_order_completes(
    split: Stage, names: tuple[str, ...]
) -> None:
    await killed_and_back(split, *names)


async def test_split_the_node_answers_for_all_its_services(split: Stage) -> None:
    client = split.clients["gd"]
    measured = (await client.get("/metrics")).text
    assert 'service="access"' in measured
    assert 'service="resource"' in measured
    lines = [line for line in measured.splitlines() if line.startswith("# TYPE")]
    assert len(lines) == len(set(lines))
    document = await client.get("/api/order-acceptance/v1/openapi.json")
    assert document.json()["openapi"].startswith("3.")
    checks = (await client.get("/health/ready")).json()["checks"]
    assert checks["order-acceptance.database"] == checks["resource.broker"] == "ok"
    nowhere = await client.get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["@type"]) == (404, "Error")


async def test_split_the_clock_is_advanced_for_every_process_of_the_fleet(split: Stage) -> None:
    """The last of this file: its fleet lives three days later from here on."""
    plan = split.fleet.plan
    roles = {node: "hq-operator" if node == "hq" else "supervisor" for node in plan.nodes}
    stale = {node: await split.signed_in(node, role) for node, role in roles.items()}
    since = datetime.now(UTC) + timedelta(days=3)
    command = [sys.executable, "-m", "deploy.cli.main", "clock", "advance", "3d", "--place", plan.place]
    told = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    later = Stage(split.fleet, split.clients, dict(split.kept))

    # Services: a token of three days ago has ended for each of them, and one of now is not from the future.
    for node, role in roles.items():
        fresh = await later.signed_in(node, role)
        for child in split.fleet.children:
            if child.node == node and child.kind == "service":
                path = f"/api/{child.name.removeprefix(f'{node}.')}/v1/deadLetters"
                assert (await split.clients[node].get(path, headers=stale[node])).status_code == 401, path
                assert (await split.clients[node].get(path, headers=fresh)).status_code == 200, path

    # Relays: each buries what no broker takes, at the time of business.
    for child in split.fleet.children:
        if child.kind == "relay":
            node, name, _ = child.name.split(".")
            assert await buried(split, node, name.replace("-", "_")) >= since, child.name

    # Simulators: what they do from now on, they do now.
    counter, order = await accepted(later)
    assert (await counter.ended(order, within=60))["state"] == "completed"
    await opening.number_is_reserved(later)
    await opening.account_is_opened(later)
    for system in ("provisioning", "accounting", "billing"):
        with closing(sqlite3.connect(plan.folder / "simulators" / f"{system}.sqlite")) as journal:
            (last,) = journal.execute("SELECT max(at) FROM tasks").fetchone()
        assert datetime.fromisoformat(last) >= since, system


async def buried(stage: Stage, node: str, package: str) -> datetime:
    """When a service's relay gave up a message that can never be sent."""
    connection = await asyncpg.connect(f"{stage.fleet.engines.postgres_url}/{node}_{package}")
    try:
        await connection.execute(
            "INSERT INTO outbox (share, topic, key, ce_id, ce_type, payload, created) "
            "VALUES (0, 'no topic', 'k', 'never-sent', 'test', '{}', now())"
        )

        async def given_up() -> Any:
            return await connection.fetchval("SELECT created FROM dead_letters WHERE ce_id = 'never-sent'")

        found: datetime = await eventually(given_up, within=30)
        return found
    finally:
        await connection.close()
