"""A client as partners should write one: an idempotency key for each wish, and the same again until it is answered."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from libs.ids import new_id
from tests.faults.history import History

LOOK = "look"
_RENEW_AFTER = 600.0
_AGAIN = frozenset({401, 429, 500, 502, 503, 504})
PATIENCE = 150.0
"""Seconds for which a wish is repeated before it is left unanswered."""


class Unanswered(Exception):
    """Nobody answered in all that time."""


@dataclass
class Client:
    """One front end of every node of a fleet."""

    urls: dict[str, str]
    passwords: dict[str, dict[str, tuple[str, str]]]
    """By node and role: a user and the password."""
    history: History
    chance: random.Random
    retries: int = 0
    _http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(
            timeout=httpx.Timeout(8.0, connect=2.0), limits=httpx.Limits(max_connections=64)
        )
    )
    _tokens: dict[tuple[str, str], tuple[str, float]] = field(default_factory=dict)

    async def close(self) -> None:
        await self._http.aclose()

    async def post(
        self, node: str, path: str, body: Any, *, role: str = "hall-clerk"
    ) -> dict[str, Any] | None:
        """Something that only prepares; None where it was refused. Raises Unanswered."""
        answer = await self._until_answered("POST", node, path, role, key=new_id(), json=body)
        return answer.json() if answer.status_code < 300 else None

    async def patch(self, node: str, path: str, body: Any, *, role: str) -> dict[str, Any] | None:
        """A change that may be made twice; None where it was refused. Raises Unanswered."""
        answer = await self._until_answered("PATCH", node, path, role, json=body)
        return answer.json() if answer.status_code < 300 else None

    async def get(self, node: str, path: str, *, role: str = "hall-clerk", **query: Any) -> Any:
        """Raises Unanswered."""
        answer = await self._until_answered("GET", node, path, role, params=query)
        return answer.json()

    async def wish(
        self,
        node: str,
        path: str,
        body: dict[str, Any],
        *,
        business: str,
        key: str,
        role: str = "hall-clerk",
        **known: Any,
    ) -> httpx.Response | None:
        """An order or a payment, in the history before it is sent and after it was answered."""
        self.history.write(
            key, node=node, business=business, path=path, asked=time.time(), body=body, **known
        )
        try:
            answer = await self._until_answered("POST", node, path, role, key=key, json=body)
        except Unanswered:
            return None
        told = answer.json()
        codes = [one["code"] for one in told.get("reasons", [])]
        self.history.write(key, status=answer.status_code, id=told.get("id"), codes=codes, told=time.time())
        return answer

    async def look(self, node: str, path: str, *, number: str, role: str = "hall-clerk") -> None:
        """A look at a subscriber: in the history with all that was shown."""
        key = new_id()
        self.history.write(key, node=node, business=LOOK, path=path, asked=time.time(), number=number)
        try:
            answer = await self._until_answered("GET", node, path, role)
        except Unanswered:
            return
        told = answer.json()
        codes = [one["code"] for one in told.get("reasons", [])]
        self.history.write(key, status=answer.status_code, codes=codes, shown=told, told=time.time())

    async def _until_answered(
        self, method: str, node: str, path: str, role: str, *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        end = time.monotonic() + PATIENCE
        pause = 0.1
        while True:
            try:
                headers = await self._signed_in(node, role)
                if key is not None:
                    headers["Idempotency-Key"] = key
                answer = await self._http.request(method, self.urls[node] + path, headers=headers, **more)
                if not _again(answer):
                    return answer
                if answer.status_code == 401:
                    self._tokens.pop((node, role), None)
            except (httpx.HTTPError, Unanswered):
                # It may have been done, or not: the key makes the next try the same wish.
                pass
            if time.monotonic() > end:
                raise Unanswered(f"{method} {node} {path}")
            self.retries += 1
            await asyncio.sleep(pause * self.chance.uniform(0.5, 1.5))
            pause = min(pause * 2, 1.5)

    async def _signed_in(self, node: str, role: str) -> dict[str, str]:
        token, since = self._tokens.get((node, role), ("", 0.0))
        if not token or time.monotonic() - since > _RENEW_AFTER:
            username, password = self.passwords[node][role]
            form = {"grant_type": "password", "username": username, "password": password}
            answer = await self._http.post(self.urls[node] + "/oauth2/token", data=form)
            if answer.status_code != 200:
                raise Unanswered(f"no token of {node}: {answer.status_code}")
            token = str(answer.json()["access_token"])
            self._tokens[node, role] = (token, time.monotonic())
        return {"Authorization": f"Bearer {token}"}


def _again(answer: httpx.Response) -> bool:
    if answer.status_code in _AGAIN:
        return True
    if answer.status_code != 409:
        return False
    return bool(answer.json().get("code") == "request-in-progress")
