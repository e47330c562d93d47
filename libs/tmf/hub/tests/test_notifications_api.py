"""What listeners were not told is the operators' to see, and to have sent once more."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from libs.ids import new_id
from libs.tmf.hub.rules import LONGEST, MOST_REFUSALS, PATIENCE
from libs.tmf.tests.conftest import Ask
from libs.tmf.tests.gadget import GADGETS
from tests.engines import eventually
from tests.listening import Listener

PATH = f"/api/{GADGETS.name}/v1/hubNotifications"
Make = Callable[..., Awaitable[dict[str, Any]]]
Subscribe = Callable[[Listener], Awaitable[str]]


@pytest.fixture
def subscribe(ask: Ask) -> Subscribe:
    async def made(listener: Listener) -> str:
        body = {"callback": listener.url}
        answer = await ask("POST", "hub", json=body, role="supervisor")
        assert answer.status_code == 201, answer.text
        id: str = answer.json()["id"]
        return id

    return made


async def listed(
    store: Any, role: str = "supervisor", claims: Any = None, **query: str
) -> list[dict[str, Any]]:
    answer = await store.client.get(PATH, params=query, headers=store.bearer(role, **(claims or {})))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    assert answer.headers["X-Total-Count"] == str(len(found))
    return found


async def resend(
    store: Any, id: str, role: str = "supervisor", key: str | None = None, **claims: Any
) -> httpx.Response:
    answer: httpx.Response = await store.client.post(
        f"{PATH}/{id}/resend", headers=store.bearer(role, key=key or new_id(), **claims)
    )
    return answer


async def given_up(store: Any, listener: Listener, make: Make) -> str:
    """A notification that its listener has refused too often."""
    listener.answer = lambda body: 422
    await make(name="bell")
    for attempt in range(1, MOST_REFUSALS + 1):
        await eventually(lambda n=attempt: _attempts(store, n))  # type: ignore[misc]
        store.clock.advance(LONGEST)
    (one,) = await listed(store, state="dead")
    return str(one["id"])


async def _attempts(store: Any, at_least: int) -> bool:
    return bool(await store.db.fetchval("SELECT max(attempts) >= $1 FROM hub_deliveries", at_least))


async def test_what_was_given_up_is_seen_with_its_reason_and_sent_once_more(
    make: Make, store: Any, subscribe: Subscribe, listener: Listener
) -> None:
    subscription = await subscribe(listener)
    id = await given_up(store, listener, make)
    (one,) = await listed(store, state="dead", subscription=subscription)
    assert (one["reason"], one["attempts"], one["listening"]) == ("HTTP 422", MOST_REFUSALS, "active")
    assert (one["callback"], one["change"]) == (listener.url, "insert")
    assert one["subscriber"].endswith(" supervisor-1")
    assert "bell" not in str(one), "what is told is not shown"
    assert await listed(store, state="waiting") == []
    first = listener.heard[0]["eventId"]
    listener.answer = lambda body: 204
    key = new_id()
    answer = await resend(store, id, key=key)
    assert (answer.status_code, answer.json()["state"]) == (200, "waiting"), answer.text
    await eventually(lambda: listener.taken)
    assert [body["eventId"] for body in listener.taken] == [first], "the same event"
    await eventually(lambda: _nothing_left(store))
    assert (await resend(store, id, key=key)).json() == answer.json(), "the same wish, the same answer"
    assert (await resend(store, id)).status_code == 404


async def _nothing_left(store: Any) -> bool:
    return not (await listed(store) + await listed(store, state="waiting"))


async def test_what_still_waits_needs_no_operator(
    make: Make, store: Any, subscribe: Subscribe, listener: Listener
) -> None:
    await subscribe(listener)
    listener.answer = lambda body: 503
    await make(name="bell")
    (one,) = await listed(store, state="waiting")
    answer = await resend(store, one["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "notification-not-dead")


async def test_a_subscription_that_has_ended_is_its_listeners_to_take_up(
    make: Make, store: Any, subscribe: Subscribe, listener: Listener
) -> None:
    id = await subscribe(listener)
    listener.answer = lambda body: 404
    await make(name="bell")
    await eventually(
        lambda: store.db.fetchval("SELECT failures > 0 FROM hub_subscriptions WHERE id = $1", id)
    )
    store.clock.advance(PATIENCE)
    await eventually(
        lambda: store.db.fetchval("SELECT state = 'ended' FROM hub_subscriptions WHERE id = $1", id)
    )
    (one,) = await listed(store, state="dead")
    assert one["listening"] == "ended"
    answer = await resend(store, one["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "subscription-ended")


async def test_who_may_see_and_who_may_send(
    make: Make, store: Any, subscribe: Subscribe, listener: Listener
) -> None:
    await subscribe(listener)
    id = await given_up(store, listener, make)
    assert len(await listed(store, "auditor", state="dead")) == 1
    bound = {"area": "020", "area_bound": True}
    assert await listed(store, "supervisor", bound, state="dead") == [], "it is of no area"
    assert (await resend(store, id, "supervisor", **bound)).status_code == 404
    assert (await resend(store, id, "auditor")).status_code == 403
    for role in ("hall-clerk", "machine", "service"):
        answer = await store.client.get(PATH, headers=store.bearer(role))
        assert answer.status_code == 403, role


@pytest.mark.parametrize("id", ["1", "x-1", "-", "9" * 30 + "-x", "٣-x", f"1-{new_id()}"])
async def test_what_names_no_notification_is_not_found(store: Any, id: str) -> None:
    assert (await resend(store, id)).status_code == 404
