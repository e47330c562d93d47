"""What a node whose services are processes of their own answers for all of them: its health, and what is measured."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable

import httpx
from starlette.types import Send

from deploy.local.front_door import whether_ready
from libs.telemetry.logs import logger

log = logger("deploy.health")

Ask = Callable[[str, httpx.Request], Awaitable[httpx.Response]]
"""Sends a request to the service of this name. Raises httpx.HTTPError when it does not answer."""
_LIMITS = {"connect": 1.0, "read": 5.0, "write": 5.0, "pool": 5.0}


class OfAll:
    """`await of_all(path)` asks every service, and answers (status, media type, body) for all of them."""

    def __init__(self, names: Iterable[str], ask: Ask) -> None:
        self._names = tuple(names)
        self._ask = ask

    async def __call__(self, path: str) -> tuple[int, bytes, bytes]:
        """Raises KeyError for a path that does not speak for all."""
        answers = {"/health/live": self._live, "/health/ready": self._ready, "/metrics": self._metrics}
        return await answers[path]()

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
            request = httpx.Request("GET", f"http://node{path}", extensions={"timeout": _LIMITS})
            try:
                answer = await self._ask(name, request)
                return answer.status_code, await answer.aread()
            except httpx.HTTPError as error:
                log.warning("door.no-answer", service=name, path=path, error=repr(error))
                return 503, b""

        return dict(zip(self._names, await asyncio.gather(*map(ask, self._names)), strict=True))


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


async def answer(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
