"""Placing an order: judged with what this node knows, stored with its work order, answered."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg

from contracts.base import Part
from contracts.events import OfferingChanged
from libs.clock import accounting_day
from libs.database import Held
from libs.fail_points import reach
from libs.ids import new_id
from libs.node import HQ
from libs.security.actor import Actor
from libs.security.bounds import bounds
from libs.security.sealing import seal
from libs.service import Runtime
from libs.web.call import Answer, Call
from libs.web.claims import kept_params
from libs.web.errors import Reason, Refusal, refuse
from services.order_acceptance import errors
from services.order_acceptance.channel import channel_differs
from services.order_acceptance.engine.process import FORWARD
from services.order_acceptance.engine.process import Part as Share
from services.order_acceptance.groups.place import place_group
from services.order_acceptance.groups.recognise import is_group
from services.order_acceptance.orders import rules, store
from services.order_acceptance.orders.accept import (
    accepted_by,
    acknowledged,
    begun,
    dated,
    document_of,
    first_work,
    started,
)
from services.order_acceptance.orders.acceptance import Acceptance, accept
from services.order_acceptance.orders.businesses import BUSINESSES
from services.order_acceptance.orders.businesses.judging import Visitor, judge_at_door
from services.order_acceptance.orders.businesses.subscriber import OnSubscriber
from services.order_acceptance.orders.door import (
    OPENAPI,
    REFUSED_BY_THE_DATABASE,
    malformed_first,
    offerings_of,
    presented_by,
    with_own_checks,
)
from services.order_acceptance.orders.facts import Facts, FormerOrder
from services.order_acceptance.orders.model import ProductOrderCreate
from services.order_acceptance.orders.recognise import (
    OpenAccountWanted,
    ReplaceSimWanted,
    Wanted,
    business_of,
    recognise,
)
from services.order_acceptance.orders.resource import answer_of
from services.order_acceptance.orders.store import Asked
from services.order_acceptance.payments.store import owner_of
from services.order_acceptance.processes import CURRENT
from services.order_acceptance.projections.messages import CARD_WRITINGS
from services.order_acceptance.projections.owners import ask_owner, fill, lacking
from services.order_acceptance.visibility import of_customers, of_orders


@dataclass(frozen=True, slots=True)
class Judged:
    """An order that may be accepted: what its work order carries, and what of it is shown."""

    content: Part
    share: Share
    number: str
    customer: str | None
    checks: tuple[str, ...]
    payments: tuple[tuple[str, Decimal], ...]
    offerings: list[OfferingChanged | None]


def offered(tier: str) -> frozenset[str]:
    """The businesses that a node serves by orders; headquarters opens accounts only for groups."""
    served = frozenset(CURRENT) - {"pay", "open-group-member"}
    return served - {"open-account"} if tier == "hq" else served


def place_of_act(body: ProductOrderCreate, actor: Actor) -> list[Reason]:
    """The channel is the token's: a body that names another is refused."""
    return [
        reason
        for i, channel in enumerate(body.channel or [])
        for reason in channel_differs(channel.id, actor, f"channel[{i}]")
    ]


def time_asked(body: ProductOrderCreate, now: datetime) -> list[Reason]:
    """An order begins at once, or with `effective` at the next cycle; another day is refused, not passed over."""
    if body.requestedStartDate is None or body.requestedStartDate <= now:
        return []
    return [Reason(errors.CANNOT_BE_SET, path="requestedStartDate", name="requestedStartDate")]


def former_order_named(body: ProductOrderCreate) -> list[Reason]:
    """Only a new card stands in for one of a former order."""
    if not body.orderRelationship or business_of(body) == "replace-sim":
        return []
    return [Reason(errors.CANNOT_BE_SET, path="orderRelationship", name="orderRelationship")]


def of_a_group(body: ProductOrderCreate) -> list[Reason]:
    """What only group orders say, which headquarters takes."""
    return [Reason(errors.CANNOT_BE_SET, path="policy", name="policy")] if body.policy is not None else []


async def place_order(call: Call[ProductOrderCreate]) -> Answer:
    """Accept an order, or refuse it with every reason at once."""
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    refuse(
        [
            *place_of_act(call.body, call.actor),
            *time_asked(call.body, call.now),
            *former_order_named(call.body),
        ]
    )
    if runtime.settings.tier == HQ and is_group(call.body):
        return await place_group(call)
    refuse(of_a_group(call.body))
    wanted = recognise(call.body, offered(runtime.settings.tier))
    if isinstance(wanted, list):
        # What an item lacks for one business says little where no business carries out what it asks for.
        refuse(await _not_served(runtime, call.body))
        raise Refusal(*malformed_first(wanted))
    asked = _asked(wanted)
    former = await _former(runtime, call.actor, wanted)
    async with runtime.db.held() as db:
        facts = await store.know(db, asked)
        if not lacking(asked, facts):
            return await _decide(call, runtime, db, wanted, asked, facts, former)
    # Owners are asked without a connection in hand: they may take seconds.
    learned = await fill(runtime.db, runtime.asker, asked, facts)
    async with runtime.db.held() as db:
        facts = await store.know(db, asked) if learned else facts
        return await _decide(call, runtime, db, wanted, asked, facts, former)


