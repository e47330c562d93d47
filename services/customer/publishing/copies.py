"""SQL of a province's copies of the national blacklist: which are here, and writing what headquarters published."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from contracts.publications import ListedIdentity
from libs.database import Connection
from libs.json_text import json_text
from services.customer.lists.rules import Period
from services.customer.publishing.rules import Held

_HELD = """
    SELECT id, national, coalesce(edition, 0) AS edition, digests FROM list_entries WHERE id = ANY($1::text[])
    UNION ALL SELECT id, true, edition, NULL FROM list_removals WHERE id = ANY($1::text[])
"""
_ROWS = """jsonb_to_recordset($1::jsonb) AS n(
    id text, number bigint, digests text[], identification_type text, shown text, reason text, valid_from timestamptz,
    valid_until timestamptz, in_force boolean, changes_at timestamptz, created timestamptz, created_by text)"""
_LIST = f"""
    WITH back AS (DELETE FROM list_removals WHERE id IN (SELECT id FROM {_ROWS}))
    INSERT INTO list_entries AS l (id, list, national, edition, digests, identification_type, shown, reason,
                                   valid_from, valid_until, in_force, changes_at, created, created_by)
    SELECT id, 'blacklist', true, number, digests, identification_type, shown, reason,
           valid_from, valid_until, in_force, changes_at, created, created_by FROM {_ROWS}
    ON CONFLICT (id) DO UPDATE
    SET edition = excluded.edition, digests = excluded.digests, shown = excluded.shown, reason = excluded.reason,
        identification_type = excluded.identification_type, valid_from = excluded.valid_from,
        valid_until = excluded.valid_until, in_force = excluded.in_force, changes_at = excluded.changes_at
    WHERE l.national
"""
_REMOVE = f"""
    WITH gone AS (DELETE FROM list_entries WHERE national AND id IN (SELECT id FROM {_ROWS}))
    INSERT INTO list_removals (id, digests, identification_type, created, created_by, removed, edition)
    SELECT id, digests, identification_type, created, created_by, $2, number FROM {_ROWS}
    ON CONFLICT (id) DO UPDATE SET edition = excluded.edition
"""


async def held(tx: Connection, ids: Iterable[str]) -> dict[str, Held]:
    """What is here under these ids."""
    rows = await tx.fetch(_HELD, list(ids))
    return {row["id"]: Held(row["national"], row["edition"], row["digests"] or ()) for row in rows}


async def write_listed(tx: Connection, records: Sequence[ListedIdentity], now: datetime) -> None:
    """Make or renew copies, each named once."""
    rows = []
    for one in records:
        standing = Period(one.valid_from, one.valid_until).standing(now)
        rows.append(one.model_dump(mode="json", by_alias=False) | standing._asdict())
    await tx.execute(_LIST, json_text(rows))


async def write_removed(tx: Connection, records: Sequence[ListedIdentity], now: datetime) -> None:
    """Take copies off the list, each named once, and remember how new the removal is."""
    rows = [one.model_dump(mode="json", by_alias=False) for one in records]
    await tx.execute(_REMOVE, json_text(rows), now)
