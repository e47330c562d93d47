"""Notifications over HTTP, for every service with a hub: operators list them, and have what was given up sent again."""

from datetime import datetime
from typing import Any

import structlog
from asyncpg import Record
from pydantic import BaseModel, Field
from pydantic.alias_generators import to_camel

from libs.messaging.dead_letters_api import MENDERS, READERS
from libs.security.bounds import bounds
from libs.tmf import codes
from libs.tmf.hub import notification_store as store
from libs.web import codes as web_codes
from libs.web import whole_node
from libs.web.call import Answer, Call
from libs.web.documentation import QueryParameter
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import once
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import Routes

log = structlog.get_logger(__name__)
_LARGEST = 2**63
FILTERS = (
    QueryParameter(
        "state", "`dead`, if not given: given up, and kept for 30 days; `waiting`: still to be told"
    ),
    QueryParameter("subscription", "The id of a subscription."),
)


class Notification(BaseModel, alias_generator=to_camel, populate_by_name=True):
    """One change that one listener is still to be told, or was given up. Its content is not shown."""

    id: str
    state: str
    subscription: str
    api: str = Field(description="whose events are listened to")
    callback: str
    subscriber: str = Field(description="issuer and subject")
    listening: str = Field(
        description="the subscription: `active`, or `ended` where its listener was gone for days"
    )
    record: str = Field(description="table and id of the record that changed")
    change: str = Field(description="`insert`, `update` or `delete`")
    at: datetime | None = Field(None, description="when it changed")
    attempts: int = Field(description="how often the listener refused it")
    reason: str | None = Field(None, description="what the listener said last")
    next_at: datetime | None = Field(None, description="not before then it is sent again")


def notification_routes(service: str) -> Routes:
    """`/api/<service>/v1/hubNotifications`: list, and POST …/resend."""
    routes = Routes(prefix=f"/api/{service}/v1", tag="Notifications")

    @routes.get(
        "/hubNotifications",
        allow=READERS,
        answer=list[Notification],
        query=(*FILTERS, *PAGING),
        operation_id="listHubNotifications",
    )
    async def list_notifications(call: Call[None]) -> Answer:
        """What was given up, or what listeners are still to be told, the newest change first."""
        page = page_of(call)
        if not bounds(call.actor).everything:
            return Answer(200, [], page_headers(call, page, total=0, shown=0))
        rows, total = await store.listed(
            call.runtime.db,
            call.query.get("state", "dead"),
            call.query.get("subscription"),
            page.offset,
            page.limit,
        )
        body = [_shown(row).model_dump(mode="json", by_alias=True, exclude_none=True) for row in rows]
        return Answer(200, body, page_headers(call, page, total=total, shown=len(rows)))

    @routes.post(
        "/hubNotifications/{id}/resend",
        allow=MENDERS,
        answer=Notification,
        errors=(codes.NOTIFICATION_NOT_DEAD, codes.SUBSCRIPTION_ENDED),
        operation_id="resendHubNotification",
    )
    async def resend_notification(call: Call[None]) -> Answer:
        """Offer a notification that was given up again, with twelve attempts as before. It comes after what was told of
        its record meanwhile: `eventTime` says when it happened. A subscription that has ended is its listener's to take
        up, by registering again."""
        whole_node.check_seen(call)
        change, subscription = _named(call.path["id"])
        async with once(call) as tx:
            row = await store.locked(tx, change, subscription)
            if row is None:
                raise Refusal(Reason(web_codes.NOT_FOUND))
            if row["state"] != "dead":
                raise Refusal(Reason(codes.NOTIFICATION_NOT_DEAD))
            if row["listening"] != "active":
                raise Refusal(Reason(codes.SUBSCRIPTION_ENDED))
            await store.send_again(tx, change, subscription)
            again = await store.locked(tx, change, subscription)
            assert again is not None
            answer = tx.answer(Answer(200, _shown(again)))
        log.info(
            "notification.resent", id=call.path["id"], actor=call.actor.subject, request_id=call.request_id
        )
        return answer

    return routes


def _named(id: str) -> tuple[int, str]:
    """The change and the subscription that an id names. Raises Refusal 404."""
    change, _, subscription = id.partition("-")
    if not (change.isascii() and change.isdigit() and len(change) < 20 and int(change) < _LARGEST):
        raise Refusal(Reason(web_codes.NOT_FOUND))
    return int(change), subscription


def _shown(row: Record) -> Notification:
    fields: dict[str, Any] = {
        name: row[name]
        for name in (
            "state",
            "subscription",
            "callback",
            "listening",
            "record",
            "at",
            "attempts",
            "reason",
            "next_at",
        )
    }
    return Notification(
        id=f"{row['change']}-{row['subscription']}",
        api=row["base"],
        subscriber=f"{row['issuer']} {row['subject']}",
        change=row["kind"],
        **fields,
    )
