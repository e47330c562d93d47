"""Copies of others' records, fed by their events: so that an order is judged from this service's own database."""

from collections.abc import Sequence
from typing import Any

from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked, OfferingChanged
from libs.database import Connection
from libs.messaging import Message, Work
from libs.messaging.projection import Projection
from services.order_acceptance import tables

OFFERINGS = Projection(tables.known_offerings)
CUSTOMERS = Projection(tables.known_customers)
ACCOUNTS = Projection(tables.known_accounts)
IDENTITY_CHECKS = Projection(tables.known_identity_checks)

Record = OfferingChanged | CustomerChanged | BillingAccountChanged | IdentityChecked


async def on_offerings(work: Work, messages: list[Message[OfferingChanged]]) -> None:
    await keep_offerings(work.tx, [message.data for message in messages])


async def on_customers(work: Work, messages: list[Message[CustomerChanged]]) -> None:
    await keep_customers(work.tx, [message.data for message in messages])


async def on_accounts(work: Work, messages: list[Message[BillingAccountChanged]]) -> None:
    await keep_accounts(work.tx, [message.data for message in messages])


async def on_identity_checks(work: Work, messages: list[Message[IdentityChecked]]) -> None:
    await keep_identity_checks(work.tx, [message.data for message in messages])


async def keep_offerings(tx: Connection, records: Sequence[OfferingChanged]) -> None:
    await OFFERINGS.apply(tx, [_row(one) | {"kind": one.kind, "business": one.business} for one in records])


async def keep_customers(tx: Connection, records: Sequence[CustomerChanged]) -> None:
    await CUSTOMERS.apply(tx, [_row(one) for one in records])


async def keep_accounts(tx: Connection, records: Sequence[BillingAccountChanged]) -> None:
    await ACCOUNTS.apply(tx, [_row(one) | {"customer": one.customer} for one in records])


async def keep_identity_checks(tx: Connection, records: Sequence[IdentityChecked]) -> None:
    await IDENTITY_CHECKS.apply(tx, [_row(one) | {"valid_until": one.valid_until} for one in records])


def _row(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "version": record.version,
        "deleted": getattr(record, "deleted", False),
        "record": record.model_dump_json(by_alias=True),
    }
