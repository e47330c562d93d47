"""Profiles as rows; the ki comes in encrypted, and no statement here reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.database import Connection, Database


@dataclass(frozen=True, slots=True)
class NewProfile:
    """A profile as it comes in; `ki` is encrypted, `iccid` the personalised card that carries it."""

    id: str
    imsi: str
    ki: str
    iccid: str | None


_LAY_IN = """
INSERT INTO profiles (id, imsi, ki, network, iccid, state, load, updated)
SELECT id, imsi, ki, $5, iccid, $6, $7, $8
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS row(id, imsi, ki, iccid)
ON CONFLICT DO NOTHING RETURNING imsi
"""


async def lay_in(
    tx: Connection, profiles: Sequence[NewProfile], network: str, state: str, load: str | None, now: datetime
) -> set[str]:
    """Take these in and answer the IMSIs of those that were not there yet; a card has one profile."""
    rows = await tx.fetch(
        _LAY_IN,
        [one.id for one in profiles],
        [one.imsi for one in profiles],
        [one.ki for one in profiles],
        [one.iccid for one in profiles],
        network,
        state,
        load,
        now,
    )
    return {row["imsi"] for row in rows}


async def personalised(tx: Connection, iccids: Sequence[str], area: str | None) -> set[str]:
    """Of these ICCIDs, those of personalised cards in stock here; with an `area`, in that one."""
    rows = await tx.fetch(
        "SELECT value FROM resources WHERE category = 'sim' AND kind = 'personalised' AND value = ANY($1)"
        " AND ($2::text IS NULL OR area = $2)",
        list(iccids),
        area,
    )
    return {row["value"] for row in rows}


async def record_load(
    tx: Connection, id: str, place: dict[str, str | None], profiles: int, now: datetime
) -> None:
    await tx.execute(
        "INSERT INTO profile_loads (id, actor, issuer, node, channel, hall, dealer, area_of_act, created, profiles)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        id,
        *place.values(),
        now,
        profiles,
    )


@dataclass(frozen=True, slots=True)
class Load:
    """Keys that somebody brought in."""

    id: str
    actor: str
    issuer: str
    profiles: int
    created: datetime
    approved: datetime | None


async def load(
    source: "Connection | Database", id: str, area: str | None, *, lock: bool = False
) -> Load | None:
    """A load; with an `area`, only one that was brought in there."""
    row = await source.fetchrow(
        "SELECT id, actor, issuer, profiles, created, approved FROM profile_loads"
        " WHERE id = $1 AND ($2::text IS NULL OR area_of_act = $2)" + (" FOR UPDATE" if lock else ""),
        id,
        area,
    )
    return None if row is None else Load(**dict(row))


async def approve(tx: Connection, id: str, approver: str, before: str, after: str, now: datetime) -> None:
    """Put the profiles of a load into the pool."""
    await tx.execute(
        "UPDATE profile_loads SET approved = $2, approved_by = $3 WHERE id = $1", id, now, approver
    )
    await tx.execute(
        "UPDATE profiles SET state = $3, updated = $4 WHERE load = $1 AND state = $2", id, before, after, now
    )
