"""After a rotation: identities on the lists get their digests anew, with every key that is held now.

A copy of a national entry has no number to make them of: headquarters publishes what it made anew.
"""

from typing import Any

from libs.database import Connection, Database
from libs.json_text import json_text
from services.customer.desk import Desk
from services.customer.facts.telling import lists_may_change, tell_listed

# Entries without the number were made before it was kept; they go with the key that they were made with.
_OUTDATED = """
    SELECT id, identification_type, personal, digests FROM list_entries
     WHERE personal IS NOT NULL
       AND NOT EXISTS (SELECT FROM unnest(digests) AS d WHERE split_part(d, ':', 1) = $1)
     ORDER BY id LIMIT $2
"""
# Without a number of its publication a national one is published again.
_RENEW = """
    UPDATE list_entries AS l SET digests = n.digests, edition = NULL
      FROM jsonb_to_recordset($1::jsonb) AS n (id text, digests text[]) WHERE l.id = n.id
"""


async def renew_digests(desk: Desk, runtime: Any, most: int) -> int:
    """Give entries their digests with the newest key too; how many there were, at most so many."""
    if not await _outdated(desk, runtime.db, 1):
        return 0
    async with runtime.unit() as work:
        await lists_may_change(work.tx)
        rows = await _outdated(desk, work.tx, most)
        renewed = {row["id"]: _digests(desk, row) for row in rows}
        await work.tx.execute(
            _RENEW, json_text([{"id": id, "digests": digests} for id, digests in renewed.items()])
        )
        digests = {one for row in rows for one in (*row["digests"], *renewed[row["id"]])}
        await tell_listed(desk, work.tx, work.now, digests=digests)
    return len(rows)


async def _outdated(desk: Desk, source: Connection | Database, most: int) -> list[Any]:
    return list(await source.fetch(_OUTDATED, desk.keys.digest[0].kid, most))


def _digests(desk: Desk, row: Any) -> list[str]:
    return desk.cipher.digests(row["identification_type"], desk.cipher.decrypt(row["personal"]))
