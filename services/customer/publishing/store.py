"""Headquarters' side: numbers for what changed, and pages of what was published."""

from typing import Any

from contracts.publications import MOST_RECORDS, ListedIdentity
from libs.database import Connection
from libs.publishing import Page, page_of

_CHANGED = """
    SELECT id FROM list_entries WHERE list = 'blacklist' AND digests IS NOT NULL AND edition IS NULL
    UNION ALL SELECT id FROM list_removals WHERE edition IS NULL
"""
# What headquarters listed before there was a publication becomes national with its first number.
_NUMBER = f"""
    WITH changed AS ({_CHANGED}),
    numbered AS MATERIALIZED (
        SELECT id, $1::bigint + row_number() OVER (ORDER BY id) AS number FROM changed
    ),
    listed AS (
        UPDATE list_entries AS l SET edition = n.number, national = true FROM numbered AS n WHERE l.id = n.id
    ),
    removed AS (
        UPDATE list_removals AS r SET edition = n.number FROM numbered AS n WHERE r.id = n.id
    )
    SELECT count(*) FROM numbered
"""
_PAGE = """
    SELECT * FROM (
        SELECT id, edition AS number, false AS removed, digests, identification_type, shown, reason,
               valid_from, valid_until, created, created_by
          FROM list_entries WHERE national AND edition > $1
        UNION ALL
        SELECT id, edition, true, digests, identification_type, '', '', NULL, NULL, created, created_by
          FROM list_removals WHERE edition > $1
    ) AS published ORDER BY number LIMIT $2
"""


async def anything_changed(tx: Connection) -> bool:
    """Whether an entry was made, renewed or removed since the list was published last."""
    return bool(await tx.fetchval(f"SELECT EXISTS ({_CHANGED})"))


async def number_changes(tx: Connection, first: int) -> int:
    """Give the entries that changed since they were published last the numbers behind `first`; how many they are."""
    return int(await tx.fetchval(_NUMBER, first))


async def page_behind(tx: Connection, after: int) -> Page:
    """Entries with higher numbers, as many as one message takes, and at least one."""
    return page_of([_record(row) for row in await tx.fetch(_PAGE, after, MOST_RECORDS)], MOST_RECORDS)


def _record(row: Any) -> ListedIdentity:
    return ListedIdentity(**dict(row))
