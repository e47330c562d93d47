"""Asking another service of this node, over its public API and with a token of our own."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx

from libs.clock import Clock
from libs.security.keys import Keys
from libs.telemetry import trace
from libs.telemetry.spans import OFF, Entered, Span, Tracer

_EARLY = timedelta(seconds=30)


class NotAnswering(Exception):
    """The owner could not be asked: away, too slow, or unwilling. Its absence says nothing about the record."""


class Asker:
    """One service's way of asking the others; its token is fetched when it is first needed, and kept until it ends."""

    def __init__(
        self,
        service: str,
        url: str,
        keys: Keys,
        clock: Clock,
        http: httpx.AsyncClient,
        tracer: Tracer = OFF,
    ) -> None:
        """`url` is the front door of the node."""
        self._service = service
        self._url = url
        self._keys = keys
        self._clock = clock
        self._http = http
        self._tracer = tracer
        self._token = ""
        self._until: datetime | None = None
        self._fetching = asyncio.Lock()

    async def get(self, path: str) -> dict[str, Any] | None:
        """The record at a path of this node, or None where there is none.

        Raises NotAnswering when that cannot be told now.
        """
        answer = await self._ask("GET", path)
        if answer.status_code == 404:
            return None
        return _content(answer, path)

    async def post(self, path: str, body: dict[str, Any], *, key: str) -> dict[str, Any]:
        """Have something made, once for `key`; the answer, which is the same when asked again.

        Raises NotAnswering when it cannot be told whether it was.
        """
        return _content(await self._ask("POST", path, {"Idempotency-Key": key}, json=body), path)

    async def _ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        asked = self._tracer.span("ask", "client", trace.outgoing(), {"http.request.method": method})
        with Entered(asked) as span:
            return await self._sent(method, path, span, headers or {}, more)

    async def _sent(
        self, method: str, path: str, span: Span, headers: dict[str, str], more: dict[str, Any]
    ) -> httpx.Response:
        try:
            bearer = {"Authorization": f"Bearer {await self._bearer()}", **dict(trace.headers(span.thread))}
            answer = await self._http.request(
                method, self._url + path, headers=bearer | headers, timeout=3.0, **more
            )
        except httpx.HTTPError as error:
            raise NotAnswering(f"{path}: {error!r}") from error
        span.note({"http.response.status_code": answer.status_code})
        return answer

    async def _bearer(self) -> str:
        async with self._fetching:
            now = self._clock.now()
            if self._until is None or now >= self._until - _EARLY:
                answer = await self._http.post(
                    f"{self._url}/oauth2/token",
                    data={"grant_type": "client_credentials"},
                    auth=(self._service, self._keys.client_secret(self._service)),
                    timeout=3.0,
                )
                if answer.status_code != 200:
                    raise NotAnswering(f"no token for {self._service}: {answer.status_code}")
                granted = answer.json()
                self._token = granted["access_token"]
                self._until = now + timedelta(seconds=granted["expires_in"])
            return self._token


def _content(answer: httpx.Response, path: str) -> dict[str, Any]:
    if not answer.is_success:
        raise NotAnswering(f"{path}: {answer.status_code}")
    found: dict[str, Any] = answer.json()
    return found
