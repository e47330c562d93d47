"""`/api/order-acceptance/v1/subscribers/{number}`: looking before acting; and who has looked."""

import asyncio
import json
from datetime import timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel

from contracts.subscribers import BalanceSeen, SubscriberAsked, SubscriberTold, SubscriberView
from libs.ids import new_id
from libs.messaging import Outgoing
from libs.messaging.topics import uplink
from libs.security.bounds import bounds
from libs.security.purposes import unmasked
from libs.security.roles import AUDITOR, HQ_OPERATOR, Roles
from libs.security.sealing import unseal
from libs.service import Runtime
from libs.tmf.query import PURPOSE
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.documentation import QueryParameter
from libs.web.errors import Reason, Refusal
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import Routes
from services.order_acceptance import errors
from services.order_acceptance.orders.accept import accepted_by
from services.order_acceptance.orders.api import ACCEPTERS
from services.order_acceptance.orders.facts import Facts, Installed
from services.order_acceptance.orders.reading import NUMBER
from services.order_acceptance.subscribers import balances, store
from services.order_acceptance.subscribers.answering import name_of
from services.order_acceptance.subscribers.model import Subscriber
from services.order_acceptance.subscribers.rules import Looker, only_crossing, view_of
from services.order_acceptance.subscribers.showing import shown
from services.order_acceptance.subscribers.store import Seen

routes = Routes(prefix="/api/order-acceptance/v1", tag="Subscribers")
_MINUTE = 60
_ROUTERS_WORD = {
    "number-unknown": errors.NUMBER_UNKNOWN,
    "number-not-ours": errors.NUMBER_NOT_OURS,
    "home-not-answering": errors.HOME_NOT_ANSWERING,
}


@routes.get(
    "/subscribers/{number}",
    allow=ACCEPTERS,
    answer=Subscriber,
    query=(PURPOSE,),
    errors=(
        codes.INVALID,
        codes.PURPOSE_UNKNOWN,
        codes.PURPOSE_NOT_PERMITTED,
        errors.NUMBER_UNKNOWN,
        errors.NUMBER_NOT_OURS,
        errors.HOME_NOT_ANSWERING,
        codes.TOO_MANY_REQUESTS,
        codes.TEMPORARILY_UNAVAILABLE,
    ),
    operation_id="retrieveSubscriber",
)
async def retrieve_subscriber(call: Call[None]) -> Answer:
    """What a subscriber has and may do, wherever he lives; of another province's headquarters is asked for it."""
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    number = call.path["number"]
    if not NUMBER.fullmatch(number):
        raise Refusal(Reason(codes.INVALID, path="number", detail="national digits"))
    full = unmasked(call.actor, call.query.get("purpose"))
    await _count(call, runtime)
    async with runtime.db.connection() as connection:
        found = (await store.known(connection, [number])).get(number)
        if found is not None and not await store.visible(connection, *found, bounds(call.actor)):
            raise Refusal(Reason(codes.NOT_FOUND))
    async with runtime.state.waiting.place():
        if found is None:
            return await _from_afar(call, runtime, number, full)
        return await _at_home(call, runtime, *found, full)


async def _count(call: Call[None], runtime: Runtime) -> None:
    """Whoever looks at too many could be gathering them. Raises Refusal 429."""
    actor = f"{call.actor.issuer} {call.actor.subject}"
    if await store.count_look(runtime.db, actor, call.now) > runtime.settings.looks_a_minute:
        rest = _MINUTE - call.now.second
        raise Refusal(Reason(codes.TOO_MANY_REQUESTS), headers={"Retry-After": str(rest)})


