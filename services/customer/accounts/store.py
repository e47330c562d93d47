"""The owner of an account."""

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
