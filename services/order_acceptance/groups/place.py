"""Placing a group order at headquarters: judged once, decomposed into a child for each subscription."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg

from contracts.base import Acceptance, Part
from contracts.customer_data import branch_of
from contracts.processes import OpenMember, OptionOrdered
from libs.clock import accounting_day
from libs.ids import new_id
from libs.security.bounds import Bounds, bounds
from libs.security.sealing import seal
from libs.service import Runtime
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import once
from services.order_acceptance.engine import store as works
from services.order_acceptance.engine.rules import WorkState
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.groups import store
from services.order_acceptance.groups.begin import begin_group
from services.order_acceptance.groups.recognise import (
    ChangeWanted,
    GroupWanted,
    MemberWanted,
    at_item,
    read_group,
)
from services.order_acceptance.groups.rules import group_refused, judge_opening
from services.order_acceptance.groups.store import Child
from services.order_acceptance.orders.accept import accepted_by, acknowledged, document_of, first_work
from services.order_acceptance.orders.businesses import BUSINESSES
from services.order_acceptance.orders.businesses.judging import Visitor, judge_at_door
from services.order_acceptance.orders.door import (
    OPENAPI,
    REFUSED_BY_THE_DATABASE,
    malformed_first,
    offerings_of,
    presented_by,
    with_own_checks,
)
from services.order_acceptance.orders.facts import Facts
from services.order_acceptance.orders.model import ProductOrderCreate
from services.order_acceptance.orders.resource import answer_of
from services.order_acceptance.orders.rules import (
    fees_in_force,
    may_see,
    one_time_charges,
    recurring_charges,
    total,
)
from services.order_acceptance.orders.store import Asked, know
from services.order_acceptance.processes import CURRENT
from services.order_acceptance.projections.owners import fill

OPENED_BY = "open-group-member"
"""The process of a child that opens a subscription."""


def offered_to_groups() -> frozenset[str]:
    """The businesses that headquarters does for several subscriptions at once.

    A card is handed over at a counter, one at a time.
    """
    return frozenset(CURRENT) - {"pay", "replace-sim", OPENED_BY}


async def place_group(call: Call[ProductOrderCreate]) -> Answer:
    """Accept a group order, or refuse it with every reason at once."""
    runtime: Runtime = call.runtime  # type: ignore[assignment]
    wanted = read_group(call.body, offered_to_groups())
    if isinstance(wanted, list):
        raise Refusal(*malformed_first(wanted))
    asked = Asked(
        business=wanted.business,
        offerings=wanted.offerings,
        customer=wanted.customer,
        presenter=wanted.presenter,
        agent=wanted.agent,
    )
    facts = await know(runtime.db, asked)
    if await fill(runtime.db, runtime.asker, asked, facts):
        facts = await know(runtime.db, asked)
    facts = _within_bounds(with_own_checks(facts, call.actor), bounds(call.actor))
    order = new_id()
    children, due = _children(call, runtime, wanted, facts, order)
    return await _store(call, runtime, wanted, facts, order, asked.checks, children, due)


def _within_bounds(facts: Facts, within: Bounds) -> Facts:
    """Of a customer that is not the caller's nothing is told, not even by what may not be sold to it."""
    hidden = facts.customer is not None and not may_see(facts.customer, within)
    return replace(facts, customer=None) if hidden else facts


def _children(
    call: Call[ProductOrderCreate], runtime: Runtime, wanted: GroupWanted, facts: Facts, order: str
) -> tuple[list[tuple[Stored, Child]], datetime | None]:
    """A work order for each subscription, and when their time comes (None: at once).

    Raises Refusal with every reason.
    """
    actor = f"{call.actor.issuer} {call.actor.subject}"
    within = bounds(call.actor)
    acceptance = accepted_by(call.actor, runtime.settings.node, call.now)
    if wanted.members:
        if reasons := judge_opening(wanted, facts, actor, call.now, within):
            raise Refusal(*malformed_first(reasons))
        return [
            _opening(runtime, wanted, member, facts, order, acceptance, call.now)
            for member in wanted.members
            for _ in range(member.quantity)
        ], None
    visitor = Visitor(actor, call.actor.roles, within, runtime.settings.crossing)
    judged = [_judged(one, facts, visitor, call.now) for one in wanted.changes]
    found = [
        *group_refused(wanted, facts, within),
        *(
            at_item(each, one.indexes)
            for one, (_, reasons) in zip(wanted.changes, judged, strict=True)
            for each in reasons
        ),
    ]
    against = {(reason.code.name, reason.path): reason for reason in found}
    if against:
        raise Refusal(*malformed_first(list(against.values())))
    contents = [
        content.model_copy(update={"customer": wanted.customer})
        for content, _ in judged
        if content is not None
    ]
    # All items have one time.
    due = BUSINESSES[wanted.business].due(contents[0], call.now)
    presented = presented_by(runtime, wanted.presenter, facts)
    return [
        _change(runtime, wanted, one, content, presented, order, acceptance, call.now, due)
        for one, content in zip(wanted.changes, contents, strict=True)
    ], due


