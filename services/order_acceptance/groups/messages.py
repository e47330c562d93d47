"""Between a group's headquarters and its children's homes: who is ready, and what was decided."""

from contracts.work_orders import GoAhead, ReadyTold
from libs.messaging import Message, Work
from services.order_acceptance.engine import store as works
from services.order_acceptance.engine.carry import move, patience_of
from services.order_acceptance.engine.rules import Moved
from services.order_acceptance.engine.stopping import gone_ahead, is_forwarded
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.engine.words import process_of
from services.order_acceptance.forwards.source import check_router
from services.order_acceptance.forwards.store import taken_in
from services.order_acceptance.groups import store
from services.order_acceptance.groups.deciding import look, say_again


async def on_ready(work: Work, messages: list[Message[ReadyTold]]) -> None:
    """Children are ready. One that says so after the decision was taken has not heard it, and is told again.

    Raises Spoofed for a word that does not come from the router.
    """
    for message in messages:
        check_router(message)
    node = work.runtime.settings.node
    known = await works.lock(work.tx, [one.data.origin_transaction for one in messages], node)
    children = [stored for stored in known.values() if stored.work.group and is_forwarded(stored.work)]
    await store.child_states(work.tx, {stored.work.id: "ready" for stored in children})
    await say_again(work, children, ready=True)
    await look(work, sorted({stored.work.order for stored in children}))


async def on_go_aheads(work: Work, messages: list[Message[GoAhead]]) -> None:
    """At home: children that wait go beyond their point of no return.

    Raises Spoofed for a word that does not come from the router.
    """
    for message in messages:
        check_router(message)
    words = [message.data for message in messages]
    here = await taken_in(work.tx, words)
    patience = patience_of(work.runtime.settings)

    def decide(stored: Stored, _: GoAhead) -> Moved | None:
        return gone_ahead(stored.work, process_of(stored.work), work.now, patience)

    events = [
        (here[mark], one)
        for one in words
        if (mark := (one.origin, one.origin_transaction, one.attempt)) in here
    ]
    await move(work, events, decide)
