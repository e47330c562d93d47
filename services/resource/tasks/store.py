"""What tasks read and write: a batch at a time, locked in one order, so that two batches never wait in a circle."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import asyncpg

from contracts.steps import PickCard, PickNumber
from libs.database import Connection
from libs.ids import new_id
from libs.json_text import json_text
from services.resource.inventory.rules import MSISDN, SIM, Category, shown
from services.resource.inventory.store import document_sql
from services.resource.tasks.rules import Held, Profile, Recorded, Reserved, Shelf
from services.resource.writings.store import written


async def recorded(tx: Connection, task_ids: Sequence[str]) -> dict[str, Recorded]:
    """What became of these tasks, as far as they came before."""
    rows = await tx.fetch(
        "SELECT task_id, effect, work_order, outcome, reasons, output FROM task_results WHERE task_id = ANY($1)",
        list(task_ids),
    )
    return {
        row["task_id"]: Recorded(
            row["task_id"],
            row["effect"],
            row["work_order"],
            row["outcome"],
            tuple(json.loads(row["reasons"])),
            json.loads(row["output"]),
        )
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Pick:
    """What a task that picks would take: pieces of the shelf that lie free."""

    category: Category
    kinds: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    area: str | None = None

    @classmethod
    def of(cls, wanted: PickNumber | PickCard) -> "Pick":
        if isinstance(wanted, PickNumber):
            return cls(MSISDN, (), tuple(wanted.networks), wanted.area)
        return cls(SIM, tuple(wanted.kinds), tuple(wanted.networks), wanted.area)


@dataclass(slots=True)
class Needed:
    """What a batch of tasks is about."""

    things: set[tuple[str, str]] = field(default_factory=set)
    profiles: set[str] = field(default_factory=set)
    imsis: set[str] = field(default_factory=set)
    iccids: set[str] = field(default_factory=set)
    holders: set[str] = field(default_factory=set)
    from_pool: int = 0
    pickers: set[str] = field(default_factory=set)
    """The dos that pick: what they hold already is theirs."""
    picks: dict[str, Pick] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """The orders whose cards are said to have broken."""


_THINGS = """
SELECT r.id, r.category, r.value, r.state, r.kind, r.area, r.network, r.number_class, r.reservation,
       r.work_order, r.held_by, r.bound_to
FROM resources r JOIN unnest($1::text[], $2::text[]) AS wanted(category, value) USING (category, value)
ORDER BY r.id FOR UPDATE OF r
"""
_PICKED = """
SELECT id, category, value, state, kind, area, network, number_class, reservation, work_order, held_by, bound_to
FROM resources WHERE held_by = ANY($1::text[]) ORDER BY id FOR UPDATE
"""
# What another batch has in its hands is passed over: any of it will do. Wanted numbers are for who asks for them.
_READY_NUMBERS = """
SELECT id, category, value, state, kind, area, network, number_class, reservation, work_order, held_by, bound_to
FROM resources
WHERE category = 'msisdn' AND state = 'free' AND number_class = 'ordinary' AND ($1::text IS NULL OR area = $1)
  AND ($2::text[] = '{}' OR network = ANY($2))
ORDER BY value LIMIT $3 FOR UPDATE SKIP LOCKED
"""
_READY_CARDS = """
SELECT id, category, value, state, kind, area, network, number_class, reservation, work_order, held_by, bound_to
FROM resources
WHERE category = 'sim' AND state = 'in-stock' AND kind = $4 AND ($1::text IS NULL OR area = $1)
  AND ($2::text[] = '{}' OR network IS NULL OR network = ANY($2))
LIMIT $3 FOR UPDATE SKIP LOCKED
"""
_PROFILES = """
SELECT id, imsi, ki, state, iccid, work_order, held_by, number FROM profiles
WHERE id = ANY($1) OR imsi = ANY($2) OR iccid = ANY($3) OR held_by = ANY($4)
ORDER BY id FOR UPDATE
"""
# What another batch has in its hands is passed over: the pool is large, and any of it will do.
_POOL = """
SELECT id, imsi, ki, state, iccid, work_order, held_by, number FROM profiles
WHERE state = 'free' AND iccid IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""


async def take_in_hand(tx: Connection, needed: Needed) -> Shelf:
    """Lock what the tasks are about."""
    shelf = Shelf()
    if needed.things:
        categories, values = zip(*sorted(needed.things), strict=True)
        rows = await tx.fetch(_THINGS, list(categories), list(values))
        kept = await _reservations(tx, {row["reservation"] for row in rows if row["reservation"]})
        for row in rows:
            held = replace(_held(row), reserved=kept.get(row["reservation"]))
            shelf.things[held.category, held.value] = held
    await _lay_ready(tx, needed, shelf)
    if needed.profiles or needed.imsis or needed.iccids or needed.holders:
        wanted = (needed.profiles, needed.imsis, needed.iccids, needed.holders)
        for row in await tx.fetch(_PROFILES, *map(list, wanted)):
            shelf.profiles[row["id"]] = Profile(**dict(row))
    if needed.broken:
        shelf.written = await written(tx, sorted(needed.broken))
    if needed.from_pool:
        shelf.pool = [Profile(**dict(row)) for row in await tx.fetch(_POOL, needed.from_pool)]
    return shelf


