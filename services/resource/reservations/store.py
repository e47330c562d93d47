"""Reservations as rows. One statement takes what is wanted, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from libs.database import Connection, Database
from libs.json_text import json_text
from libs.web.claims import COLUMNS as CLAIM
from services.resource.inventory.rules import LAID_IN, MSISDN, SIM, Category, shown
from services.resource.inventory.store import LAID_IN_SQL, document_sql
from services.resource.numbers.patterns import Way
from services.resource.reservations.rules import Pick

SPARE = 20
"""Candidates beyond those wanted: as many may be taken by others at the same moment."""
MANY = 2_000
_OURS = 7
_P = _OURS + len(CLAIM) - 1
"""Parameters of every statement that reserves; those of its own follow."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reservation to be made: `place` as Actor.place() gives it, `claim` the values of the request's
    Idempotency-Key, all None without one."""

    id: str
    place: dict[str, str | None]
    until: datetime
    until_text: str
    now: datetime
    claim: Sequence[Any]

    def parameters(self, count: int) -> tuple[Any, ...]:
        place = self.place
        kept = [value for name, value in zip(CLAIM, self.claim, strict=True) if name != "answer"]
        return (
            self.id,
            json_text(place),
            self.until,
            self.until_text,
            self.now,
            count,
            json_text(shown("reserved")),
            *kept,
        )


def _claim_sql(first: int) -> str:
    """The request's key with its answer, which only the statement itself knows."""
    others = iter(range(first, first + len(CLAIM)))
    values = ", ".join(
        "made.answer" if name == "answer" else f"${next(others)}::{kind}" for name, kind in CLAIM.items()
    )
    return (
        f"INSERT INTO idempotency_keys ({', '.join(CLAIM)}) SELECT {values} FROM made"
        f" WHERE ${first}::bytea IS NOT NULL"
    )


def _reserve(locked: str) -> str:
    """The statement; `locked` selects and locks the rows (id, value), its own parameters behind the common ones."""
    return f"""
WITH {locked},
content AS (
  SELECT count(*) AS found, jsonb_agg(jsonb_build_object('id', id, 'value', value) ORDER BY value) AS what FROM locked),
made AS (
  INSERT INTO reservations (id, actor, issuer, node, channel, hall, dealer, area_of_act, valid_until, created, what)
  SELECT $1, p.actor, p.issuer, p.node, p.channel, p.hall, p.dealer, p.area, $3, $5, content.what
  FROM content, jsonb_to_record($2::jsonb)
    AS p(actor text, issuer text, node text, channel text, hall text, dealer text, area text)
  WHERE content.found = $6
  RETURNING id, jsonb_build_object('id', id, 'resource', what, 'validUntil', $4::text)::text AS answer),
taken AS (
  UPDATE resources r
  SET state = 'reserved', reservation = made.id, until = $3, work_order = NULL, bound_to = NULL,
      version = r.version + 1, last_update = $5, document = {document_sql("r", "'reserved'::text", "$7::jsonb")}
  FROM locked, made WHERE r.id = locked.id),
kept AS ({_claim_sql(_OURS + 1)})
SELECT answer FROM made
"""


_NAMED = _reserve(
    f"""locked AS MATERIALIZED (
  SELECT id, value FROM resources r
  WHERE id = ANY(${_P + 1}::text[]) AND (${_P + 2}::text IS NULL OR area = ${_P + 2})
    AND (state = {LAID_IN_SQL} OR reservation IS NOT NULL AND until <= $5)
  ORDER BY id FOR UPDATE)"""
)


async def reserve_named(db: Database, wanted: Wanted, ids: Sequence[str], area: str | None) -> str | None:
    """Reserve exactly these. The answer as JSON; None when one of them cannot be had."""
    answer: str | None = await db.fetchval(_NAMED, *wanted.parameters(len(ids)), list(ids), area)
    return answer


_FREE = {MSISDN: "category = 'msisdn' AND state = 'free'", SIM: "category = 'sim' AND state = 'in-stock'"}
_SORT = {MSISDN: "number_class", SIM: "kind"}
"""What sorts them: a column that the other category leaves empty, and that its index of free ones lacks."""
# What is appended keeps the planner from the index of runs where a range of another one leaves fewer to look at.
_WAYS: dict[Way, tuple[str, str]] = {
    "prefix": (
        f"value || '' LIKE ${_P + 1} AND value >= ${_P + 6} AND value < ${_P + 7}",
        "ORDER BY value",
    ),
    "suffix": (
        f"value || '' LIKE ${_P + 1} AND reverse(value) >= ${_P + 6} AND reverse(value) < ${_P + 7}",
        "ORDER BY reverse(value)",
    ),
    "inner": (f"value LIKE ${_P + 1} AND num_nulls(${_P + 6}::text, ${_P + 7}::text) = 0", ""),
}


