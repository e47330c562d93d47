"""The owner of an account, and who refers to one."""

from dataclasses import dataclass

from libs.database import Connection
from libs.tmf import Condition, both
from libs.tmf.condition import Parameters


@dataclass(frozen=True, slots=True)
class Owner:
    status: str
    area: str | None


async def lock_customer(tx: Connection, id: str, visible: Condition | None) -> Owner | None:
    """The customer, if it is there and may be seen; it does not change before `tx` ends."""
    parameters = Parameters()
    where = parameters.bind(both(Condition("id = {}", id), visible))
    row = await tx.fetchrow(f"SELECT status, area FROM customers WHERE {where} FOR SHARE", *parameters.values)
    return Owner(row["status"], row["area"]) if row else None


async def is_referred_to(tx: Connection, id: str) -> bool:
    """Whether an account of any kind names this account, format, medium, cycle, party or customer."""
    found: bool = await tx.fetchval(
        """SELECT EXISTS (SELECT FROM billing_accounts WHERE refers @> ARRAY[$1])
               OR EXISTS (SELECT FROM party_accounts WHERE refers @> ARRAY[$1])
               OR EXISTS (SELECT FROM settlement_accounts WHERE refers @> ARRAY[$1])
               OR EXISTS (SELECT FROM financial_accounts WHERE refers @> ARRAY[$1])""",
        id,
    )
    return found
