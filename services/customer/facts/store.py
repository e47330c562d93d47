"""What is told of customers, accounts and identity checks, each as its contract says."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import asyncpg

from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked
from libs.database import Connection, Database
from libs.security.masking import mask_name

_CUSTOMERS = """
SELECT c.id, c.facts_version, c.kind, c.status, CASE c.kind WHEN 'organization' THEN c.document ->> 'name' END AS name,
       c.document ->> 'name' AS whole_name, c.party, c.level, c.area, c.account_manager, c.dealer, c.facts_at,
       own.digests AS identity_digests, agents.digests AS agent_digests,
       listed.lists @> ARRAY['blacklist'] AS blacklisted, listed.lists @> ARRAY['redlist'] AS redlisted
  FROM customers AS c
 CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(i.digest ORDER BY i.digest), '{}')
              || coalesce((SELECT b.identity_digests FROM branches AS b WHERE b.customer = c.id), '{}') AS digests
         FROM identities AS i WHERE i.party = c.party) AS own
 CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(i.digest ORDER BY i.digest), '{}')
              || coalesce((SELECT b.agent_digests FROM branches AS b WHERE b.customer = c.id), '{}') AS digests
         FROM organization_agents AS a JOIN identities AS i ON i.party = a.individual
        WHERE a.organization = c.party) AS agents
 CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(l.list), '{}') AS lists
         FROM list_entries AS l WHERE l.in_force AND (l.customer = c.id OR l.digests && own.digests)) AS listed
 WHERE c.id = ANY($1::text[])
 ORDER BY c.id
"""

_ACCOUNTS = """
SELECT id, version, customer, state, area, last_update
  FROM billing_accounts WHERE id = ANY($1::text[]) ORDER BY id
"""


async def customers(source: Connection | Database, ids: Sequence[str]) -> list[CustomerChanged]:
    """The facts of these customers as they are now, in the order of their ids; missing ones are left out."""
    return [customer_of(row) for row in await source.fetch(_CUSTOMERS, list(ids))]


async def accounts(source: Connection | Database, ids: Sequence[str]) -> list[BillingAccountChanged]:
    return [account_of(row) for row in await source.fetch(_ACCOUNTS, list(ids))]


async def identity_check(source: Connection | Database, id: str) -> str | None:
    """The JSON of the event that told of the check."""
    found: str | None = await source.fetchval("SELECT record FROM identity_checks WHERE id = $1", id)
    return found


async def page_of_customers(tx: Connection, after: str, limit: int) -> list[CustomerChanged]:
    """The facts of the customers behind an id, in the order of their ids."""
    return await customers(tx, await _ids(tx, "customers", after, limit))


async def page_of_accounts(tx: Connection, after: str, limit: int) -> list[BillingAccountChanged]:
    return await accounts(tx, await _ids(tx, "billing_accounts", after, limit))


async def page_of_identity_checks(tx: Connection, after: str, limit: int) -> list[IdentityChecked]:
    rows = await tx.fetch(
        "SELECT record FROM identity_checks WHERE id > $1 ORDER BY id LIMIT $2", after, limit
    )
    return [IdentityChecked.model_validate_json(row["record"]) for row in rows]


async def _ids(tx: Connection, table: str, after: str, limit: int) -> list[str]:
    rows = await tx.fetch(f"SELECT id FROM {table} WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
    return [row["id"] for row in rows]


def count_of(table: str) -> Callable[[Connection], Awaitable[int]]:
    """How many records a table has."""

    async def count(tx: Connection) -> int:
        found: int = await tx.fetchval(f"SELECT count(*) FROM {table}")
        return found

    return count


async def raise_versions(tx: Connection, ids: Sequence[str], now: datetime) -> None:
    """The next version of what is told of these customers; their rows stay locked until the end of `tx`."""
    await tx.execute(
        """UPDATE customers SET facts_version = facts_version + 1, facts_at = $2
            WHERE id IN (SELECT id FROM customers WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE)""",
        list(ids),
        now,
    )


async def customers_of_party(tx: Connection, party: str) -> list[str]:
    """The customers for whom a party counts: engaged themselves, or as an agent of the organization that is."""
    rows = await tx.fetch(
        """SELECT id FROM customers
            WHERE party = $1 OR party IN (SELECT organization FROM organization_agents WHERE individual = $1)""",
        party,
    )
    return [row["id"] for row in rows]


async def customers_with_identity(tx: Connection, digests: Sequence[str]) -> list[str]:
    """The customers who have one of these identities; a branch has those of headquarters' customer."""
    rows = await tx.fetch(
        """SELECT c.id FROM customers AS c
            WHERE c.party IN (SELECT party FROM identities WHERE digest = ANY($1::text[]))
           UNION SELECT customer FROM branches WHERE identity_digests && $1::text[]""",
        list(digests),
    )
    return [row["id"] for row in rows]


def customer_of(row: asyncpg.Record) -> CustomerChanged:
    return CustomerChanged(
        id=row["id"],
        version=row["facts_version"],
        kind=row["kind"],
        name=row["name"],
        status=row["status"],
        party=row["party"],
        masked_name=mask_name(row["whole_name"]) if row["whole_name"] else None,
        identity_digests=row["identity_digests"],
        agent_digests=row["agent_digests"],
        blacklisted=row["blacklisted"],
        redlisted=row["redlisted"],
        level=row["level"],
        area=row["area"],
        account_manager=row["account_manager"],
        dealer=row["dealer"],
        at=row["facts_at"],
    )


def account_of(row: asyncpg.Record) -> BillingAccountChanged:
    return BillingAccountChanged(
        id=row["id"],
        version=row["version"],
        customer=row["customer"],
        state=row["state"],
        area=row["area"],
        at=row["last_update"],
    )
