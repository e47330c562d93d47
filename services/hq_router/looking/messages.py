"""Looks at subscribers on their way: to the home, and its answer back. Nothing of an answer is kept here."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from contracts.subscribers import SubscriberAsked, SubscriberTold
from libs.messaging import Message, Outgoing, Work
from libs.messaging.tiers import Spoofed, check_source, sender_of
from libs.messaging.topics import downlink
from libs.node import NODES
from libs.security.sealing import seal, unseal
from libs.service import Runtime
from services.hq_router.forwards.rules import CLOCK_DIFFERENCE
from services.hq_router.holding.store import gate
from services.hq_router.homes.rules import Home, NoHome, home_of
from services.hq_router.homes.store import Known, what_is_known
from services.hq_router.looking import store
from services.hq_router.looking.rules import Answered, Look, disowned, goes_to, without_switched_off
from services.hq_router.looking.store import Asked
from services.hq_router.nodes.rules import Doors, NodeState

log = structlog.get_logger(__name__)


async def on_asked(work: Work, messages: list[Message[SubscriberAsked]]) -> None:
    """Ask the home of each number, or answer where there is none. What nobody waits for any more is passed over.

    Raises Spoofed for a question that is not of its topic's node.
    """
    for message in messages:
        check_source(message, message.data.origin)
        check_source(message, message.data.asked_by.node)
    waited_for = {
        (one.data.origin, one.data.id): one for one in messages if _waited_for(one.data.deadline, work)
    }
    known = await what_is_known(work.tx, [one.data.number for one in waited_for.values()], work.now)
    silent = _silent(await _doors(work))
    asked: list[Asked] = []
    for message in waited_for.values():
        question = message.data
        # Whoever asks has looked at home first.
        first = Look(None, (question.origin,))
        went = goes_to(first, _route(question.number, first, known, work), silent)
        if isinstance(went, Look):
            asked.append(_asked(message, went))
        else:
            work.send(_answered(question, went, work))
    fresh = await store.insert(work.tx, asked, work.now)
    work.send(*(_asks(one) for one in asked if one.name in fresh))


async def on_told(work: Work, messages: list[Message[SubscriberTold]]) -> None:
    """Pass each answer on to who asked, or ask the next node where the number is not this one's.

    Raises Spoofed where another answers than the one that was asked, or for another number.
    """
    for message in messages:
        check_source(message, message.data.home)
    looks = await store.lock(work.tx, [(one.data.origin, one.data.id) for one in messages])
    known = await what_is_known(work.tx, [one.number for one in looks.values()], work.now)
    doors = await _doors(work)
    silent = _silent(doors)
    moved: dict[tuple[str, str], Asked] = {}
    answered: list[tuple[str, str]] = []
    for message in messages:
        told = message.data
        name = (told.origin, told.id)
        asked = None if name in answered else moved.get(name) or looks.get(name)
        if asked is None:
            _too_late(message, work)
            continue
        _check_asked(message, asked)
        if not _waited_for(asked.deadline, work):
            answered.append(name)
            continue
        if told.found != "not-mine":
            work.send(_passed_on(told, doors, work))
            answered.append(name)
            continue
        look = disowned(asked.look)
        went = goes_to(look, _route(asked.number, look, known, work), silent)
        if isinstance(went, Look):
            moved[name] = Asked(asked.origin, asked.id, asked.number, asked.deadline, asked.document, went)
        else:
            work.send(_answered(SubscriberAsked.model_validate_json(asked.document), went, work))
            answered.append(name)
    left = [one for name, one in moved.items() if name not in answered]
    work.send(*(_asks(one) for one in left))
    await store.update(work.tx, left)
    await store.forget(work.tx, answered)


async def forget_looks(runtime: Runtime) -> None:
    """By the clock: forget what nobody answered."""
    async with runtime.unit() as work:
        await store.forget_old(work.tx, work.now)


def _route(number: str, look: Look, known: Mapping[str, Known], work: Work) -> Home | NoHome:
    found = known.get(number, Known())
    return home_of(number, found.segment, found.override, work.now, look.tried)


def _asked(message: Message[SubscriberAsked], look: Look) -> Asked:
    question = message.data
    return Asked(
        question.origin, question.id, question.number, question.deadline, message.payload.decode(), look
    )


def _check_asked(message: Message[SubscriberTold], asked: Asked) -> None:
    told = message.data
    sender = sender_of(message.topic)
    if sender != asked.look.home:
        raise Spoofed(f"{sender} answers look {told.id} of {told.origin}, which {asked.look.home} was asked")
    if told.number != asked.number:
        raise Spoofed(f"{sender} answers look {told.id} with another number")
    if told.found not in ("told", "not-mine") or (told.found == "told") != (told.view is not None):
        raise Spoofed(f"{sender} answers look {told.id} with {told.found}, which is not a home's to say")


def _too_late(message: Message[SubscriberTold], work: Work) -> None:
    """An answer of something that is not under way: late, or made up."""
    told = message.data
    if _waited_for(told.deadline, work):
        raise Spoofed(
            f"{sender_of(message.topic)} answers look {told.id} of {told.origin}, which is not asked"
        )
    log.info("look.answered-too-late", origin=told.origin, home=told.home, look=told.id)


def _waited_for(deadline: datetime, work: Work) -> bool:
    """Whether somebody may still wait: nodes' clocks differ, and a few seconds are less than they may differ by."""
    return work.now <= deadline + CLOCK_DIFFERENCE


def _asks(asked: Asked) -> Outgoing:
    question = SubscriberAsked.model_validate_json(asked.document)
    down = question.model_copy(update={"home": asked.look.home, "hops": asked.look.hops})
    return Outgoing(
        topic=downlink(asked.look.home or "", "customer-data"), key=asked.number, data=down, subject=asked.id
    )


def _answered(question: SubscriberAsked, found: Answered, work: Work) -> Outgoing:
    return _down(
        SubscriberTold(
            id=question.id,
            origin=question.origin,
            number=question.number,
            found=found,
            deadline=question.deadline,
            at=work.now,
        )
    )


def _passed_on(told: SubscriberTold, doors: Doors, work: Work) -> Outgoing:
    view = told.view
    if view is not None and told.home is not None:
        off = {one.business for one in view.permitted if doors.is_off(told.home, one.business)}
        view = without_switched_off(view, off)
    return _down(
        told.model_copy(update={"view": view, "sealed": _sealed_again(told.sealed, told.origin, work)})
    )


def _sealed_again(sealed: str | None, reader: str, work: Work) -> str | None:
    """What was sealed for headquarters, sealed for who asked: in clear only here, in memory."""
    if sealed is None:
        return None
    keys = work.runtime.keys
    return seal(unseal(sealed, keys.sealing), keys.recipient(reader))


def _down(told: SubscriberTold) -> Outgoing:
    return Outgoing(topic=downlink(told.origin, "customer-data"), key=told.number, data=told, subject=told.id)


async def _doors(work: Work) -> Doors:
    return (await gate(work.tx, [], work.runtime.state.started, work.now)).doors


def _silent(doors: Doors) -> Sequence[str]:
    return [node for node in NODES if doors.state_of(node) is NodeState.SILENT]
