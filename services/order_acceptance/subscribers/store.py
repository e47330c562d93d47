"""SQL of looks at subscribers: those that wait here, those that others wait for, balances, and who saw what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg

from contracts.base import Acceptance
from contracts.subscribers import SubscriberAsked
from libs.database import Connection, Database
from libs.json_text import json_text
from libs.security.bounds import Bounds
from services.order_acceptance.orders.facts import Facts, Installed
from services.order_acceptance.orders.holdings import subscribers
from services.order_acceptance.orders.offerings import offering_of

FORGOTTEN_AFTER = timedelta(minutes=1)
MOST_OFFERINGS = 500
"""Of the plans and options that a view tries, the first so many."""
AT_ONCE = 5_000
COUNTED_FOR = timedelta(minutes=2)
UNANSWERED_AFTER = timedelta(hours=1)
"""A balance that comes so late is not kept any more."""


# ── what is known of a subscriber ───────────────────────────────────────────────────────────────────────────


async def known(tx: Connection, numbers: Iterable[str]) -> dict[str, tuple[Facts, Installed]]:
    """Those of these numbers that live here, with the plans and options that they might have."""
    found = await subscribers(tx, sorted(set(numbers)), ())
    if not found:
        return {}
    rows = await tx.fetch(
        """SELECT id, record FROM known_offerings WHERE kind IN ('plan', 'option') AND NOT deleted
           ORDER BY id LIMIT $1""",
        MOST_OFFERINGS,
    )
    sold = {row["id"]: offering_of(row["record"]) for row in rows}
    return {
        number: (replace(facts, offerings={**sold, **facts.offerings}), facts.installed)
        for number, facts in found.items()
        if facts.installed is not None
    }


async def visible(tx: Connection, facts: Facts, installed: Installed, within: Bounds) -> bool:
    """Whether a subscription of this node lies inside somebody's bounds."""
    if within.everything:
        return True
    dealer = await tx.fetchval("SELECT dealer FROM products WHERE id = $1", installed.subscription)
    manager = facts.customer.account_manager if facts.customer else None
    return within.cover(dealer=dealer, area=installed.area or None, account_manager=manager)


# ── looks that wait here ────────────────────────────────────────────────────────────────────────────────────


async def count_look(db: Database, actor: str, now: datetime) -> int:
    """How often this actor has looked in this minute, this time among them."""
    looks: int = await db.fetchval(
        """INSERT INTO look_counts AS c (actor, minute, looks) VALUES ($1, $2, 1)
           ON CONFLICT (actor, minute) DO UPDATE SET looks = c.looks + 1 RETURNING looks""",
        actor,
        now.replace(second=0, microsecond=0),
    )
    return looks


async def begin_look(tx: Connection, id: str, until: datetime) -> None:
    await tx.execute("INSERT INTO looks (id, until) VALUES ($1, $2)", id, until)


async def answer_looks(tx: Connection, told: Sequence[tuple[str, str]]) -> None:
    """Lay answers (look, JSON) where the requests that wait find them; those that nobody waits for are dropped."""
    await tx.execute(
        """UPDATE looks SET told = answer.told FROM unnest($1::text[], $2::jsonb[]) AS answer(id, told)
           WHERE looks.id = answer.id""",
        [id for id, _ in told],
        [one for _, one in told],
    )


async def take_answers(db: Database, ids: Sequence[str]) -> dict[str, str]:
    """The answers that are there for these looks; nothing of them is kept."""
    rows = await db.fetch(
        "DELETE FROM looks WHERE id = ANY($1::text[]) AND told IS NOT NULL RETURNING id, told::text",
        list(ids),
    )
    return {row["id"]: row["told"] for row in rows}


async def end_look(db: Database, id: str) -> str | None:
    """Nobody waits any longer; the answer, if one came at the last moment."""
    told: str | None = await db.fetchval("DELETE FROM looks WHERE id = $1 RETURNING told::text", id)
    return told


async def forget_old(tx: Connection, now: datetime) -> None:
    """What a process that ended has left, what accounting never answered, and counts of minutes gone by."""
    await tx.execute(
        "DELETE FROM balance_askings WHERE look IN (SELECT look FROM balance_askings WHERE asked < $1 LIMIT $2)",
        now - UNANSWERED_AFTER,
        AT_ONCE,
    )
    await tx.execute(
        "DELETE FROM looks WHERE id IN (SELECT id FROM looks WHERE until < $1 LIMIT $2)",
        now - FORGOTTEN_AFTER,
        AT_ONCE,
    )
    await tx.execute(
        """DELETE FROM look_counts WHERE (actor, minute) IN (
               SELECT actor, minute FROM look_counts WHERE minute < $1 LIMIT $2)""",
        now - COUNTED_FOR,
        AT_ONCE,
    )


# ── looks of others that this node answers ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Another node's question, and the id of what accounting is asked for it."""

    id: str
    asked: SubscriberAsked
    named: bool


async def take_in(tx: Connection, rows: Sequence[TakenIn], answer_at: datetime) -> None:
    await tx.execute(
        """INSERT INTO looks_taken_in (id, asked, named, answer_at)
           SELECT id, asked, named, $4 FROM unnest($1::text[], $2::jsonb[], $3::boolean[]) AS row(id, asked, named)""",
        [one.id for one in rows],
        [one.asked.model_dump_json() for one in rows],
        [one.named for one in rows],
        answer_at,
    )


