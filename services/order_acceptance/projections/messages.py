"""Copies of others' records, fed by their events: so that an order is judged from this service's own database."""

from datetime import timedelta
from typing import Any

from contracts.events import (
    BillingAccountChanged,
    CardWritingChanged,
    CustomerChanged,
    IdentityChecked,
    OfferingChanged,
)
from libs.messaging import Message, Work
from libs.rebuilding import Copies
from libs.service import Runtime
from services.order_acceptance import tables

CHECKS_KEPT = timedelta(days=7)
"""After its end an identity check is refused as expired for so long; then it is one that nobody knows."""
AT_ONCE = 5_000

Record = OfferingChanged | CustomerChanged | BillingAccountChanged | IdentityChecked | CardWritingChanged


def _row(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "version": record.version,
        "deleted": getattr(record, "deleted", False),
        "record": record.model_dump_json(by_alias=True),
    }


def _offering(one: OfferingChanged) -> dict[str, Any]:
    return _row(one) | {"kind": one.kind, "business": one.business}


def _account(one: BillingAccountChanged) -> dict[str, Any]:
    return _row(one) | {"customer": one.customer}


def _identity_check(one: IdentityChecked) -> dict[str, Any]:
    return _row(one) | {"valid_until": one.valid_until}


def _card_writing(one: CardWritingChanged) -> dict[str, Any]:
    return _row(one) | {"order_id": one.order, "written": one.written}


OFFERINGS = Copies(
    tables.known_offerings, owner="product", kind="offerings", model=OfferingChanged, row=_offering
)
CUSTOMERS = Copies(
    tables.known_customers, owner="customer", kind="customers", model=CustomerChanged, row=_row
)
ACCOUNTS = Copies(
    tables.known_accounts, owner="customer", kind="billingAccounts", model=BillingAccountChanged, row=_account
)
IDENTITY_CHECKS = Copies(
    tables.known_identity_checks,
    owner="customer",
    kind="identityChecks",
    model=IdentityChecked,
    row=_identity_check,
)
CARD_WRITINGS = Copies(
    tables.known_card_writings,
    owner="resource",
    kind="cardWritings",
    model=CardWritingChanged,
    row=_card_writing,
)

PROJECTIONS = (OFFERINGS, CUSTOMERS, ACCOUNTS, IDENTITY_CHECKS, CARD_WRITINGS)


async def on_offerings(work: Work, messages: list[Message[OfferingChanged]]) -> None:
    await OFFERINGS.keep(work.tx, [message.data for message in messages])


async def on_customers(work: Work, messages: list[Message[CustomerChanged]]) -> None:
    await CUSTOMERS.keep(work.tx, [message.data for message in messages])


async def on_accounts(work: Work, messages: list[Message[BillingAccountChanged]]) -> None:
    await ACCOUNTS.keep(work.tx, [message.data for message in messages])


async def on_identity_checks(work: Work, messages: list[Message[IdentityChecked]]) -> None:
    await IDENTITY_CHECKS.keep(work.tx, [message.data for message in messages])


async def on_card_writings(work: Work, messages: list[Message[CardWritingChanged]]) -> None:
    await CARD_WRITINGS.keep(work.tx, [message.data for message in messages])


async def forget_checks(runtime: Runtime) -> None:
    """By the clock: there is one more for every visit to a hall, and each is good for minutes."""
    removed = AT_ONCE
    while removed == AT_ONCE:
        status = await runtime.db.execute(
            """DELETE FROM known_identity_checks WHERE id IN (
                   SELECT id FROM known_identity_checks WHERE valid_until < $1 LIMIT $2)""",
            runtime.clock.now() - CHECKS_KEPT,
            AT_ONCE,
        )
        removed = int(status.removeprefix("DELETE "))
