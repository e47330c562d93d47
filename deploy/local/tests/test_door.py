"""The door of a split node: what arrives is passed on as it came, and a service that is away is waited for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from deploy.local.door import Door
from deploy.local.listening import bind_path
from deploy.local.of_all import together
from deploy.local.owners import Owners
from deploy.local.trouble import Trouble


async def _told(request: Request) -> JSONResponse:
    body = await request.body()
    told = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "key": request.headers.getlist("idempotency-key"),
        "body": len(body),
    }
    return JSONResponse(told, 201, {"ETag": '"7"', "X-Total-Count": "3"})


async def _pieces(_: Request) -> StreamingResponse:
    async def text() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 1000

    return StreamingResponse(text())


SERVICE = Starlette(
    routes=[
        Route("/api/orders/v1/orders/{id:path}", _told, methods=["GET", "POST", "PATCH"]),
        Route("/api/orders/v1/pieces", _pieces),
    ]
)


class Behind:
    """A service behind a socket of the file system, to be started and stopped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._running: list[tuple[uvicorn.Server, asyncio.Task[Any]]] = []

    async def start(self) -> None:
        server = uvicorn.Server(uvicorn.Config(SERVICE, log_level="error", lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[bind_path(self.path)]))
        self._running.append((server, task))

    async def stop(self) -> None:
        while self._running:
            server, task = self._running.pop()
            server.should_exit = True
            await task


@pytest.fixture
async def behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Behind]:
    # Names of sockets are short or not at all.
    monkeypatch.chdir(tmp_path)
    service = Behind(Path("orders"))
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def client(behind: Behind) -> AsyncIterator[httpx.AsyncClient]:
    owners = Owners({"orders": ["/api/orders/v1/orders", "/api/orders/v1/pieces"]})
    door = Door({"orders": behind.path}, owners)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=door), base_url="http://gd") as opened:
        yield opened


async def test_a_request_arrives_as_it_was_sent_and_its_answer_comes_back(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/api/orders/v1/orders/a%2Fb?state=%E5%A5%BD&state=x",
        content=b"{}" * 100_000,
        headers={"Idempotency-Key": "k"},
    )
    assert answer.status_code == 201
    assert (answer.headers["etag"], answer.headers["x-total-count"]) == ('"7"', "3")
    assert answer.json() == {
        "method": "POST",
        "path": "/api/orders/v1/orders/a%2Fb",
        "query": "state=%E5%A5%BD&state=x",
        "key": ["k"],
        "body": 200_000,
    }


async def test_a_long_answer_comes_whole(client: httpx.AsyncClient) -> None:
    assert len((await client.get("/api/orders/v1/pieces")).content) == 1_000_000


async def test_a_service_that_is_being_started_again_is_waited_for(
    behind: Behind, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/api/orders/v1/orders/1")).status_code == 201
    await behind.stop()
    asked = asyncio.create_task(client.post("/api/orders/v1/orders/2", content=b"once"))
    await asyncio.sleep(0)
    await behind.start()
    assert (await asked).json()["body"] == 4


async def test_a_service_that_stays_away_is_told_as_our_errors_are(
    behind: Behind, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.door._PATIENCE", 0.1)
    await behind.stop()
    answer = await client.get("/api/orders/v1/orders/1")
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily-unavailable")
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()["checks"]) == (503, {"orders.process": "failed"})


async def test_what_a_killed_process_left_is_removed_and_a_living_one_is_not(behind: Behind) -> None:
    with pytest.raises(Trouble, match="listens"):
        bind_path(behind.path)
    left = Path("left")
    bind_path(left).close()
    bind_path(left).close()


def test_measurements_of_several_processes_are_one_text() -> None:
    family = "# HELP requests_total Requests.\n# TYPE requests_total counter\n"
    one = family + 'requests_total{service="a"} 1.0\n'
    two = family + 'requests_total{service="b"} 2.0\n# HELP other Other.\n# TYPE other gauge\nother 3.0\n'
    assert together([one, two]) == (
        family
        + 'requests_total{service="a"} 1.0\nrequests_total{service="b"} 2.0\n'
        + "# HELP other Other.\n# TYPE other gauge\nother 3.0\n"
    )
