"""Copies that ask: after five minutes without a word of work that others carry out; and the answer that home gives.

What never reached the one who is asked was lost on the way: it says so, and whoever sent it sends it again.
"""

from datetime import timedelta

import structlog
from asyncpg import Record

from contracts.control import ASK_AFTER, DATED_ASK_AFTER, NotReceived, StateAsked
from libs.messaging import Message, Outgoing, Work
from libs.messaging.topics import uplink
from libs.service import Runtime
from services.order_acceptance.engine.store import lock
from services.order_acceptance.engine.words import forward_of, standing_of
from services.order_acceptance.forwards.source import check_router
from services.order_acceptance.forwards.store import taken_in
from services.order_acceptance.heartbeats import store
from services.order_acceptance.heartbeats.rules import Signs, waits_for_home

log = structlog.get_logger(__name__)
ASKED_AT_ONCE = 200


async def ask(runtime: Runtime) -> None:
    """By the clock: ask, through the router, after work orders of which nothing was heard."""
    signs: Signs = runtime.state.signs
    async with runtime.unit() as work:
        lately = signs.asked_lately(work.now)
        at_work = timedelta(hours=runtime.settings.forward_deadline_hours)
        dated = (work.now + at_work, work.now - DATED_ASK_AFTER)
        rows = await store.quiet(work.tx, work.now - ASK_AFTER, lately, ASKED_AT_ONCE, dated)
        for row in rows:
            work.send(_question(row, work))
    signs.asked.update({row["id"]: work.now for row in rows})


def _question(row: Record, work: Work) -> Outgoing:
    node = work.runtime.settings.node
    question = StateAsked(
        origin=row["origin"],
        origin_transaction=row["id"],
        attempt=row["forward_attempt"],
        number=row["number"],
        asked_by=node,
        at=work.now,
    )
    return Outgoing(
        topic=uplink(node, "work-orders"),
        key=row["number"] or row["id"],
        data=question,
        subject=row["order_id"],
        traceparent=row["trace"],
    )


async def on_state_asked(work: Work, messages: list[Message[StateAsked]]) -> None:
    """Answer with the state and sequence that this node's database has, or that the forward never came in here.

    Raises Spoofed for a question of anybody but the router.
    """
    for message in messages:
        check_router(message)
    questions = {
        (one.data.origin, one.data.origin_transaction, one.data.attempt): one.data for one in messages
    }
    ids = await taken_in(work.tx, list(questions.values()))
    known = await lock(work.tx, ids.values(), work.runtime.settings.node)
    work.send(*(standing_of(stored, work) for stored in known.values()))
    for name, question in questions.items():
        if name not in ids:
            log.warning("asked-of-unknown", origin=question.origin, transaction=question.origin_transaction)
            work.send(_not_received(question, work))


async def on_not_received(work: Work, messages: list[Message[NotReceived]]) -> None:
    """The router has never had these forwards: those that still wait for their end are handed to it again.

    Raises Spoofed for an answer of anybody but the router.
    """
    for message in messages:
        check_router(message)
    lost = {message.data.origin_transaction: message.data.attempt for message in messages}
    known = await lock(work.tx, lost, work.runtime.settings.node)
    work.send(*(forward_of(one) for id, one in known.items() if waits_for_home(one.work, lost[id])))


def _not_received(question: StateAsked, work: Work) -> Outgoing:
    node = work.runtime.settings.node
    answer = NotReceived(
        origin=question.origin,
        origin_transaction=question.origin_transaction,
        attempt=question.attempt,
        number=question.number,
        node=node,
        at=work.now,
    )
    key = question.number or question.origin_transaction
    return Outgoing(topic=uplink(node, "work-orders"), key=key, data=answer)
