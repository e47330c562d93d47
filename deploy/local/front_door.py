"""One front door for the services of one process: a request goes to the app whose path it is.

`/health/*` and `/metrics` speak for all of them, and each service's OpenAPI document is at
`/api/<service>/v1/openapi.json`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.local.owners import Owners


class FrontDoor:
    """An ASGI app over the apps of services, by the services' names.

    Raises ValueError where two apps would answer the same path.
    """

    def __init__(self, apps: Mapping[str, FastAPI]) -> None:
        self._apps = dict(apps)
        self._owners = Owners({name: _paths(app) for name, app in self._apps.items()})
        self._own: dict[str, Callable[[], Any]] = {"/health/ready": self._ready} | {
            document_path(name): _document(app) for name, app in self._apps.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        own = self._own.get(scope["path"]) if scope["method"] == "GET" else None
        if own is None:
            # Of what the whole process measures, any one tells.
            app: ASGIApp = self._apps[self._owners[scope["path"]]]
            await app(scope, receive, send)
            return
        status, body = await own()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Every app started, all at once; stopped at the end, all at once.

        Raises what a start failed with, after the others were stopped.
        """
        stop = asyncio.Event()
        started = [asyncio.get_running_loop().create_future() for _ in self._apps]
        lives = [
            asyncio.create_task(_life(app, begun, stop))
            for app, begun in zip(self._apps.values(), started, strict=True)
        ]
        try:
            failures = [
                one for one in await asyncio.gather(*started, return_exceptions=True) if one is not None
            ]
            if failures:
                raise failures[0]
            yield
        finally:
            stop.set()
            await asyncio.gather(*lives, return_exceptions=True)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    async def _ready(self) -> tuple[int, bytes]:
        return whether_ready(await self._ask_all("/health/ready"))

    async def _ask_all(self, path: str) -> dict[str, tuple[int, dict[str, Any]]]:
        async def ask(app: FastAPI) -> tuple[int, dict[str, Any]]:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
                answer = await client.get(path)
            return answer.status_code, answer.json()

        answers = await asyncio.gather(*(ask(app) for app in self._apps.values()))
        return dict(zip(self._apps, answers, strict=True))


async def _life(app: FastAPI, begun: "asyncio.Future[None]", stop: asyncio.Event) -> None:
    """One app from start to end, in one task: what it enters it also leaves."""
    try:
        async with app.router.lifespan_context(app):
            begun.set_result(None)
            await stop.wait()
    except BaseException as error:
        if not begun.done():
            begun.set_exception(error)
            return
        raise


def _document(app: FastAPI) -> Callable[[], Any]:
    async def document() -> tuple[int, bytes]:
        return 200, json.dumps(app.openapi(), ensure_ascii=False).encode()

    return document


def _paths(app: FastAPI) -> list[str]:
    return [path for route in app.routes if isinstance(path := getattr(route, "path", None), str)]


def document_path(service: str) -> str:
    """Where a service shows its OpenAPI document."""
    return f"/api/{service}/v1/openapi.json"


def whether_ready(answers: Mapping[str, tuple[int, Mapping[str, Any]]]) -> tuple[int, bytes]:
    """Of what each service answers (status, body), the node's answer: ready when every service is.

    Each check is named `<service>.<check>`, as the only service of a process has named it already.
    """
    checks: dict[str, str] = {}
    worst = 200
    for name, (status, found) in answers.items():
        worst = max(worst, status)
        said = found.get("checks", {})
        checks |= {f"{name}.{check.removeprefix(f'{name}.')}": outcome for check, outcome in said.items()}
    state = "ready" if worst == 200 else "not-ready"
    return worst, json.dumps({"status": state, "checks": checks}).encode()