@cache
def _picked(category: Category, way: Way, waiting: bool) -> str:
    free = _FREE[category]
    fits, order = _WAYS[way]
    return _reserve(
        f"""candidates AS MATERIALIZED (
  SELECT value FROM resources
  WHERE {free} AND {fits}
    AND (${_P + 2}::text IS NULL OR {_SORT[category]} = ${_P + 2}) AND (${_P + 3}::text IS NULL OR area = ${_P + 3})
    AND (${_P + 4}::text IS NULL OR network = ${_P + 4})
  {order} LIMIT ${_P + 5}),
locked AS MATERIALIZED (
  SELECT id, value FROM resources
  WHERE {free} AND value = ANY(ARRAY(SELECT value FROM candidates))
  {"ORDER BY id LIMIT $6 FOR UPDATE" if waiting else "LIMIT $6 FOR UPDATE SKIP LOCKED"})"""
    )


async def reserve_picked(db: Database, wanted: Wanted, pick: Pick, *, waiting: bool) -> str | None:
    """Reserve as many as are wanted of what is free; the answer as JSON, None when there are not enough.

    What others are taking at this moment is passed over; with `waiting`, we wait to see whether they do.
    """
    low, high = pick.pattern.range
    sql = _picked(pick.category, pick.pattern.way, waiting)
    answer: str | None = await db.fetchval(
        sql,
        *wanted.parameters(pick.count),
        pick.pattern.like,
        pick.number_class if pick.category == MSISDN else pick.kind,
        pick.area,
        pick.network,
        MANY if waiting else pick.count + SPARE,
        low,
        high,
    )
    return answer


@dataclass(frozen=True, slots=True)
class Known:
    """A number or a card, and whether it can be had now."""

    id: str
    category: Category
    value: str
    free: bool


async def known(db: Database, ids: Sequence[str], area: str | None, now: datetime) -> dict[str, Known]:
    """Of these, those that exist in this area."""
    rows = await db.fetch(
        f"SELECT id, category, value, state = {LAID_IN_SQL} OR (reservation IS NOT NULL AND until <= $3) AS free"
        " FROM resources r WHERE id = ANY($1) AND ($2::text IS NULL OR area = $2)",
        list(ids),
        area,
        now,
    )
    return {row["id"]: Known(**dict(row)) for row in rows}


_OWN = "id = $1 AND actor = $2 AND issuer = $3 AND given_back IS NULL AND valid_until > $4"


async def own(db: Database, id: str, actor: str, issuer: str, now: datetime) -> Any | None:
    """An actor's reservation while it holds: `valid_until`, and `resource` (JSON) as far as it still holds them."""
    return await db.fetchrow(
        "SELECT v.id, v.valid_until, (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'value', r.value)"
        " ORDER BY r.value), '[]') FROM resources r WHERE r.reservation = v.id) AS resource"
        f" FROM reservations v WHERE {_OWN}",
        id,
        actor,
        issuer,
        now,
    )


_GIVE_BACK = f"""
WITH ended AS (UPDATE reservations SET given_back = $4 WHERE {_OWN} RETURNING id),
locked AS MATERIALIZED (
  SELECT r.id FROM resources r JOIN ended ON r.reservation = ended.id ORDER BY r.id FOR UPDATE OF r),
freed AS (
  UPDATE resources r
  SET state = {LAID_IN_SQL}, reservation = NULL, until = NULL, version = r.version + 1, last_update = $4,
      document = {document_sql("r", LAID_IN_SQL, "$5::jsonb")}
  FROM locked WHERE r.id = locked.id)
SELECT id FROM ended
"""


async def give_back(tx: "Connection | Database", id: str, actor: str, issuer: str, now: datetime) -> bool:
    """End an actor's reservation and free what it still holds; False where there is none."""
    looks = json_text(shown(LAID_IN[MSISDN]))
    ended = await tx.fetchval(_GIVE_BACK, id, actor, issuer, now, looks)
    return ended is not None
