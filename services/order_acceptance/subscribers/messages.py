"""Looks at subscribers, by the batch: what other nodes ask, what they answer, and what accounting tells."""

from datetime import timedelta

from contracts.subscribers import SubscriberAsked, SubscriberTold
from contracts.tasks import TaskResult
from libs.messaging import Message, Work
from libs.node import HQ
from libs.security.purposes import PURPOSES
from libs.telemetry.logs import logger
from services.order_acceptance.engine import messages as engine
from services.order_acceptance.subscribers import balances, store
from services.order_acceptance.subscribers.answering import answer, told
from services.order_acceptance.subscribers.rules import CLOCK_DIFFERENCE
from services.order_acceptance.subscribers.store import Seen, TakenIn

ROUTER = f"/{HQ}/hq-router"
_log = logger(__name__)


class Spoofed(Exception):
    """A question or an answer that does not come from the router, or not to this node."""


async def on_asked(work: Work, messages: list[Message[SubscriberAsked]]) -> None:
    """Note who looks at whom, and ask accounting; what does not live here is disowned at once.

    What nobody waits for any more is passed over. Raises Spoofed.
    """
    node = work.runtime.settings.node
    for message in messages:
        _check(message, message.data.home == node)
    asked = [one.data for one in messages if work.now <= one.data.deadline + CLOCK_DIFFERENCE]
    if len(asked) < len(messages):
        _log.info("look.too-late", looks=len(messages) - len(asked))
    known = await store.known(work.tx, [one.number for one in asked])
    work.send(*(told(one, "not-mine", work) for one in asked if one.number not in known))
    taken, seen, wanted = [], [], []
    for one in asked:
        if one.number not in known:
            continue
        facts, installed = known[one.number]
        # Which roles may have which purpose is judged where it was asked; what is none shows nothing.
        purpose = one.purpose if one.purpose in PURPOSES else None
        question = one.model_copy(update={"purpose": purpose})
        look = balances.new_look()
        nameless = facts.customer is None or facts.customer.masked_name is None
        taken.append(TakenIn(look, question, named=purpose is not None or nameless))
        seen.append(Seen(look, installed, one.asked_by, purpose))
        wanted.append((look, installed, one.asked_by))
    if taken:
        patience = timedelta(seconds=work.runtime.settings.balance_seconds)
        await store.take_in(work.tx, taken, work.now + patience)
        await store.write_views(work.tx, seen, work.now)
        await balances.ask(work, wanted)


async def on_told(work: Work, messages: list[Message[SubscriberTold]]) -> None:
    """Lay each answer where the request that waits for it finds it; what comes too late is dropped. Raises Spoofed."""
    for message in messages:
        _check(message, message.data.origin == work.runtime.settings.node)
    await store.answer_looks(
        work.tx, [(one.data.id, one.data.model_dump_json(by_alias=True)) for one in messages]
    )


async def on_results(work: Work, messages: list[Message[TaskResult]]) -> None:
    """Results of tasks: those that only somebody's look has asked for are told to him, the others move work orders."""
    looks = [one.data for one in messages if one.data.work_order.startswith(balances.LOOK)]
    if len(looks) < len(messages):
        await engine.on_results(
            work, [one for one in messages if not one.data.work_order.startswith(balances.LOOK)]
        )
    if not looks:
        return
    learned = await balances.learn(work, looks)
    await store.answer_looks(
        work.tx, [(look, balance.model_dump_json(by_alias=True)) for look, balance in learned.items()]
    )
    ids = [one.work_order for one in looks]
    await answer(work, await store.give_out(work.tx, ids, unnamed_only=True), learned)
    await store.hurry(work.tx, ids, work.now)


def _check(message: "Message[SubscriberAsked] | Message[SubscriberTold]", ours: bool) -> None:
    if message.source != ROUTER or not ours:
        raise Spoofed(f"{message.source} speaks of look {message.data.id} on {message.topic}")