async def _decide(
    call: Call[ProductOrderCreate],
    runtime: Runtime,
    db: Held,
    wanted: Wanted,
    asked: Asked,
    facts: Facts,
    former: FormerOrder | None,
) -> Answer:
    if former is not None:
        facts = replace(facts, former=former)
    facts = await _within_bounds(db, call.actor, asked, with_own_checks(facts, call.actor))
    judged = _judge(wanted, asked, facts, call)
    # Only what leaves for another province carries the identity; opening the seal costs as much as a query.
    presented = presented_by(runtime, wanted.presenter, facts) if judged.share == "acceptance" else None
    return await _store(call, runtime, db, wanted, judged, presented)


async def _not_served(runtime: Runtime, body: ProductOrderCreate) -> list[Reason]:
    """The items whose offerings nobody carries out, as far as they are known here."""
    named = {
        i: item.productOffering.id for i, item in enumerate(body.productOrderItem) if item.productOffering
    }
    names = await store.names_of(runtime.db, sorted(set(named.values())), sorted(rules.NOT_SERVED))
    return [
        Reason(errors.OFFERING_NOT_SERVED, path=f"productOrderItem[{i}].productOffering", offering=names[id_])
        for i, id_ in named.items()
        if id_ in names
    ]


async def _within_bounds(db: Held, actor: Actor, asked: Asked, facts: Facts) -> Facts:
    """A number is what its owner says at any counter; the id of a product or account names a record, which one sees
    or does not."""
    within = bounds(actor)
    if facts.account is not None and not within.everything:
        owner = await owner_of(db, facts.account.customer)
        if owner is None or not rules.may_see(owner, within):
            facts = replace(facts, account=None)
    visible = of_customers(actor)
    if facts.installed is None or asked.number is not None or visible is None:
        return facts
    if await store.is_seen(db, facts.installed.subscription, visible):
        return facts
    return replace(facts, installed=None, customer=None)


async def _former(runtime: Runtime, actor: Actor, wanted: Wanted) -> FormerOrder | None:
    """The order whose card broke, where one is named that the actor sees; what is not known of its card is asked for
    once."""
    if not isinstance(wanted, ReplaceSimWanted) or wanted.former is None:
        return None
    visible = of_orders(actor)
    found = await store.former_order(runtime.db, wanted.former, visible)
    if found is None or found.iccid is not None or found.state != "completed":
        return found
    if await ask_owner(runtime.db, runtime.asker, CARD_WRITINGS, found.id):
        return await store.former_order(runtime.db, found.id, visible)
    return found


def _asked(wanted: Wanted) -> Asked:
    if isinstance(wanted, OnSubscriber):
        return Asked(
            business=wanted.business,
            offerings=wanted.offerings,
            presenter=wanted.presenter,
            agent=wanted.agent,
            payments=wanted.payments,
            number=wanted.number,
            product=wanted.product,
            option=wanted.option,
        )
    if isinstance(wanted, OpenAccountWanted):
        return Asked(
            business=wanted.business,
            offerings=(wanted.offering, *(option.offering for option in wanted.options)),
            customer=wanted.customer,
            account=wanted.account,
            presenter=wanted.presenter,
            agent=wanted.agent,
            payments=wanted.payments,
            number=wanted.number,
        )
    return Asked(
        business=wanted.business,
        presenter=wanted.presenter,
        agent=wanted.agent,
        payments=wanted.payments,
        number=wanted.number,
        product=wanted.product,
    )


def _judge(wanted: Wanted, asked: Asked, facts: Facts, call: Call[ProductOrderCreate]) -> Judged:
    actor = f"{call.actor.issuer} {call.actor.subject}"
    within = bounds(call.actor)
    if isinstance(wanted, OpenAccountWanted):
        ids = rules.Ids(new_id(), new_id(), tuple(new_id() for _ in wanted.options))
        opened, reasons = rules.judge_open_account(
            wanted, facts, actor, call.actor.area, ids, call.now, within
        )
        reasons += _not_sold_here(call, facts, call.actor.area)
        if opened is not None and not reasons:
            return _judged(asked, facts, call, opened, "whole", opened.number, opened.customer)
        raise Refusal(*malformed_first(reasons))
    facts = rules.priced_for(facts)
    crossing = call.runtime.settings.crossing
    content: Any
    if isinstance(wanted, OnSubscriber):
        products = [new_id() for _ in range(wanted.new_products)]
        visitor = Visitor(actor, call.actor.roles, within, crossing)
        content, reasons = judge_at_door(wanted, facts, visitor, products, call.now)
    else:
        content, reasons = rules.judge_replace_sim(wanted, facts, actor, call.now, within)
        if facts.installed is None and wanted.business not in crossing:
            reasons = [*reasons, Reason(errors.HOME_ONLY, path="category", business=wanted.business)]
    if facts.installed is not None:
        reasons = [*reasons, *_not_sold_here(call, facts, facts.installed.area)]
    if content is not None and not reasons:
        share: Share = "whole" if facts.installed else "acceptance"
        owner = facts.installed.customer if facts.installed else None
        return _judged(asked, facts, call, content, share, content.number, owner)
    raise Refusal(*malformed_first(reasons))


