"""Headquarters' side: numbers for what changed, and pages of what was published."""

from typing import Any

from pydantic_core import from_json

from contracts.publications import MOST_RECORDS, CatalogueRecord
from libs.database import Connection
from libs.publishing import Page, page_of
from services.product.identifiers import Sort

TABLES: dict[Sort, str] = {
    "category": "categories",
    "catalog": "catalogs",
    "specification": "specifications",
    "price": "prices",
    "offering": "offerings",
}
"""In the order in which they refer to each other, most of them only backward."""

_CHANGED = " UNION ALL ".join(
    f"SELECT '{sort}' AS sort, {place} AS place, id FROM {table} "
    "WHERE national AND lifecycle_status NOT IN ('In study', 'In design', 'In test') "
    "AND edition_version IS DISTINCT FROM version"
    for place, (sort, table) in enumerate(TABLES.items())
)
_MARKED = ", ".join(
    f"{table}_marked AS (UPDATE {table} AS t SET edition = n.number, edition_version = t.version "
    f"FROM numbered AS n WHERE n.sort = '{sort}' AND t.id = n.id)"
    for sort, table in TABLES.items()
)
_NUMBER = f"""
    WITH changed AS ({_CHANGED}),
    numbered AS MATERIALIZED (
        SELECT sort, id, $1::bigint + row_number() OVER (ORDER BY place, id) AS number FROM changed
    ), {_MARKED}
    SELECT count(*) FROM numbered
"""
_PUBLISHED = " UNION ALL ".join(
    f"SELECT '{sort}' AS sort, id, edition, {'kind' if sort == 'offering' else 'NULL::text'} AS kind, "
    f"document::text AS document FROM {table} WHERE national AND edition > $1"
    for sort, table in TABLES.items()
)
_PAGE = f"SELECT * FROM ({_PUBLISHED}) AS published ORDER BY edition LIMIT $2"


async def anything_changed(tx: Connection) -> bool:
    """Whether a record changed since it was published last."""
    return bool(await tx.fetchval(f"SELECT EXISTS ({_CHANGED})"))


async def number_changes(tx: Connection, first: int) -> int:
    """Give the records that changed since they were published last the numbers behind `first`; how many they are."""
    return int(await tx.fetchval(_NUMBER, first))


async def page_behind(tx: Connection, after: int) -> Page:
    """Records with higher numbers, as many as one message takes, and at least one."""
    return page_of([_record(row) for row in await tx.fetch(_PAGE, after, MOST_RECORDS)], MOST_RECORDS)


def _record(row: Any) -> CatalogueRecord:
    return CatalogueRecord(
        id=row["id"],
        number=row["edition"],
        sort=row["sort"],
        kind=row["kind"],
        document=from_json(row["document"]),
    )
