"""Listeners of events: an HTTP server on this machine that keeps what it is sent, and answers as it is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.running import RunningService

Answer = Callable[[dict[str, Any]], int]


@dataclass
class Listener:
    """One address that is sent events."""

    url: str
    heard: list[dict[str, Any]] = field(default_factory=list)
    """Every notification, in the order in which it came, also those that were not taken."""
    taken: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: Answer = lambda body: 204
    delay: float = 0.0

    def types(self) -> list[str]:
        """The types of the events that it took."""
        return [body["eventType"] for body in self.taken]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readline():
                headers = {}
                while (line := (await reader.readline()).decode().strip()) != "":
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                raw = await reader.readexactly(int(headers.get("content-length", "0")))
                await asyncio.sleep(self.delay)
                status = self._hear(request.decode(), headers, raw)
                writer.write(f"HTTP/1.1 {status} Answer\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # Whoever called is gone, or the test is over.
            return
        finally:
            writer.close()

    def _hear(self, request: str, headers: dict[str, str], raw: bytes) -> int:
        method, target, _ = request.split(" ")
        body = json.loads(raw)
        self.headers.append({**headers, "method": method, "target": target})
        self.heard.append(body)
        status = self.answer(body)
        if 200 <= status < 300:
            self.taken.append(body)
        return status


@asynccontextmanager
async def listening(host: str = "127.0.0.1") -> AsyncIterator[Listener]:
    """A listener that takes whatever it is sent, until it is told otherwise."""
    listener = Listener("")
    server = await asyncio.start_server(listener._serve, host, 0)
    port = server.sockets[0].getsockname()[1]
    listener.url = f"http://{host}:{port}/events"
    try:
        yield listener
    finally:
        server.close()


@asynccontextmanager
async def told(
    service: "RunningService",
    base: str,
    query: str = "",
    *roles: str,
    **claims: Any,
) -> AsyncIterator[Listener]:
    """A listener to the events of an API of this service, subscribed by a supervisor unless `roles` say otherwise."""

    def headers() -> dict[str, str]:
        return service.bearer(*(roles or ("supervisor",)), **claims)

    async with listening() as listener:
        body = {"callback": listener.url, "query": query}
        answer = await service.client.post(f"{base}/hub", json=body, headers=headers())
        assert answer.status_code == 201, answer.text
        assert answer.headers["Location"].endswith(f"{base}/hub/{answer.json()['id']}")
        try:
            yield listener
        finally:
            gone = await service.client.delete(answer.headers["Location"], headers=headers())
            assert gone.status_code == 204, gone.text