def _not_sold_here(call: Call[ProductOrderCreate], facts: Facts, area: str | None) -> list[Reason]:
    """What is wanted through a channel, or in an area, where it is not sold; of others' subscribers home says so."""
    wanted = [
        (i, offering)
        for i, offering in enumerate(offerings_of(call.body, facts))
        if offering is not None and call.body.productOrderItem[i].action != "delete"
    ]
    return rules.not_sold_here(wanted, call.actor.channel, area)


def _judged(
    asked: Asked,
    facts: Facts,
    call: Call[ProductOrderCreate],
    content: Part,
    share: Share,
    number: str,
    customer: str | None,
) -> Judged:
    return Judged(
        content=content,
        share=share,
        number=number,
        customer=customer,
        checks=asked.checks,
        payments=tuple((one, facts.payments[one].amount) for one in asked.payments),
        offerings=offerings_of(call.body, facts),
    )


async def _store(
    call: Call[ProductOrderCreate],
    runtime: Runtime,
    db: Held,
    wanted: Wanted,
    judged: Judged,
    presented: str | None,
) -> Answer:
    node, now = runtime.settings.node, call.now
    order, work_order = new_id(), new_id()
    process = CURRENT[wanted.business]
    due = _due(wanted, judged.content, now)
    document = document_of(call.body, order, wanted.business, judged.offerings, now, due)
    document["@schemaLocation"] = call.url(OPENAPI) + "#/components/schemas/ProductOrder"
    stored = first_work(
        runtime,
        process,
        judged.share,
        id=work_order,
        order=order,
        number=judged.number,
        content=judged.content,
        acceptance=accepted_by(call.actor, node, now),
        presented=presented,
        # An order for another province goes by way of headquarters, which seals again for the home it finds.
        sealed=seal(presented.encode(), runtime.keys.recipient("hq")) if presented is not None else None,
        now=now,
        due=due,
    )
    # What another node carries out leaves at once; here it begins in its turn, and is judged again then.
    in_turn = isinstance(wanted, OnSubscriber) and judged.share == "whole"
    running, waiting, asked = (
        dated(runtime, stored, due, now) if in_turn else started(runtime, stored, process, now)
    )
    answer = answer_of(call, document)
    version = 1
    shown = (order, wanted.business, judged.customer, judged.number, node, now)
    told = [acknowledged(*shown, state=document["state"])]
    if judged.share == "acceptance" and stored.work.steps[0].name == FORWARD and due is None:
        # Answered as acknowledged, and on its way before anybody can look.
        version = 2
        document = begun(document)
        told.append(acknowledged(*shown, state=document["state"], version=version))
    place: dict[str, Any] = call.actor.place()
    rows = Acceptance(
        order={
            "id": order,
            "version": version,
            "document": document,
            "category": wanted.business,
            "customer": judged.customer,
            "number": judged.number,
            "accounting_day": accounting_day(now).isoformat(),
            "replaces_card_of": wanted.former if isinstance(wanted, ReplaceSimWanted) else None,
            **place,
        },
        running=running,
        waiting=waiting,
        guard=judged.number if stored.guarded and not in_turn else None,
        checks=judged.checks,
        payments=judged.payments,
        told=runtime.outbox.rows(told, now),
        asked=runtime.outbox.rows(asked, now),
        claim=kept_params(call, answer) if call.idempotency is not None else (),
    )
    reach("order.judged")
    await _keep(db, rows, now)
    reach("order.accepted")
    runtime.outbox.wake()
    if in_turn and due is None:
        runtime.state.turns.add(work_order)
    return answer


async def _keep(db: Held, rows: Acceptance, now: datetime) -> None:
    """Raises Refusal for what another order was quicker to use."""
    try:
        await accept(db, rows, now)
    except asyncpg.UniqueViolationError as clash:
        code = REFUSED_BY_THE_DATABASE.get(clash.constraint_name or "")
        if code is None:
            raise
        raise Refusal(Reason(code)) from clash
    except asyncpg.DivisionByZeroError as gone:
        raise Refusal(Reason(errors.PAYMENT_NOT_BINDABLE, path="payment")) from gone


def _due(wanted: Wanted, content: Part, now: datetime) -> datetime | None:
    """When the time of a dated order comes; None: at once."""
    return BUSINESSES[wanted.business].due(content, now) if isinstance(wanted, OnSubscriber) else None