async def _lay_ready(tx: Connection, needed: Needed, shelf: Shelf) -> None:
    """Lock what tasks that pick hold already, and for the others as many free pieces as they want."""
    if not needed.pickers:
        return
    picked = await tx.fetch(_PICKED, list(needed.pickers))
    for row in picked:
        held = _held(row)
        shelf.things[held.category, held.value] = held
    served = {row["held_by"] for row in picked}
    alike: dict[Pick, list[str]] = {}
    for does, pick in needed.picks.items():
        if does not in served:
            alike.setdefault(pick, []).append(does)
    for pick, dos in alike.items():
        # What others of this batch name is theirs.
        named = {value for category, value in needed.things if category == pick.category}
        free = [one for one in await _free(tx, pick, len(dos) + len(named)) if one.value not in named]
        # Whoever comes behind the last piece finds nothing ready, and is refused.
        for does, one in zip(dos, free, strict=False):
            shelf.things[one.category, one.value] = one
            shelf.stock[does] = one


async def _free(tx: Connection, pick: Pick, count: int) -> list[Held]:
    """So many free pieces, or as many as there are; cards of the first kind as long as there are any."""
    if pick.category == MSISDN:
        rows = await tx.fetch(_READY_NUMBERS, pick.area, list(pick.networks), count)
        return [_held(row) for row in rows]
    found: list[Held] = []
    for kind in pick.kinds:
        if len(found) == count:
            break
        wanted = (pick.area, list(pick.networks), count - len(found), kind)
        found += [_held(row) for row in await tx.fetch(_READY_CARDS, *wanted)]
    return found


def _held(row: asyncpg.Record) -> Held:
    return Held(**{name: row[name] for name in row.keys() if name != "reservation"})  # noqa: SIM118


async def _reservations(tx: Connection, ids: set[str]) -> dict[str, Reserved]:
    if not ids:
        return {}
    rows = await tx.fetch(
        "SELECT id, actor, issuer, valid_until AS until FROM reservations WHERE id = ANY($1)", list(ids)
    )
    return {row["id"]: Reserved(**dict(row)) for row in rows}


@dataclass(frozen=True, slots=True)
class NewWriting:
    """What the writer of a card will ask for; `data` is encrypted."""

    order: str
    actor: str
    iccid: str
    data: str


_WRITE_THINGS = f"""
UPDATE resources r
SET state = c.state, work_order = c.work_order, held_by = c.held_by, bound_to = c.bound_to,
    reservation = NULL, until = c.until, version = r.version + 1, last_update = $7,
    document = {document_sql("r", "c.state", "c.looks")}
FROM unnest($1::text[], $2::text[], $3::jsonb[], $4::text[], $5::text[], $6::text[], $8::timestamptz[])
  AS c(id, state, looks, work_order, held_by, bound_to, until)
WHERE r.id = c.id
"""
_WRITE_PROFILES = """
UPDATE profiles p
SET state = c.state, work_order = c.work_order, held_by = c.held_by, number = c.number, updated = $6
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS c(id, state, work_order, held_by, number)
WHERE p.id = c.id
"""
_WRITE_WRITINGS = """
INSERT INTO card_writings (id, order_id, actor, iccid, data, created)
SELECT id, order_id, actor, iccid, data, $6
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS row(id, order_id, actor, iccid, data)
ON CONFLICT DO NOTHING RETURNING id
"""
_RECORD = """
INSERT INTO task_results (task_id, effect, work_order, outcome, reasons, output, at)
SELECT task_id, effect, work_order, outcome, reasons, output, $7
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[])
  AS row(task_id, effect, work_order, outcome, reasons, output)
"""


async def put_back(tx: Connection, shelf: Shelf, writings: Sequence[NewWriting], now: datetime) -> list[str]:
    """Write what the tasks changed; the ids of the card writings that are new."""
    things = list(shelf.changed.values())
    if things:
        await tx.execute(
            _WRITE_THINGS,
            [one.id for one in things],
            [one.state for one in things],
            [json_text(shown(one.state)) for one in things],
            [one.work_order for one in things],
            [one.held_by for one in things],
            [one.bound_to for one in things],
            now,
            [one.until for one in things],
        )
    profiles = list(shelf.changed_profiles.values())
    if profiles:
        await tx.execute(
            _WRITE_PROFILES,
            [one.id for one in profiles],
            [one.state for one in profiles],
            [one.work_order for one in profiles],
            [one.held_by for one in profiles],
            [one.number for one in profiles],
            now,
        )
    if not writings:
        return []
    made = await tx.fetch(
        _WRITE_WRITINGS,
        [new_id() for _ in writings],
        [one.order for one in writings],
        [one.actor for one in writings],
        [one.iccid for one in writings],
        [one.data for one in writings],
        now,
    )
    return [row["id"] for row in made]


async def record(
    tx: Connection, results: Sequence[Recorded], now: datetime, *, keep_first: bool = False
) -> None:
    """Keep what became of tasks. One that is recorded already is an error, unless `keep_first`."""
    if results:
        await tx.execute(
            _RECORD + ("ON CONFLICT DO NOTHING" if keep_first else ""),
            [one.task_id for one in results],
            [one.effect for one in results],
            [one.work_order for one in results],
            [one.outcome for one in results],
            [_json(one.reasons) for one in results],
            [_json(one.output) for one in results],
            now,
        )


def _json(content: Mapping[str, object] | Sequence[object]) -> str:
    return json_text(content)
