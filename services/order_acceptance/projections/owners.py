"""What a projection lacks is asked of its owner, once, before anything is refused for it."""

import asyncio
from urllib.parse import quote

from libs.asking import Asker, NotAnswering
from libs.database import Database
from libs.rebuilding import Copies
from libs.telemetry.logs import logger
from services.order_acceptance.orders.facts import Facts
from services.order_acceptance.orders.store import Asked
from services.order_acceptance.projections.messages import ACCOUNTS, CUSTOMERS, IDENTITY_CHECKS, OFFERINGS

_log = logger(__name__)


async def fill(db: Database, asker: Asker, asked: Asked, facts: Facts) -> bool:
    """Ask the owners for everything that is asked for and not known; whether anything was learned.

    An owner that does not answer leaves a gap: the order is refused for it, as for a record that does not exist.
    """
    missing = [ask_owner(db, asker, copies, id) for copies, id in lacking(asked, facts)]
    return any(await asyncio.gather(*missing)) if missing else False


def lacking(asked: Asked, facts: Facts) -> list[tuple[Copies, str]]:
    """What is asked for and not known here, each with the projection that it would be in."""
    missing = [(OFFERINGS, offering) for offering in asked.offerings if offering not in facts.offerings]
    customer = asked.customer or (facts.installed.customer if facts.installed else None)
    if customer and facts.customer is None:
        missing.append((CUSTOMERS, customer))
    if asked.account and facts.account is None:
        missing.append((ACCOUNTS, asked.account))
    return missing + [(IDENTITY_CHECKS, check) for check in asked.checks if check not in facts.checks]


async def ask_owner(db: Database, asker: Asker, copies: Copies, id: str) -> bool:
    """Ask for one record and keep the copy; whether there was one. An owner that is away counts as none."""
    path = copies.facts + quote(id, safe="")
    try:
        found = await asker.get(path)
    except NotAnswering as error:
        _log.warning("owner.not-answering", asked=path, error=str(error))
        return False
    if found is None:
        return False
    async with db.transaction() as tx:
        await copies.keep(tx, [copies.model.model_validate(found)])
    return True
