"""`POST <API>/hub` and `DELETE <API>/hub/{id}`: who listens to the events of an API."""

import hashlib
from typing import Any

from pydantic import BaseModel, ConfigDict

from libs.ids import new_id
from libs.tmf import codes
from libs.tmf.hub import store
from libs.tmf.hub.asking import read_query
from libs.tmf.hub.callbacks import (
    LONGEST_CALLBACK,
    CallbackInvalid,
    CallbackRefused,
    NameUnknown,
    Permitted,
    Resolver,
    parse_callback,
)
from libs.tmf.hub.declaration import Hub
from libs.tmf.hub.store import MOST_SUBSCRIPTIONS, Subscription
from libs.tmf.hub.subscribers import SUBSCRIBERS
from libs.web import codes as web_codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.routes import KIB, Routes

LONGEST_QUERY = 2_000


class EventSubscriptionInput(BaseModel):
    """Where to send events, and which."""

    model_config = ConfigDict(extra="forbid", strict=True)

    callback: str
    query: str | None = None


class EventSubscription(EventSubscriptionInput):
    """A listener that is told."""

    id: str


def hub_routes(hub: Hub) -> Routes:
    """The two endpoints of a hub."""
    routes = Routes(prefix=hub.base, tag=hub.tag)

    @routes.post(
        "/hub",
        allow=SUBSCRIBERS,
        body=EventSubscriptionInput,
        answer=EventSubscription,
        status=201,
        max_body=16 * KIB,
        idempotent=False,
        errors=(
            codes.CALLBACK_INVALID,
            codes.CALLBACK_NOT_ALLOWED,
            codes.TOO_MANY_SUBSCRIPTIONS,
            codes.TOO_LONG,
            *codes.ASKING,
        ),
        operation_id=f"registerListenerOf{_named(hub)}",
    )
    async def register(call: Call[EventSubscriptionInput]) -> Answer:
        """Have events sent to `callback` by POST, from now on: those that `query` asks for (`eventType`, `fields`, and
        the filters of a list), as far as the subscriber may see their records, with personal data masked. At least
        once, in the order of each record's changes; the `eventId` of what is sent again is the same. The same
        registration again is the same subscription."""
        return await _register(hub, call)

    @routes.delete("/hub/{id}", allow=SUBSCRIBERS, operation_id=f"unregisterListenerOf{_named(hub)}")
    async def unregister(call: Call[None]) -> Answer:
        """Send nothing any more. A subscription is its subscriber's alone."""
        async with call.runtime.db.transaction() as tx:
            if not await store.unsubscribe(tx, hub.base, call.path["id"], call.actor):
                raise Refusal(Reason(web_codes.NOT_FOUND))
        return Answer(204)

    return routes


def _named(hub: Hub) -> str:
    return hub.service[0].upper() + hub.service[1:]


async def _register(hub: Hub, call: Call[EventSubscriptionInput]) -> Answer:
    body, runtime = call.body, call.runtime
    await _check_callback(call, body.callback)
    if body.query is not None and len(body.query) > LONGEST_QUERY:
        raise Refusal(Reason(codes.TOO_LONG, path="query", most=LONGEST_QUERY))
    wanted = read_query(hub, runtime, call.actor, body.query)
    patterns = [pattern for one in wanted for pattern in one.filtering.patterns]
    if (wrong := await store.try_patterns(runtime.db, patterns)) is not None:
        raise Refusal(Reason(codes.INVALID_FILTER, path=wrong[0], name=wrong[0], detail=wrong[1]))
    new = Subscription(new_id(), hub.base, body.callback, body.query, call.actor)
    async with runtime.db.transaction() as tx:
        tables = sorted({one.told.resource.table.name for one in wanted})
        id = await store.subscribe(tx, new, _digest(hub, call), tables, call.now)
    if id is None:
        raise Refusal(Reason(codes.TOO_MANY_SUBSCRIPTIONS, most=MOST_SUBSCRIPTIONS))
    shown = EventSubscription(id=id, callback=body.callback, query=body.query)
    return Answer(201, shown, location=call.url(f"{hub.base}/hub/{id}"))


async def _check_callback(call: Call[Any], callback: str) -> None:
    settings = call.runtime.settings
    try:
        url = parse_callback(callback)
    except CallbackInvalid as error:
        reason = Reason(codes.CALLBACK_INVALID, path="callback", detail=str(error), most=LONGEST_CALLBACK)
        raise Refusal(reason) from None
    resolver = Resolver(Permitted.of(settings.callbacks, development=settings.development))
    try:
        await resolver.address_of(url)
    except (CallbackRefused, NameUnknown) as error:
        raise Refusal(Reason(codes.CALLBACK_NOT_ALLOWED, path="callback", detail=str(error)[:200])) from None
    finally:
        resolver.close()


def _digest(hub: Hub, call: Call[EventSubscriptionInput]) -> bytes:
    parts = (call.actor.issuer, call.actor.subject, hub.base, call.body.callback, call.body.query or "")
    return hashlib.sha256("\0".join(parts).encode()).digest()
