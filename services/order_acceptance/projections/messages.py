"""Copies of others' records, fed by their events: so that an order is judged from this service's own database."""

from typing import Any

from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked, OfferingChanged
from libs.messaging import Message, Work
from libs.rebuilding import Copies
from services.order_acceptance import tables

Record = OfferingChanged | CustomerChanged | BillingAccountChanged | IdentityChecked


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

PROJECTIONS = (OFFERINGS, CUSTOMERS, ACCOUNTS, IDENTITY_CHECKS)


async def on_offerings(work: Work, messages: list[Message[OfferingChanged]]) -> None:
    await OFFERINGS.keep(work.tx, [message.data for message in messages])


async def on_customers(work: Work, messages: list[Message[CustomerChanged]]) -> None:
    await CUSTOMERS.keep(work.tx, [message.data for message in messages])


async def on_accounts(work: Work, messages: list[Message[BillingAccountChanged]]) -> None:
    await ACCOUNTS.keep(work.tx, [message.data for message in messages])


async def on_identity_checks(work: Work, messages: list[Message[IdentityChecked]]) -> None:
    await IDENTITY_CHECKS.keep(work.tx, [message.data for message in messages])
