"""A node's front door: every request finds its service, and what speaks for all speaks for all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import JSONResponse
from starlette.routing import Route

from deploy.local.front_door import FrontDoor


def app_of(name: str, *paths: str, ready: int = 200, told: list[str] | None = None) -> FastAPI:
    """An app whose answers name it."""
    notes = [] if told is None else told

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        notes.append(f"{name} starts")
        if ready == 0:
            raise RuntimeError(f"{name} cannot")
        yield
        notes.append(f"{name} stops")

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)

    async def answer(_: object) -> JSONResponse:
        return JSONResponse({"by": name})

    async def health(_: object) -> JSONResponse:
        return JSONResponse({"checks": {"database": "ok" if ready == 200 else "failed"}}, ready)

    app.router.routes.extend(Route(path, answer) for path in paths)
    app.router.routes.append(Route("/health/ready", health))
    return app


def client_of(door: FrontDoor) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=door), base_url="http://node")


async def test_a_request_goes_to_the_service_whose_path_it_is() -> None:
    door = FrontDoor(
        {
            "orders": app_of(
                "orders", "/tmf-api/order/v4/productOrder", "/tmf-api/order/v4/productOrder/{id}"
            ),
            "stock": app_of("stock", "/api/resource/v1/reservations", "/api/resource/v1/{kind}/count"),
        }
    )
    async with client_of(door) as client:
        assert (await client.get("/tmf-api/order/v4/productOrder/7")).json() == {"by": "orders"}
        assert (await client.get("/api/resource/v1/reservations")).json() == {"by": "stock"}
        assert (await client.get("/api/resource/v1/cards/count")).json() == {"by": "stock"}
        assert (await client.get("/nowhere")).status_code == 404


def test_two_services_with_one_path_are_refused() -> None:
    with pytest.raises(ValueError, match="declared by"):
        FrontDoor({"one": app_of("one", "/a/b/{id}"), "two": app_of("two", "/a/b")})


async def test_a_node_is_ready_only_when_every_service_is() -> None:
    async with client_of(FrontDoor({"one": app_of("one"), "two": app_of("two", ready=503)})) as client:
        answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not-ready",
        "checks": {"one.database": "ok", "two.database": "failed"},
    }


async def test_each_service_shows_its_document() -> None:
    async with client_of(FrontDoor({"one": app_of("one")})) as client:
        assert (await client.get("/api/one/v1/openapi.json")).json()["openapi"].startswith("3.")


async def test_services_start_and_stop_together() -> None:
    told: list[str] = []
    door = FrontDoor({"one": app_of("one", told=told), "two": app_of("two", told=told)})
    async with door.running():
        assert sorted(told) == ["one starts", "two starts"]
    assert sorted(told[2:]) == ["one stops", "two stops"]


async def test_a_service_that_does_not_start_takes_the_others_down_with_it() -> None:
    told: list[str] = []
    door = FrontDoor({"one": app_of("one", told=told), "two": app_of("two", ready=0, told=told)})
    with pytest.raises(RuntimeError, match="two cannot"):
        async with door.running():
            pytest.fail("it stands although a part of it does not")
    assert told[-1] == "one stops"
