"""Identity checks, and whose an identity is."""

from collections.abc import Sequence

from contracts.events import IdentityChecked
from libs.database import Connection
from libs.json_text import json_text
from libs.messaging.envelope import to_bytes
from libs.security.actor import Actor


async def insert_check(tx: Connection, checked: IdentityChecked, actor: Actor) -> None:
    await tx.execute(
        """INSERT INTO identity_checks (id, actor, digest, record, place, valid_until, created)
           VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7)""",
        checked.id,
        checked.actor,
        checked.identity_digest,
        to_bytes(checked).decode(),
        json_text(actor.place()),
        checked.valid_until,
        checked.at,
    )


async def registered(tx: Connection, digests: Sequence[str], *, but: str) -> set[str]:
    """Those of the digests that belong to another party than `but`."""
    rows = await tx.fetch(
        "SELECT digest FROM identities WHERE digest = ANY($1::text[]) AND party <> $2", list(digests), but
    )
    return {row["digest"] for row in rows}


async def has_digest(tx: Connection, party: str, key: str) -> bool:
    """Whether a party's identities have digests that were made with this key."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM identities WHERE party = $1 AND split_part(digest, ':', 1) = $2)",
        party,
        key,
    )
    return found


async def replace_identities(
    tx: Connection, party: str, party_kind: str, identities: Sequence[tuple[str, str]]
) -> bool:
    """Make these (digest, type of document) the identities of a party; whether all of them could be had.

    What another transaction is registering at this moment is waited for.
    """
    digests = [digest for digest, _ in identities]
    await tx.execute("DELETE FROM identities WHERE party = $1 AND digest <> ALL($2::text[])", party, digests)
    await tx.execute(
        """INSERT INTO identities (digest, kind, party, party_kind)
           SELECT digest, kind, $3, $4 FROM unnest($1::text[], $2::text[]) AS n(digest, kind) ORDER BY digest
           ON CONFLICT (digest) DO NOTHING""",
        digests,
        [kind for _, kind in identities],
        party,
        party_kind,
    )
    held: int = await tx.fetchval("SELECT count(*) FROM identities WHERE party = $1", party)
    return held == len(digests)
