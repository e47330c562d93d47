"""Telling the other services, in the transaction of a change.

Whatever decides about a customer lies in several rows: the customer's, those of the party and its documents, those of
the lists. A change of any of them raises the version of what is told and tells all of it anew. The customer's row is
locked meanwhile, so that versions are told in their order; a change of the lists excludes every other, since it may
concern customers that are just being made.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from libs.database import Connection
from services.customer.desk import Desk
from services.customer.facts import store

_LISTS = 0x6C697374
"""The advisory lock that lists and customers share. Taken first of all: then nobody waits in a circle."""


async def customers_may_change(tx: Connection) -> None:
    """To be called first in a transaction that tells of customers."""
    await tx.execute("SELECT pg_advisory_xact_lock_shared($1::bigint)", _LISTS)


async def lists_may_change(tx: Connection) -> None:
    """To be called first in a transaction that changes a list."""
    await tx.execute("SELECT pg_advisory_xact_lock($1::bigint)", _LISTS)


async def tell_customers(desk: Desk, tx: Connection, ids: Sequence[str], now: datetime) -> None:
    """The next version of these customers' facts."""
    if ids:
        await store.raise_versions(tx, ids, now)
        await desk.tell(tx, await store.customers(tx, ids), now)


async def tell_listed(
    desk: Desk, tx: Connection, now: datetime, *, customers: Iterable[str] = (), digests: Iterable[str] = ()
) -> None:
    """The next version of the facts of these customers, and of all who have one of these identities: a list changed."""
    concerned = {*customers, *await store.customers_with_identity(tx, list(digests))}
    await tell_customers(desk, tx, sorted(concerned), now)


async def tell_new_customer(desk: Desk, tx: Connection, id: str, now: datetime) -> None:
    await desk.tell(tx, await store.customers(tx, [id]), now)


async def tell_accounts(desk: Desk, tx: Connection, ids: Sequence[str], now: datetime) -> None:
    """These accounts, at the version that they were just given."""
    await desk.tell(tx, await store.accounts(tx, ids), now)
