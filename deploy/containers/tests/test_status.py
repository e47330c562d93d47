"""An operator sees at a glance which service of which node needs him."""

import io

import httpx
import pytest
from rich.console import Console

from deploy.containers.health import Health
from deploy.containers.status import NodeStatus, ask, read, services_table, show
from libs.telemetry.metrics import Metrics, Registry

CHECKS = {"resource.database": "ok", "resource.broker": "ok", "order-acceptance.database": "failed"}


def _measured() -> str:
    registry = Registry()
    resource, acceptance = Metrics("hq", "resource", registry), Metrics("hq", "order-acceptance", registry)
    resource.consumer_lag("hq.resource.tasks", 0, 3)
    resource.consumer_lag("hq.resource.tasks", 1, 4)
    resource.outbox_depth(5)
    resource.dead_letters(2)
    acceptance.parked(1)
    acceptance.oldest_work_order(61.5)
    router = Metrics("hq", "hq-router", registry)
    router.link("gd", 3.0, 0)
    router.link("bj", 75.0, 12)
    return registry.render()[0].decode()


def test_what_waits_is_told_service_by_service() -> None:
    whole = "# TYPE unicrm_spans_dropped counter\nunicrm_spans_dropped_total 3.0\n"
    status = read("http://hq", CHECKS, _measured() + whole)
    assert status.node == "hq"
    assert set(status.services) == {"resource", "order-acceptance", "hq-router"}
    resource, acceptance = status.services["resource"], status.services["order-acceptance"]
    assert (resource.lag, resource.outbox, resource.dead_letters, resource.failed) == (7, 5, 2, [])
    assert (acceptance.parked, acceptance.failed, status.oldest_work_order) == (1, ["database"], 61.5)
    assert not status.well


def test_headquarters_tells_how_it_hears_the_nodes() -> None:
    links = {link.node: link for link in read("http://hq", CHECKS, _measured()).links}
    assert (links["gd"].well, links["bj"].well, links["bj"].held) == (True, False, 12)


def test_a_table_that_nobody_looks_at_is_not_shortened() -> None:
    console = Console(file=io.StringIO(), width=160)
    console.print(
        services_table([read("http://hq", CHECKS, _measured()), NodeStatus("http://gd", trouble="no answer")])
    )
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "order-acceptance" in said
    assert "database failed" in said
    assert "no answer" in said


async def test_a_node_that_is_away_is_said_and_is_a_failure() -> None:
    console = Console(file=io.StringIO())
    assert await show(["http://127.0.0.1:1"], console) == 1
    assert "no answer" in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("ready", "status"), [(200, 200), (503, 503)])
async def test_one_address_speaks_for_all_services_of_a_node(ready: int, status: int) -> None:
    asked: list[str] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.host}:{request.url.port}{request.url.path}")
        if request.url.path == "/metrics":
            return httpx.Response(200, text=_measured())
        healthy = request.url.host != "resource" or ready == 200
        checks = {"checks": {"database": "ok" if healthy else "failed"}}
        return httpx.Response(200 if healthy else 503, json=checks)

    health = Health(["access", "resource"], httpx.MockTransport(service))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=health), base_url="http://node") as client:
        assert (await client.get("/health/ready")).status_code == status
        assert (await client.get("/orders")).status_code == 404
        found = await ask(client, "http://node")
    assert found.services["resource"].failed == ([] if ready == 200 else ["database"])
    assert {"access:8000/health/ready", "resource:8000/metrics"} <= set(asked)


async def test_a_service_that_does_not_answer_is_not_ready() -> None:
    def service(request: httpx.Request) -> httpx.Response:
        if request.url.host == "resource":
            raise httpx.ConnectError("nobody listens")
        return httpx.Response(200, json={"checks": {"database": "ok"}})

    health = Health(["access", "resource"], httpx.MockTransport(service))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=health), base_url="http://node") as client:
        answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"access.database": "ok", "resource.process": "failed"}
