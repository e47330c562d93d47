"""SQL of branches: which are here, and writing what headquarters sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.steps import OpenBranch
from libs.database import Connection
from libs.json_text import json_text
from services.customer.branches.rules import customer_document, party_document


@dataclass(frozen=True, slots=True)
class Known:
    """The customers of these ids that are here, and the versions of those that are branches."""

    customers: frozenset[str]
    versions: dict[str, int]


async def known(tx: Connection, ids: Iterable[str]) -> Known:
    """What is here of these customers, kept from others who would open the same."""
    wanted = sorted(set(ids))
    # Whoever opens the same branch at this moment is waited for.
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('branch ' || id, 0)) FROM unnest($1::text[]) AS id",
        wanted,
    )
    rows = await tx.fetch(
        """SELECT c.id, b.version FROM customers c LEFT JOIN branches b ON b.customer = c.id
           WHERE c.id = ANY($1::text[])""",
        wanted,
    )
    return Known(
        frozenset(row["id"] for row in rows),
        {row["id"]: row["version"] for row in rows if row["version"] is not None},
    )


_ROWS = """jsonb_to_recordset($1::jsonb) AS n(
    customer text, version bigint, party text, status text, level text, area text, identity_digests text[],
    agent_digests text[], party_document jsonb, customer_document jsonb)"""
_PARTIES = f"""
    INSERT INTO organizations (id, version, document, created, last_update, status)
    SELECT party, 1, party_document, $2, $2, 'validated' FROM {_ROWS}
    ON CONFLICT (id) DO UPDATE SET document = excluded.document, version = organizations.version + 1,
                                   last_update = excluded.last_update
"""
_CUSTOMERS = f"""
    INSERT INTO customers (id, version, document, created, last_update, status, kind, party, level, area,
                           facts_version, facts_at)
    SELECT customer, 1, customer_document, $2, $2, status, 'organization', party, level, area, 0, $2 FROM {_ROWS}
    ON CONFLICT (id) DO UPDATE SET document = excluded.document, version = customers.version + 1,
        last_update = excluded.last_update, status = excluded.status, level = excluded.level
"""
_BRANCHES = f"""
    INSERT INTO branches (customer, version, party, identity_digests, agent_digests, received)
    SELECT customer, version, party, identity_digests, agent_digests, $2 FROM {_ROWS}
    ON CONFLICT (customer) DO UPDATE SET version = excluded.version, received = excluded.received,
        identity_digests = excluded.identity_digests, agent_digests = excluded.agent_digests
    WHERE branches.version < excluded.version
"""


async def write(tx: Connection, snapshots: Sequence[OpenBranch], now: datetime) -> None:
    """Make or renew branches, each named once; what is told of them is raised by the caller."""
    rows = json_text(
        [
            {
                "customer": one.customer,
                "version": one.version,
                "party": one.party,
                "status": one.status,
                "level": one.level,
                "area": one.area,
                "identity_digests": one.identity_digests,
                "agent_digests": one.agent_digests,
                "party_document": party_document(one),
                "customer_document": customer_document(one),
            }
            for one in snapshots
        ],
    )
    for statement in (_PARTIES, _CUSTOMERS, _BRANCHES):
        await tx.execute(statement, rows, now)


async def is_branch(tx: Connection, *, customer: str | None = None, party: str | None = None) -> bool:
    """Whether a customer, or a party, is a branch of headquarters' and so not this province's to write."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM branches WHERE customer = $1 OR party = $2)", customer, party
    )
    return found
