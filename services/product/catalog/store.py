"""Categories as they hang together, in the database."""

from collections.abc import Iterable

from libs.database import Connection
from services.product.catalog.rules import Parents

# The rows of the whole chain are locked: none of them moves below another while something is put in it.
_CHAIN = """
    SELECT id, parent FROM categories
    WHERE id IN (
        WITH RECURSIVE chain(id) AS (
            SELECT unnest($1::text[])
            UNION SELECT c.parent FROM chain JOIN categories c ON c.id = chain.id WHERE c.parent IS NOT NULL
        ) SELECT id FROM chain)
    ORDER BY id FOR SHARE
"""

_FILLED = """
    WITH RECURSIVE below(id) AS (
        SELECT $1::text UNION SELECT c.id FROM below JOIN categories c ON c.parent = below.id)
    SELECT EXISTS (
        SELECT FROM below JOIN offerings o
        ON o.document @> jsonb_build_object('category', jsonb_build_array(jsonb_build_object('id', below.id))))
"""


async def chain_of(tx: Connection, categories: Iterable[str]) -> Parents:
    """These categories and all above them, each with its parent; what does not exist is not in it."""
    rows = await tx.fetch(_CHAIN, sorted(set(categories)))
    return {row["id"]: row["parent"] for row in rows}


async def has_offerings(tx: Connection, category: str) -> bool:
    """Whether an offering stands in this category or in one below it."""
    return bool(await tx.fetchval(_FILLED, category))
