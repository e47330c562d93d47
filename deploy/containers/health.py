"""The health of a node whose services are containers, and all that they measure, at one address inside the node."""

from collections.abc import Sequence

import httpx
from starlette.types import Receive, Scope, Send

from deploy.local.listening import bind
from deploy.local.node import serve, set_up
from deploy.local.of_all import OfAll, answer
from deploy.local.owners import OF_ALL
from libs.node import Settings

PORT = 8000
"""Where every service listens in its container."""


class Health:
    """An ASGI app that asks services, each at `http://<name>:8000`."""

    def __init__(self, names: Sequence[str], transport: httpx.AsyncBaseTransport | None = None) -> None:
        limits = httpx.Limits(max_connections=50, keepalive_expiry=30)
        self._transport = transport or httpx.AsyncHTTPTransport(limits=limits)
        self._of_all = OfAll(names, self._ask)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self._transport.aclose()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if scope["path"] not in OF_ALL or scope["method"] != "GET":
            await answer(send, 404, b"application/json", b"{}")
            return
        await answer(send, *await self._of_all(scope["path"]))

    async def _ask(self, name: str, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host=name, port=PORT)
        request.headers["host"] = name
        return await self._transport.handle_async_request(request)


def run(names: Sequence[str], settings: Settings, *, host: str, port: int) -> None:
    """Serve until SIGTERM. Raises Trouble when the port is taken."""
    set_up(settings)
    serve(Health(names), bind(host, port))
