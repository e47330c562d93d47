"""Whom an account names."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from libs.database import Connection
from libs.security.actor import Actor
from libs.tmf import Condition, both
from libs.tmf.condition import Parameters
from services.customer.customers.visibility import customers_of, parties_of

OWN: Mapping[str, tuple[str, Callable[[Actor], Condition | None]]] = MappingProxyType(
    {
        "Individual": ("individuals", parties_of),
        "Organization": ("organizations", parties_of),
        "Customer": ("customers", customers_of),
    }
)
"""The types of this service's own records: their table, and which of them an actor sees."""


async def there(tx: Connection, type: str, ids: Sequence[str], actor: Actor) -> set[str]:
    """Those of the records that exist, and that the actor may see; none of them changes before `tx` ends."""
    table, visible = OWN[type]
    parameters = Parameters()
    where = parameters.bind(both(Condition("id = ANY({}::text[])", list(ids)), visible(actor)))
    rows = await tx.fetch(f"SELECT id FROM {table} WHERE {where} ORDER BY id FOR SHARE", *parameters.values)
    return {row["id"] for row in rows}