async def _at_home(
    call: Call[None], runtime: Runtime, facts: Facts, installed: Installed, full: bool
) -> Answer:
    settings = runtime.settings
    by = accepted_by(call.actor, settings.node, call.now)
    look = balances.new_look()
    async with runtime.unit() as work:
        await store.begin_look(work.tx, look, call.now + timedelta(seconds=settings.balance_seconds))
        await balances.ask(work, [(look, installed, by)])
        # Before it is shown, masked or not: who looked at whom is known, whatever becomes of the answer.
        purpose = call.query["purpose"] if full else None
        await store.write_views(work.tx, [Seen(look, installed, by, purpose)], call.now)
    nameless = facts.customer is None or facts.customer.masked_name is None
    told, name = await asyncio.gather(
        runtime.state.waiting.answer(runtime.db, look, settings.balance_seconds),
        _name(runtime, installed) if full or nameless else _nobody(),
    )
    if told is not None:
        balance = BalanceSeen.model_validate_json(told)
    else:
        kept = await store.balances(runtime.db, [installed.billing_account])
        balance = balances.copy_of(kept.get(installed.billing_account))
    looker = Looker(settings.crossing, call.actor.roles)
    view = view_of(facts, installed, looker, balance, runtime.clock.now())
    return _answer(call, installed.number, settings.node, view, name, full=full)


async def _from_afar(call: Call[None], runtime: Runtime, number: str, full: bool) -> Answer:
    settings = runtime.settings
    deadline = call.now + timedelta(seconds=settings.look_seconds)
    asked = SubscriberAsked(
        id=new_id(),
        origin=settings.node,
        number=number,
        asked_by=accepted_by(call.actor, settings.node, call.now),
        purpose=call.query["purpose"] if full else None,
        deadline=deadline,
    )
    async with runtime.unit() as work:
        await store.begin_look(work.tx, asked.id, deadline)
        work.send(
            Outgoing(topic=uplink(settings.node, "customer-data"), key=number, data=asked, subject=asked.id)
        )
    answer = await runtime.state.waiting.answer(runtime.db, asked.id, settings.look_seconds)
    if answer is None:
        raise Refusal(Reason(errors.HOME_NOT_ANSWERING))
    told = SubscriberTold.model_validate_json(answer)
    if told.view is None or told.home is None:
        raise Refusal(Reason(_ROUTERS_WORD.get(told.found, errors.HOME_NOT_ANSWERING)))
    name = unseal(told.sealed, runtime.keys.sealing).decode() if told.sealed else None
    view = only_crossing(told.view, settings.crossing)
    return _answer(call, number, told.home, view, name, full=full)


async def _name(runtime: Runtime, installed: Installed) -> str | None:
    return await name_of(runtime.asker, installed.customer)


async def _nobody() -> None:
    return None


def _answer(
    call: Call[None], number: str, home: str, view: SubscriberView, name: str | None, *, full: bool
) -> Answer:
    return Answer(200, shown(number, home, view, name, call.language, call.now, full=full))


class SubscriberSeen(BaseModel):
    """Somebody looked at a subscriber of this node, from here or from another: `place` says where he stood.

    `actor`: issuer and subject. `masked`: without the owner's name in full; else `purpose` says why with it.
    """

    id: str
    at: AwareDatetime
    number: str
    subscription: str
    customer: str
    actor: str
    place: dict[str, str | None]
    masked: bool
    purpose: str | None = None


@routes.get(
    "/subscriberViews",
    allow=Roles(AUDITOR, HQ_OPERATOR),
    answer=list[SubscriberSeen],
    query=(
        QueryParameter("number", "Only of this number."),
        QueryParameter("actor", "Only by this actor: issuer and subject, joined by a blank."),
        *PAGING,
    ),
    operation_id="listSubscriberViews",
)
async def list_subscriber_views(call: Call[None]) -> Answer:
    """Who looked at subscribers of this node, here or from another, masked or in full; the newest first."""
    page = page_of(call)
    rows, total = await store.views(
        call.runtime.db,
        call.query.get("number"),
        call.query.get("actor"),
        bounds(call.actor).area,
        page.offset,
        page.limit,
    )
    body: list[dict[str, Any]] = [
        SubscriberSeen(
            id=str(row["id"]),
            at=row["at"],
            number=row["number"],
            subscription=row["subscription"],
            customer=row["customer"],
            actor=row["actor"],
            place=json.loads(row["place"]),
            masked=row["purpose"] is None,
            purpose=row["purpose"],
        ).model_dump(mode="json")
        for row in rows
    ]
    return Answer(200, body, page_headers(call, page, total=total, shown=len(body)))
