"""Copies that ask: after five minutes without a word of work that others carry out; and the answer that home gives."""

import structlog
from asyncpg import Record

from contracts.control import StateAsked
from libs.messaging import Message, Outgoing, Work
from libs.messaging.topics import uplink
from libs.service import Runtime
from services.order_acceptance.engine.store import lock
from services.order_acceptance.engine.words import standing_of
from services.order_acceptance.forwards.source import check_router
from services.order_acceptance.heartbeats import store
from services.order_acceptance.heartbeats.rules import ASK_AFTER, Signs

log = structlog.get_logger(__name__)
ASKED_AT_ONCE = 200


async def ask(runtime: Runtime) -> None:
    """By the clock: ask, through the router, after work orders of which nothing was heard."""
    signs: Signs = runtime.state.signs
    async with runtime.unit() as work:
        lately = signs.asked_lately(work.now)
        rows = await store.quiet(work.tx, work.now - ASK_AFTER, lately, ASKED_AT_ONCE)
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
    """Answer with the state and sequence that this node's database has.

    Raises Spoofed for a question of anybody but the router. What never came in here is left to whoever asked.
    """
    for message in messages:
        check_router(message)
    ids = await store.asked_after(work.tx, [message.data for message in messages])
    if len(ids) < len(messages):
        log.warning("asked-of-unknown", asked=len(messages), known=len(ids))
    known = await lock(work.tx, ids, work.runtime.settings.node)
    work.send(*(standing_of(stored, work) for stored in known.values()))
