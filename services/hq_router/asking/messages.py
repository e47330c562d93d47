"""Copies that ask: an acceptance node asks the ledger, and the ledger asks home, whose database knows.

What never came in on the way down is sent again, and of what never came in here its origin is told so.
"""

import structlog
from asyncpg import Record

from contracts.control import NotReceived, StateAsked
from libs.messaging import Message, Outgoing, Work
from libs.messaging.tiers import check_source
from libs.messaging.topics import downlink
from libs.node import HQ, NODES
from libs.service import Runtime
from services.hq_router.asking import store
from services.hq_router.forwards import store as ledger
from services.hq_router.forwards.ledger import Batch
from services.hq_router.forwards.rules import LedgerState, Passage, never_came
from services.hq_router.holding.store import gate
from services.hq_router.nodes.rules import Doors, NodeState

log = structlog.get_logger(__name__)
ASKED_AT_ONCE = 200


async def on_state_asked(work: Work, messages: list[Message[StateAsked]]) -> None:
    """Pass the question on to the home that has the work; of what no home has, or none that is heard, the ledger knows.

    Of what never came in the origin is told so, but for what waits here for an operator as a dead letter.
    Raises Spoofed where another than the origin asks.
    """
    for message in messages:
        check_source(message, message.data.origin)
    questions = {
        (one.data.origin, one.data.origin_transaction, one.data.attempt): one.data for one in messages
    }
    lines = await ledger.lock(work.tx, [name[:2] for name in questions])
    doors = await _doors(work)
    batch = Batch(work, lines)
    passed_on: list[str] = []
    lost = [one for name, one in questions.items() if not batch.attempts(*name[:2])]
    work.send(*(_not_received(one, work) for one in await store.not_dead(work.tx, lost)))
    for name, question in questions.items():
        line = lines.get(name)
        if line is None:
            log.warning("asked-of-unknown", origin=question.origin, transaction=question.origin_transaction)
        elif line.entry.state is LedgerState.SENT and _hears(doors, line.entry.home):
            passed_on.append(line.id)
            home = line.entry.home or ""
            work.send(_asks(question.model_copy(update={"home": home}), line.key, line.order, line.trace))
        else:
            batch.say_again(line)
    await store.asked(work.tx, passed_on, work.now)


async def on_not_received(work: Work, messages: list[Message[NotReceived]]) -> None:
    """A home has never had a forward that was sent to it: it goes down again, as long as that home is to have it.

    Raises Spoofed where a node speaks for another.
    """
    for message in messages:
        check_source(message, message.data.node)
    said = {(one.data.origin, one.data.origin_transaction, one.data.attempt): one.data for one in messages}
    batch = Batch(work, await ledger.lock(work.tx, [name[:2] for name in said]))
    for name, answer in said.items():
        line = batch.lines.get(name)
        if line is None or line.entry.home != answer.node:
            continue
        decision = never_came(line.entry, Passage("up", answer.node, "not-received"))
        if decision is not None:
            batch.apply(line, decision)
    await batch.finish()


async def ask_quiet(runtime: Runtime) -> None:
    """By the clock: ask the homes of open forwards of which nothing was heard for five minutes."""
    while True:
        async with runtime.unit() as work:
            doors = await _doors(work)
            silent = [node for node in NODES if not _hears(doors, node)]
            rows = await store.quiet(work.tx, silent, work.now, ASKED_AT_ONCE)
            for row in rows:
                key = row["number"] or row["origin_transaction"]
                work.send(_asks(_question(row, work), key, row["order_id"], row["trace"]))
        if len(rows) < ASKED_AT_ONCE:
            return


def _question(row: Record, work: Work) -> StateAsked:
    return StateAsked(
        origin=row["origin"],
        origin_transaction=row["origin_transaction"],
        attempt=row["attempt"],
        number=row["number"],
        home=row["home"],
        asked_by=HQ,
        sequence=row["sequence"],
        at=work.now,
    )


def _asks(question: StateAsked, key: str, order: str, trace: str | None) -> Outgoing:
    topic = downlink(question.home or "", "work-orders")
    return Outgoing(topic=topic, key=key, data=question, subject=order, traceparent=trace)


def _not_received(question: StateAsked, work: Work) -> Outgoing:
    answer = NotReceived(
        origin=question.origin,
        origin_transaction=question.origin_transaction,
        attempt=question.attempt,
        number=question.number,
        node=HQ,
        at=work.now,
    )
    key = question.number or question.origin_transaction
    return Outgoing(topic=downlink(question.origin, "work-orders"), key=key, data=answer)


async def _doors(work: Work) -> Doors:
    return (await gate(work.tx, [], work.runtime.state.started, work.now)).doors


def _hears(doors: Doors, node: str | None) -> bool:
    return node is not None and doors.state_of(node) is not NodeState.SILENT
