"""Looks as a test makes them: at a counter over HTTP, and as the router's messages on a node's topics."""

from datetime import timedelta
from typing import Any

import httpx

from contracts.base import Acceptance
from contracts.subscribers import SubscriberAsked, SubscriberTold
from libs.ids import new_id
from libs.messaging.topics import downlink, uplink
from services.order_acceptance.tests.counter import Counter
from tests.engines import eventually
from tests.running import RunningService, address
from tests.topics import Published

SUBSCRIBERS = "/api/order-acceptance/v1/subscribers"
VIEWS = "/api/order-acceptance/v1/subscriberViews"
ROUTER = "/hq/hq-router"


async def look(
    counter: Counter,
    number: str,
    role: str = "hall-clerk",
    claims: dict[str, Any] | None = None,
    **query: Any,
) -> httpx.Response:
    return await counter.get(f"{SUBSCRIBERS}/{number}", role, claims, **query)


async def seen(counter: Counter, number: str, role: str = "hall-clerk", **more: Any) -> dict[str, Any]:
    answer = await look(counter, number, role, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def views_of(service: RunningService, number: str) -> list[dict[str, Any]]:
    """What the audit says of a number, the newest first."""
    answer = await service.client.get(VIEWS, params={"number": number}, headers=service.bearer("auditor"))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def question(service: RunningService, number: str, **given: Any) -> SubscriberAsked:
    """A clerk of Beijing asks for a number of the service's node."""
    now = service.clock.now()
    usual: dict[str, Any] = {
        "id": new_id(),
        "origin": "bj",
        "number": number,
        "asked_by": Acceptance(
            node="bj",
            issuer=address("bj"),
            actor="clerk-7",
            at=now,
            channel="hall",
            hall="bj-hall-1",
            area="010",
        ),
        "deadline": now + timedelta(seconds=3),
        "home": service.node,
        "hops": 1,
    }
    return SubscriberAsked(**{**usual, **given})


async def comes_down(service: RunningService, message: Any, source: str = ROUTER) -> str:
    return await service.topics.put(
        downlink(service.node, "customer-data"),
        message.number,
        message,
        source=source,
        time=service.clock.now(),
    )


async def goes_up(service: RunningService, look: str, model: Any) -> Any:
    """What of this kind a node has sent up for a look."""
    found: list[Published] = await service.topics.wait(
        uplink(service.node, "customer-data"),
        where=lambda one: one.type == model.ce_type and one.data["id"] == look,
    )
    return found[-1].data


async def asked_for(service: RunningService, number: str) -> SubscriberAsked:
    """The question that a node has sent up for a number."""
    found: list[Published] = await service.topics.wait(
        uplink(service.node, "customer-data"),
        where=lambda one: one.type == SubscriberAsked.ce_type and one.data["number"] == number,
    )
    return SubscriberAsked.model_validate(found[-1].data)


async def taken_in(service: RunningService, ce_id: str) -> None:
    await eventually(
        lambda: service.db.fetchval("SELECT true FROM inbox WHERE ce_id = $1 AND state = 'done'", ce_id)
    )


async def dead(service: RunningService, ce_id: str) -> str:
    """Why a message is among the dead letters."""
    detail = await eventually(
        lambda: service.db.fetchval("SELECT detail FROM dead_letters WHERE ce_id = $1", ce_id)
    )
    return str(detail)


__all__ = [
    "ROUTER",
    "SUBSCRIBERS",
    "SubscriberAsked",
    "SubscriberTold",
    "asked_for",
    "comes_down",
    "dead",
    "goes_up",
    "look",
    "question",
    "seen",
    "taken_in",
    "views_of",
]