async def due(db: Database, now: datetime, most: int) -> list[TakenIn]:
    """Questions that accounting has answered, or has not answered in time."""
    rows = await db.fetch(
        "SELECT id, asked::text, named FROM looks_taken_in WHERE answer_at <= $1 ORDER BY answer_at LIMIT $2",
        now,
        most,
    )
    return [_taken_in(row) for row in rows]


async def hurry(tx: Connection, ids: Sequence[str], now: datetime) -> None:
    """Accounting has answered: these wait for nothing but a name."""
    await tx.execute("UPDATE looks_taken_in SET answer_at = $2 WHERE id = ANY($1::text[])", list(ids), now)


async def give_out(tx: Connection, ids: Sequence[str], *, unnamed_only: bool = False) -> list[TakenIn]:
    """These questions are answered now, by whoever gets them from here."""
    rows = await tx.fetch(
        """DELETE FROM looks_taken_in WHERE id = ANY($1::text[]) AND NOT ($2 AND named)
           RETURNING id, asked::text, named""",
        list(ids),
        unnamed_only,
    )
    return sorted((_taken_in(row) for row in rows), key=lambda one: one.id)


def _taken_in(row: asyncpg.Record) -> TakenIn:
    return TakenIn(row["id"], SubscriberAsked.model_validate_json(row["asked"]), row["named"])


# ── balances ────────────────────────────────────────────────────────────────────────────────────────────────


async def note_askings(tx: Connection, asked: Sequence[tuple[str, str]], now: datetime) -> None:
    """Accounting is asked for balances: (look, account)."""
    await tx.execute(
        """INSERT INTO balance_askings (look, account, asked)
           SELECT look, account, $3 FROM unnest($1::text[], $2::text[]) AS row(look, account)""",
        [look for look, _ in asked],
        [account for _, account in asked],
        now,
    )


async def end_askings(tx: Connection, looks: Sequence[str]) -> dict[str, str]:
    """Accounting has answered these looks: the account of each that was asked for."""
    rows = await tx.fetch(
        "DELETE FROM balance_askings WHERE look = ANY($1::text[]) RETURNING look, account", list(looks)
    )
    return {row["look"]: row["account"] for row in rows}


async def keep_balances(tx: Connection, told: Sequence[tuple[str, Decimal, datetime]]) -> None:
    """Copies of balances (account, yuan, when it was true); an older one never replaces a newer."""
    newest = {account: (balance, at) for account, balance, at in sorted(told, key=lambda one: one[2])}
    await tx.execute(
        """INSERT INTO known_balances AS k (account, balance, at)
           SELECT * FROM unnest($1::text[], $2::numeric[], $3::timestamptz[]) AS row(account, balance, at)
           ORDER BY account
           ON CONFLICT (account) DO UPDATE SET balance = excluded.balance, at = excluded.at
           WHERE k.at <= excluded.at""",
        list(newest),
        [balance for balance, _ in newest.values()],
        [at for _, at in newest.values()],
    )


async def balances(
    source: Database | Connection, accounts: Iterable[str]
) -> dict[str, tuple[Decimal, datetime]]:
    """The last copies of these accounts' balances, each with the time when it was true."""
    rows = await source.fetch(
        "SELECT account, balance, at FROM known_balances WHERE account = ANY($1::text[])",
        sorted(set(accounts)),
    )
    return {row["account"]: (row["balance"], row["at"]) for row in rows}


# ── who saw what ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Seen:
    """One view of a subscriber. `purpose`: the owner's name was shown in full."""

    look: str
    installed: Installed
    by: Acceptance
    purpose: str | None


async def write_views(tx: Connection, seen: Sequence[Seen], now: datetime) -> None:
    await tx.execute(
        """INSERT INTO subscriber_views (at, look, number, subscription, customer, actor, place, purpose)
           SELECT $8, * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[],
                                    $7::text[]) AS row(look, number, subscription, customer, actor, place, purpose)""",
        [one.look for one in seen],
        [one.installed.number for one in seen],
        [one.installed.subscription for one in seen],
        [one.installed.customer for one in seen],
        [one.by.who for one in seen],
        [json_text(_place(one.by)) for one in seen],
        [one.purpose for one in seen],
        now,
    )


def _place(by: Acceptance) -> dict[str, Any]:
    return {"node": by.node, "channel": by.channel, "hall": by.hall, "dealer": by.dealer, "area": by.area}


_ASKED = (
    "($1::text IS NULL OR number = $1) AND ($2::text IS NULL OR actor = $2)"
    " AND ($3::text IS NULL OR place ->> 'area' = $3)"
)


async def views(
    db: Database, number: str | None, actor: str | None, area: str | None, offset: int, limit: int
) -> tuple[list[asyncpg.Record], int]:
    """Rows of the audit, the newest first, and how many there are in all; with an `area`, who looked there."""
    rows = await db.fetch(
        f"SELECT * FROM subscriber_views WHERE {_ASKED} ORDER BY id DESC OFFSET $4 LIMIT $5",
        number,
        actor,
        area,
        offset,
        limit,
    )
    total: int = await db.fetchval(
        f"SELECT count(*) FROM subscriber_views WHERE {_ASKED}", number, actor, area
    )
    return rows, total
