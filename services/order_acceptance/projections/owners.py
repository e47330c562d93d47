"""What a projection lacks is asked of its owner, once, before anything is refused for it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from contracts.base import Contract
from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked, OfferingChanged
from libs.asking import Asker, NotAnswering
from libs.database import Connection, Database
from libs.telemetry.logs import logger
from services.order_acceptance.orders.facts import Facts
from services.order_acceptance.orders.store import Asked
from services.order_acceptance.projections.messages import (
    keep_accounts,
    keep_customers,
    keep_identity_checks,
    keep_offerings,
)

C = TypeVar("C", bound=Contract)
_log = logger(__name__)

OFFERING = "/api/product/v1/facts/offerings/"
CUSTOMER = "/api/customer/v1/facts/customers/"
ACCOUNT = "/api/customer/v1/facts/billingAccounts/"
CHECK = "/api/customer/v1/facts/identityChecks/"


async def fill(db: Database, asker: Asker, asked: Asked, facts: Facts) -> bool:
    """Ask the owners for everything that is asked for and not known; whether anything was learned.

    An owner that does not answer leaves a gap: the order is refused for it, as for a record that does not exist.
    """
    missing = [
        ask_owner(db, asker, OFFERING + offering, OfferingChanged, keep_offerings)
        for offering in asked.offerings
        if offering not in facts.offerings
    ]
    customer = asked.customer or (facts.installed.customer if facts.installed else None)
    if customer and facts.customer is None:
        missing.append(ask_owner(db, asker, CUSTOMER + customer, CustomerChanged, keep_customers))
    if asked.account and facts.account is None:
        missing.append(ask_owner(db, asker, ACCOUNT + asked.account, BillingAccountChanged, keep_accounts))
    missing += [
        ask_owner(db, asker, CHECK + check, IdentityChecked, keep_identity_checks)
        for check in asked.checks
        if check not in facts.checks
    ]
    return any(await asyncio.gather(*missing)) if missing else False


async def ask_owner(
    db: Database,
    asker: Asker,
    path: str,
    model: type[C],
    keep: Callable[[Connection, Sequence[C]], Awaitable[None]],
) -> bool:
    """Ask for one record and keep the copy; whether there was one. An owner that is away counts as none."""
    try:
        found = await asker.get(path)
    except NotAnswering as error:
        _log.warning("owner.not-answering", asked=path, error=str(error))
        return False
    if found is None:
        return False
    async with db.transaction() as tx:
        await keep(tx, [model.model_validate(found)])
    return True
