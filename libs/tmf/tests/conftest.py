"""The service of gadgets, started once; each test finds it empty."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from libs.tmf.tests.gadget import BASE, GADGETS, VIEWED
from tests.engines import emptied

Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture(scope="session")
async def _store(bench: Any) -> AsyncIterator[Any]:
    async with bench.running(GADGETS, "gd") as running:
        yield running


@pytest.fixture
async def store(_store: Any) -> Any:
    await emptied(
        _store.db,
        "gadgets, keepers, outbox, idempotency_keys, hub_subscriptions, hub_changes, hub_deliveries",
    )
    VIEWED.clear()
    return _store


@pytest.fixture
def ask(store: Any) -> Ask:
    """`await ask("GET", "gadget", params={…})` as a hall clerk; `role=` and claims as of `token`."""

    async def call(
        method: str,
        path: str,
        *,
        role: str = "hall-clerk",
        headers: Any = None,
        claims: Any = None,
        **more: Any,
    ) -> httpx.Response:
        sent = store.bearer(role, **(claims or {})) | (headers or {})
        answer: httpx.Response = await store.client.request(method, f"{BASE}/{path}", headers=sent, **more)
        return answer

    return call


@pytest.fixture
def make(ask: Ask) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await make(name="bell", size=3)`: a gadget that was created, as it was answered."""

    async def create(**document: Any) -> dict[str, Any]:
        answer = await ask("POST", "gadget", json={"name": "bell", **document})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    return create
