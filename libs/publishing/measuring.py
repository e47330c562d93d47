"""At headquarters: for how long which province lacks something of a publication, and what it could not take in."""

from datetime import datetime
from typing import Protocol

from libs.database import Database

_STANDING = """
    SELECT name, node, coalesce(extract(epoch FROM $1 - behind_since), 0)::float8 AS behind,
           jsonb_array_length(conflicts) AS conflicts
    FROM publication_nodes
"""


class Gauges(Protocol):
    """Where it is shown."""

    def publication(self, name: str, node: str, behind: float, conflicts: int) -> None: ...


async def measure(db: Database, now: datetime, gauges: Gauges) -> None:
    """Set the gauges once; in a province there is nothing to set."""
    for row in await db.fetch(_STANDING, now):
        gauges.publication(row["name"], row["node"], max(0.0, row["behind"]), row["conflicts"])
