"""Before forwards are judged: what home lacks to judge them is asked of its owner, once."""

import asyncio

from contracts.work_orders import Forward
from libs.messaging import Message
from libs.rebuilding import Copies
from libs.service import Runtime
from libs.telemetry.logs import logger
from services.order_acceptance.forwards.store import lacking
from services.order_acceptance.projections.messages import CUSTOMERS, OFFERINGS
from services.order_acceptance.projections.owners import ask_owner

LONGEST = 3.0
"""Seconds that a batch waits for owners: work that came with it waits too."""
TOGETHER = 8

_log = logger(__name__)


async def learn_first(runtime: Runtime, messages: list[Message[Forward]]) -> None:
    """Ask for what these forwards, and the subscriptions they are about, name and no copy has.

    It runs before the batch's transaction, so that nothing is locked meanwhile. What no owner has told by the end of
    the time is judged as unknown.
    """
    offerings, customers = await lacking(runtime.db, [message.data for message in messages])
    if not offerings and not customers:
        return
    turn = asyncio.Semaphore(TOGETHER)

    async def learn(copies: Copies, id: str) -> None:
        async with turn:
            await ask_owner(runtime.db, runtime.asker, copies, id)

    try:
        async with asyncio.timeout(LONGEST):
            await asyncio.gather(
                *(learn(OFFERINGS, one) for one in offerings), *(learn(CUSTOMERS, one) for one in customers)
            )
    except TimeoutError:
        _log.warning("forwards.judged-without-the-owner", offerings=len(offerings), customers=len(customers))
