"""What the token endpoint reads and keeps. Each question is one round trip."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import asyncpg

from libs.database import Database
from services.access.operators.rules import Client, Operator
from services.access.operators.store import client_of, operator_of
from services.access.tokens.rules import Attempts

W = TypeVar("W", Operator, Client)


@dataclass(frozen=True, slots=True)
class Known(Generic[W]):
    """Who a name belongs to (None: nobody) with the hash of the secret, and the failures on that name."""

    who: W | None
    secret_hash: str | None = field(repr=False)
    attempts: Attempts


async def operator_named(db: Database, username: str, attempts_key: str) -> Known[Operator]:
    row = await db.fetchrow(
        """SELECT o.*, o.password_hash AS kept, f.failures, f.since
             FROM (SELECT) AS one
             LEFT JOIN operators AS o ON o.username = $1
             LEFT JOIN failed_attempts AS f ON f.subject = $2""",
        username,
        attempts_key,
    )
    assert row is not None
    return Known(operator_of(row) if row["id"] else None, row["kept"], _attempts(row))


async def client_named(db: Database, id: str, attempts_key: str) -> Known[Client]:
    row = await db.fetchrow(
        """SELECT c.*, c.secret_hash AS kept, f.failures, f.since
             FROM (SELECT) AS one
             LEFT JOIN clients AS c ON c.id = $1
             LEFT JOIN failed_attempts AS f ON f.subject = $2""",
        id,
        attempts_key,
    )
    assert row is not None
    return Known(client_of(row) if row["id"] else None, row["kept"], _attempts(row))


def _attempts(row: asyncpg.Record) -> Attempts:
    return Attempts(row["failures"] or 0, row["since"])


async def count_failure(db: Database, attempts_key: str, now: datetime, window: timedelta) -> None:
    """One failure more; the first of a new window where the last one is over."""
    await db.execute(
        """INSERT INTO failed_attempts AS f (subject, failures, since) VALUES ($1, 1, $2)
           ON CONFLICT (subject) DO UPDATE SET
               failures = CASE WHEN f.since <= $3 THEN 1 ELSE least(f.failures + 1, 1000) END,
               since = CASE WHEN f.since <= $3 THEN $2 ELSE f.since END""",
        attempts_key,
        now,
        now - window,
    )


async def forget_failures(db: Database, attempts_key: str) -> None:
    await db.execute("DELETE FROM failed_attempts WHERE subject = $1", attempts_key)


async def sweep_failures(db: Database, until: datetime) -> None:
    """Drop what began at or before `until`: its window is over."""
    await db.execute("DELETE FROM failed_attempts WHERE since <= $1", until)


async def replace_password_hash(db: Database, id: str, old: str, new: str) -> None:
    """Keep a better hash of the same password, unless the password has been changed meanwhile."""
    await db.execute(
        "UPDATE operators SET password_hash = $3 WHERE id = $1 AND password_hash = $2", id, old, new
    )


async def replace_secret_hash(db: Database, id: str, old: str, new: str) -> None:
    """Keep a better hash of the same secret, unless the secret has been changed meanwhile."""
    await db.execute("UPDATE clients SET secret_hash = $3 WHERE id = $1 AND secret_hash = $2", id, old, new)
