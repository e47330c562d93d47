"""What the catalogue has of the records that an offering refers to; all of it locked until the offering is written."""

import json

from libs.database import Connection
from services.product.catalog.store import chain_of
from services.product.offerings.rules import Known, Named

# Nobody changes or removes these while they are built into an offering. Waiting in a circle ends in a refusal to be
# repeated: catalogues are edited by few.
_SPECIFICATION = "SELECT document::text FROM specifications WHERE id = $1 FOR SHARE"
_PRICES = "SELECT id, document::text AS document FROM prices WHERE id = ANY($1::text[]) ORDER BY id FOR SHARE"
_OFFERINGS = "SELECT id, kind FROM offerings WHERE id = ANY($1::text[]) ORDER BY id FOR SHARE"


async def know(tx: Connection, named: Named) -> Known:
    """Everything that this offering names, as far as it exists."""
    specification = await tx.fetchval(_SPECIFICATION, named.specification) if named.specification else None
    prices = await tx.fetch(_PRICES, list(named.prices))
    offerings = await tx.fetch(_OFFERINGS, [id for _, id in named.offerings])
    return Known(
        specification=json.loads(specification) if specification else None,
        parents=await chain_of(tx, named.categories),
        prices={row["id"]: json.loads(row["document"]) for row in prices},
        offerings={row["id"]: row["kind"] for row in offerings},
    )


async def fee_is_launched(tx: Connection, business: str, but: str) -> bool:
    """Whether another offering is Launched as the fee of this business; whoever asks next waits for our commit."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"fee {business}")
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM offerings"
            " WHERE business = $1 AND lifecycle_status = 'Launched' AND id <> $2)",
            business,
            but,
        )
    )
