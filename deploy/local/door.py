"""The front door of a node whose services are processes of their own: what arrives is passed to whose path it is.

What `deploy/gateway` does in production, with as little: no buffering, no opinion about headers. A service that is
being started again is waited for; a request that may have reached it is never sent twice.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from deploy.local.front_door import document_path, whether_ready
from deploy.local.listening import bind
from deploy.local.node import serve, set_up
from deploy.local.owners import OF_ALL, Owners
from deploy.services import service as service_of
from libs.node import Settings
from libs.service import routes_of
from libs.telemetry.logs import logger
from libs.web.codes import TEMPORARILY_UNAVAILABLE
from libs.web.errors import Reason, Refusal, error_body

log = logger("deploy.door")

_PATIENCE = 3.0
"""Seconds that a service may take to come back before its callers hear that it is away."""
_ANSWER = 60.0
"""Seconds for an answer; services have a shorter limit of their own."""
# RFC 9110, 7.6.1: these speak of one connection, not of the message.
_HOPS = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)


class Door:
    """An ASGI app that passes requests to services behind sockets of the file system."""

    def __init__(self, sockets: Mapping[str, Path], owners: Owners) -> None:
        self._owners = owners
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=30)
        self._services = {
            name: httpx.AsyncHTTPTransport(uds=str(path), limits=limits) for name, path in sockets.items()
        }
        self._documents = {document_path(name): name for name in sockets}
        self._own: Mapping[str, Callable[[], Awaitable[tuple[int, bytes, bytes]]]] = {
            "/health/live": self._live,
            "/health/ready": self._ready,
            "/metrics": self._metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            for one in self._services.values():
                await one.aclose()
            await send({"type": "lifespan.shutdown.complete"})
            return
        path = scope["path"]
        if path in OF_ALL and scope["method"] == "GET":
            await _answer(send, *await self._own[path]())
            return
        name = self._documents.get(path) or self._owners[path]
        try:
            answer = await self._ask(name, _request(scope, receive))
        except httpx.HTTPError as error:
            log.warning("door.no-answer", service=name, error=repr(error))
            refusal = Refusal(Reason(TEMPORARILY_UNAVAILABLE))
            await _answer(send, refusal.status, b"application/json", error_body(refusal, "en"))
            return
        await _pass_on(answer, send)

    async def _ask(self, name: str, request: httpx.Request) -> httpx.Response:
        """Send it; while nobody listens it was not sent, and is tried again. Raises httpx.HTTPError."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                return await self._services[name].handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if time.monotonic() > end:
                    raise
            await asyncio.sleep(0.05)

    # -- what the node answers for all its services

    async def _live(self) -> tuple[int, bytes, bytes]:
        return 200, b"application/json", b'{"status":"alive"}'

    async def _ready(self) -> tuple[int, bytes, bytes]:
        found = await self._ask_all("/health/ready")
        answers = {
            name: (status, json.loads(body)) if body else (503, {"checks": {"process": "failed"}})
            for name, (status, body) in found.items()
        }
        status, body = whether_ready(answers)
        return status, b"application/json", body

    async def _metrics(self) -> tuple[int, bytes, bytes]:
        texts = [
            body.decode() for status, body in (await self._ask_all("/metrics")).values() if status == 200
        ]
        return 200, b"text/plain; version=0.0.4; charset=utf-8", together(texts).encode()

    async def _ask_all(self, path: str) -> dict[str, tuple[int, bytes]]:
        async def ask(name: str) -> tuple[int, bytes]:
            timeout = {"connect": 1.0, "read": 5.0, "write": 5.0, "pool": 5.0}
            request = httpx.Request("GET", f"http://node{path}", extensions={"timeout": timeout})
            try:
                answer = await self._services[name].handle_async_request(request)
                return answer.status_code, await answer.aread()
            except httpx.HTTPError as error:
                log.warning("door.no-answer", service=name, path=path, error=repr(error))
                return 503, b""

        return dict(zip(self._services, await asyncio.gather(*map(ask, self._services)), strict=True))


def together(texts: list[str]) -> str:
    """The measurements of several processes as one text: each family once, of what all say the same way the first."""
    families: dict[str, list[str]] = {}
    seen: set[str] = set()
    for text in texts:
        family = ""
        for line in text.splitlines():
            if line.startswith("# "):
                family = line.split(" ", 3)[2]
            series = line if line.startswith("#") else line.rpartition(" ")[0]
            if line and series not in seen:
                seen.add(series)
                families.setdefault(family, []).append(line)
    return "".join(f"{line}\n" for lines in families.values() for line in lines)


def _request(scope: Scope, receive: Receive) -> httpx.Request:
    return httpx.Request(
        scope["method"],
        httpx.URL(scheme="http", host="node", raw_path=_target(scope)),
        headers=[(key, value) for key, value in scope["headers"] if key not in _HOPS],
        content=_body(receive) if _has_body(scope) else None,
        extensions={"timeout": {"connect": 1.0, "read": _ANSWER, "write": _ANSWER, "pool": _ANSWER}},
    )


async def _pass_on(answer: httpx.Response, send: Send) -> None:
    try:
        headers = [(key.lower(), value) for key, value in answer.headers.raw if key.lower() not in _HOPS]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        # As it came: an encoded body stays encoded.
        async for piece in answer.aiter_raw():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        await answer.aclose()


def _target(scope: Scope) -> bytes:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return path + b"?" + query if query else path


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise httpx.ReadError("whoever asked is gone")
        more = message.get("more_body", False)
        yield message.get("body", b"")


async def _answer(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def run(sockets: Mapping[str, Path], settings: Settings) -> None:
    """Serve at the node's public address until SIGTERM. Raises Trouble when the port is taken."""
    set_up(settings)
    public = httpx.URL(settings.public_url)
    listening = bind(public.host, public.port or 80)
    services = {name: service_of(name) for name in sockets}
    paths = {
        name: [endpoint.path for routes in routes_of(service) for endpoint in routes]
        for name, service in services.items()
    }
    serve(Door(sockets, Owners(paths)), listening)
