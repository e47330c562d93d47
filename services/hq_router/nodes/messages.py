"""Signs of life, by the batch: who was heard, and what that lets go."""

from contracts.control import Heartbeat
from libs.messaging import Message, Work
from libs.messaging.tiers import check_source
from services.hq_router.holding import release
from services.hq_router.holding.store import ask_anew
from services.hq_router.nodes import store
from services.hq_router.nodes.rules import SILENT_AFTER


async def on_heartbeats(work: Work, messages: list[Message[Heartbeat]]) -> None:
    """Note each node's last heartbeat, by when it arrived; a node that comes back gets what was held for it.

    The first batch of that goes at once, the rest by the clock. Raises Spoofed.
    """
    for message in messages:
        check_source(message, message.data.node)
    last = {message.data.node: message.data for message in messages}
    heard = await store.hear(work.tx, list(last.values()), work.now)
    changed = [row["code"] for row in heard if row["other"]]
    if changed:
        await ask_anew(work.tx, changed, work.now)
    started = work.runtime.state.started
    if changed or any(work.now - max(row["last_heard"], started) > SILENT_AFTER for row in heard):
        await release.release(work)