def _judged(
    one: ChangeWanted, facts: Facts, visitor: Visitor, now: datetime
) -> tuple[Part | None, list[Reason]]:
    # A subscription lives in its province: headquarters judges as any node where it does not live.
    products = [new_id() for _ in range(one.wanted.new_products)]
    return judge_at_door(one.wanted, facts, visitor, products, now)


def _opening(
    runtime: Runtime,
    wanted: GroupWanted,
    member: MemberWanted,
    facts: Facts,
    order: str,
    acceptance: Acceptance,
    now: datetime,
) -> tuple[Stored, Child]:
    plan = facts.offerings[member.offering]
    options = [facts.offerings[option.offering] for option in member.options]
    assert facts.customer is not None, "judged before"
    content = OpenMember(
        subscription=new_id(),
        item=member.item,
        group=branch_of(facts.customer),
        billing_account=new_id(),
        offering=member.offering,
        number=member.number,
        options=[
            OptionOrdered(product=new_id(), item=option.item, offering=option.offering)
            for option in member.options
        ],
        fee_amount=total(one_time_charges((*fees_in_force(facts, now), plan, *options))),
        recurring_amount=total(charge for one in (plan, *options) for charge in recurring_charges(one)),
    )
    stored = _work(runtime, wanted, OPENED_BY, content, None, None, order, acceptance, now, None)
    items = (member.item, *(option.item for option in member.options))
    child = Child(stored.work.id, items, member.node, member.number)
    return replace(stored, home=member.node), replace(child, number=None)


def _change(
    runtime: Runtime,
    wanted: GroupWanted,
    one: ChangeWanted,
    content: Part,
    presented: str | None,
    order: str,
    acceptance: Acceptance,
    now: datetime,
    due: datetime | None,
) -> tuple[Stored, Child]:
    stored = _work(
        runtime, wanted, wanted.business, content, one.number, presented, order, acceptance, now, due
    )
    return stored, Child(stored.work.id, one.items, None, one.number)


def _work(
    runtime: Runtime,
    wanted: GroupWanted,
    process: str,
    content: Part,
    number: str | None,
    presented: str | None,
    order: str,
    acceptance: Acceptance,
    now: datetime,
    due: datetime | None,
) -> Stored:
    stored = first_work(
        runtime,
        CURRENT[process],
        "acceptance",
        id=new_id(),
        order=order,
        number=number,
        content=content,
        acceptance=acceptance,
        presented=presented,
        sealed=seal(presented.encode(), runtime.keys.recipient("hq")) if presented is not None else None,
        now=now,
        due=due,
    )
    waiting = replace(stored.work, state=WorkState.WAITING, next_at=stored.work.deadline, group=wanted.policy)
    return replace(stored, work=waiting, business=wanted.business)


async def _store(
    call: Call[ProductOrderCreate],
    runtime: Runtime,
    wanted: GroupWanted,
    facts: Facts,
    order: str,
    checks: Sequence[str],
    children: Sequence[tuple[Stored, Child]],
    due: datetime | None,
) -> Answer:
    now = call.now
    document = document_of(call.body, order, wanted.business, offerings_of(call.body, facts), now, due)
    document["@schemaLocation"] = call.url(OPENAPI) + "#/components/schemas/ProductOrder"
    document["policy"] = wanted.policy
    place: dict[str, Any] = call.actor.place()
    row = {
        "id": order,
        "document": document,
        "category": wanted.business,
        "customer": wanted.customer,
        "number": None,
        "accounting_day": accounting_day(now).isoformat(),
        **place,
    }
    deadline = children[0][0].work.deadline
    async with once(call) as tx, runtime.work(tx) as unit:
        await store.insert_order(tx, row, now)
        try:
            async with tx.transaction():
                await store.use_checks(tx, checks, order, now)
        except asyncpg.UniqueViolationError as clash:
            code = REFUSED_BY_THE_DATABASE[clash.constraint_name or ""]
            raise Refusal(Reason(code, path="relatedParty")) from clash
        await works.insert(tx, [stored for stored, _ in children], runtime.settings.node, now)
        rows = [child for _, child in children]
        await store.insert_group(tx, order, wanted.policy, deadline, due, rows, now)
        unit.send(
            acknowledged(
                order,
                wanted.business,
                wanted.customer,
                None,
                runtime.settings.node,
                now,
                state=document["state"],
            )
        )
        await begin_group(unit, order, dated=due is not None)
        answer = tx.answer(answer_of(call, document))
    runtime.outbox.wake()
    return answer
