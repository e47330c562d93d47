"""Answering looks from other nodes, once accounting has told the balance or has let its time pass.

The owner's name is on this node's copy only masked. Where it is wanted in full it is asked of its service, outside
of any transaction, and leaves sealed: for headquarters, which seals it again for whoever asked.
"""

import asyncio
from collections.abc import Mapping, Sequence

from contracts.subscribers import BalanceSeen, Found, SubscriberAsked, SubscriberTold, SubscriberView
from libs.asking import Asker, NotAnswering
from libs.messaging import Outgoing, Work
from libs.messaging.topics import uplink
from libs.node import HQ
from libs.security.masking import mask_name
from libs.security.sealing import seal
from libs.service import Runtime
from libs.telemetry.logs import logger
from services.order_acceptance.subscribers import store
from services.order_acceptance.subscribers.balances import last_copies
from services.order_acceptance.subscribers.rules import Looker, view_of
from services.order_acceptance.subscribers.store import TakenIn

CUSTOMER = "/tmf-api/customerManagement/v4/customer/"
NAME_SECONDS = 1.0
AT_ONCE = 50
_log = logger(__name__)


async def answer_due(runtime: Runtime) -> None:
    """By the clock: answer what accounting kept silent about, and what needs a name that is not here."""
    due = await store.due(runtime.db, runtime.clock.now(), AT_ONCE)
    if not due:
        return
    async with runtime.db.connection() as connection:
        known = await store.known(connection, [one.asked.number for one in due])
    named = [one for one in due if one.named and one.asked.number in known]
    names = dict(
        zip(
            [one.id for one in named],
            await asyncio.gather(
                *(name_of(runtime.asker, known[one.asked.number][1].customer) for one in named)
            ),
            strict=True,
        )
    )
    async with runtime.unit() as work:
        # Another process may have been faster with some of them.
        await answer(work, await store.give_out(work.tx, [one.id for one in due]), {}, names)


async def forget_looks(runtime: Runtime) -> None:
    """By the clock: forget what nobody waits for any more."""
    async with runtime.unit() as work:
        await store.forget_old(work.tx, work.now)


async def answer(
    work: Work,
    taken: Sequence[TakenIn],
    balances: Mapping[str, BalanceSeen],
    names: Mapping[str, str | None] | None = None,
) -> None:
    """Send the answers to these questions, with the subscribers as they are now.

    `balances`: what accounting has just told, by the question's id; of the others there is the last copy. `names`:
    owners in full, by the same.
    """
    if not taken:
        return
    known = await store.known(work.tx, [one.asked.number for one in taken])
    accounts = [installed.billing_account for _, installed in known.values()]
    copies = await last_copies(work, accounts)
    for one in taken:
        found = known.get(one.asked.number)
        if found is None:
            work.send(told(one.asked, "not-mine", work))
            continue
        facts, installed = found
        balance = balances.get(one.id) or copies[installed.billing_account]
        looker = Looker(work.runtime.settings.crossing)
        view = view_of(facts, installed, looker, balance, work.now)
        name = (names or {}).get(one.id)
        if name is not None and view.owner.name is None:
            view = view.model_copy(update={"owner": view.owner.model_copy(update={"name": mask_name(name)})})
        full = name if one.asked.purpose else None
        work.send(told(one.asked, "told", work, view, full))


async def name_of(asker: Asker, customer: str) -> str | None:
    """The owner's name, from the service that has it; None where it does not tell within a second."""
    try:
        async with asyncio.timeout(NAME_SECONDS):
            found = await asker.get(CUSTOMER + customer)
    except (NotAnswering, TimeoutError) as error:
        _log.warning("owner.not-answering", customer=customer, error=str(error))
        return None
    return found.get("name") if found else None


def told(
    asked: SubscriberAsked,
    found: Found,
    work: Work,
    view: SubscriberView | None = None,
    name: str | None = None,
) -> Outgoing:
    """The message that answers a question, on its way up."""
    node = str(work.runtime.settings.node)
    sealed = seal(name.encode(), work.runtime.keys.recipient(HQ)) if name is not None else None
    answer = SubscriberTold(
        id=asked.id,
        origin=asked.origin,
        home=node,
        number=asked.number,
        found=found,
        view=view,
        sealed=sealed,
        deadline=asked.deadline,
        at=work.now,
    )
    return Outgoing(topic=uplink(node, "customer-data"), key=asked.number, data=answer, subject=asked.id)
