"""The front door of a node whose services are processes of their own: what arrives is passed to whose path it is.

What `deploy/gateway` does in production, with as little: no buffering, no opinion about headers. A service that is
being started again is waited for; a request that may have reached it is never sent twice.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from deploy.local.front_door import document_path
from deploy.local.listening import bind
from deploy.local.node import serve, set_up
from deploy.local.of_all import OfAll, answer
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
        self._of_all = OfAll(
            sockets, lambda name, request: self._services[name].handle_async_request(request)
        )

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
            await answer(send, *await self._of_all(path))
            return
        name = self._documents.get(path) or self._owners[path]
        try:
            found = await self._ask(name, _request(scope, receive))
        except httpx.HTTPError as error:
            log.warning("door.no-answer", service=name, error=repr(error))
            refusal = Refusal(Reason(TEMPORARILY_UNAVAILABLE))
            await answer(send, refusal.status, b"application/json", error_body(refusal, "en"))
            return
        await _pass_on(found, send)

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
