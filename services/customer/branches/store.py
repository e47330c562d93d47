"""SQL of branches: which are here, and writing what headquarters sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from contracts.steps import OpenBranch
from libs.database import Connection, Database
from libs.json_text import json_text
from libs.node import HQ
from services.customer.branches.rules import Holding, customer_document, party_document


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


async def held_behind(tx: Connection, after: str, limit: int) -> list[tuple[str, int]]:
    """The branches of this province behind an id, with their versions, in the order of their ids."""
    rows = await tx.fetch(
        "SELECT customer, version FROM branches WHERE customer > $1 ORDER BY customer LIMIT $2", after, limit
    )
    return [(row["customer"], row["version"]) for row in rows]


_HEAR = """
    INSERT INTO branch_holders AS h (customer, node, version, said, heard)
    SELECT customer, node, version, said, $5
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) AS s (customer, node, version, said)
    WHERE EXISTS (SELECT FROM customers AS c WHERE c.id = s.customer)
    ON CONFLICT (customer, node) DO UPDATE
    SET version = excluded.version, said = excluded.said, heard = excluded.heard WHERE h.said <= excluded.said
"""
_RAISE = """
    UPDATE customers AS c SET facts_version = r.version, facts_at = $3
    FROM unnest($1::text[], $2::bigint[]) AS r (id, version) WHERE c.id = r.id AND c.facts_version < r.version
"""


async def hear(tx: Connection, said: Mapping[tuple[str, str], tuple[int, datetime]], now: datetime) -> None:
    """At headquarters: keep what provinces said of the branches (customer, node) that they hold."""
    names = sorted(said)
    await tx.execute(
        _HEAR,
        [customer for customer, _ in names],
        [node for _, node in names],
        [said[name][0] for name in names],
        [said[name][1] for name in names],
        now,
    )


async def versions(tx: Connection, customers: Iterable[str]) -> dict[str, int]:
    """The versions of what is told of these customers, whose rows stay locked until the end of `tx`."""
    rows = await tx.fetch(
        "SELECT id, facts_version FROM customers WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE",
        sorted(set(customers)),
    )
    return {row["id"]: row["facts_version"] for row in rows}


async def raise_to(tx: Connection, least: Mapping[str, int], now: datetime) -> None:
    """Let what is told of these customers have these versions at least."""
    await tx.execute(_RAISE, list(least), list(least.values()), now)


async def holders(tx: Connection, customers: Sequence[str]) -> list[Holding]:
    """At headquarters: the provinces that hold branches of these customers."""
    rows = await tx.fetch(
        """SELECT customer, node, version FROM branch_holders WHERE customer = ANY($1::text[])
           ORDER BY customer, node""",
        list(customers),
    )
    return [Holding(*row) for row in rows]


# Headquarters holds no branch itself.
_HOLDERS = """
    SELECT h.customer, h.node, h.version, c.facts_version AS newest, h.heard,
           CASE WHEN h.version = c.facts_version THEN 'current' WHEN h.version < c.facts_version THEN 'behind'
                ELSE 'ahead' END AS state
    FROM branch_holders h JOIN customers c ON c.id = h.customer WHERE h.node <> $1
"""
_OWN = """
    SELECT customer, $1::text AS node, version, NULL::bigint AS newest, received AS heard, 'held' AS state
    FROM branches
"""


async def page(
    db: Database, node: str, asked: Mapping[str, str], offset: int, limit: int
) -> tuple[list[asyncpg.Record], int]:
    """The branches that are as `asked`, and how many: at headquarters those of all provinces, in one its own."""
    values = [asked.get(name) for name in ("customer", "node", "state")]
    found = f"""SELECT * FROM ({_HOLDERS if node == HQ else _OWN}) AS b
        WHERE ($2::text IS NULL OR customer = $2) AND ($3::text IS NULL OR b.node = $3)
        AND ($4::text IS NULL OR state = $4)"""
    rows = await db.fetch(
        f"{found} ORDER BY customer, b.node OFFSET $5 LIMIT $6", node, *values, offset, limit
    )
    total: int = await db.fetchval(f"SELECT count(*) FROM ({found}) AS all_of_them", node, *values)
    return rows, total
