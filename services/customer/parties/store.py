"""Agents of organizations, and who refers to a party."""

from collections.abc import Sequence

from libs.database import Connection
from libs.tmf import Condition, both
from libs.tmf.condition import Parameters
from services.customer.parties.rules import PartyKind

_TABLES = {"Individual": "individuals", "Organization": "organizations"}


async def lock_individuals(
    tx: Connection, ids: Sequence[str], visible: Condition | None, agents_of: str
) -> set[str]:
    """Those of the individuals that may be seen, or are agents of that organization already.

    None of them changes before `tx` ends.
    """
    parameters = Parameters(list(ids), agents_of)
    rows = await tx.fetch(
        "SELECT id FROM individuals WHERE id = ANY($1::text[])"
        f" AND (({parameters.bind(both(visible))})"
        " OR id IN (SELECT individual FROM organization_agents WHERE organization = $2)) ORDER BY id FOR SHARE",
        *parameters.values,
    )
    return {row["id"] for row in rows}


async def lock_party(tx: Connection, kind: PartyKind, id: str, visible: Condition | None) -> bool:
    """Whether the party is there and may be seen; it does not change before `tx` ends."""
    parameters = Parameters()
    where = parameters.bind(both(Condition("id = {}", id), visible))
    found = await tx.fetchrow(f"SELECT id FROM {_TABLES[kind]} WHERE {where} FOR SHARE", *parameters.values)
    return found is not None


async def replace_agents(tx: Connection, organization: str, individuals: Sequence[str]) -> None:
    await tx.execute(
        "DELETE FROM organization_agents WHERE organization = $1 AND individual <> ALL($2::text[])",
        organization,
        list(individuals),
    )
    await tx.execute(
        """INSERT INTO organization_agents (organization, individual)
           SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING""",
        organization,
        list(individuals),
    )


async def is_referred_to(tx: Connection, party: str) -> bool:
    """Whether a customer is this party, or an organization has it as its agent."""
    found: bool = await tx.fetchval(
        """SELECT EXISTS (SELECT FROM customers WHERE party = $1)
               OR EXISTS (SELECT FROM organization_agents WHERE individual = $1)""",
        party,
    )
    return found
