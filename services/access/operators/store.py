"""Operators and clients in the database."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import asyncpg

from libs.database.pool import Connection
from services.access.operators.rules import Client, Operator


def operator_of(row: asyncpg.Record) -> Operator:
    return Operator(
        id=row["id"],
        username=row["username"],
        roles=frozenset(row["roles"]),
        name=row["name"],
        channel=row["channel"],
        hall=row["hall"],
        dealer=row["dealer"],
        area=row["area"],
        area_bound=row["area_bound"],
        active=row["active"],
    )


def client_of(row: asyncpg.Record) -> Client:
    return Client(
        id=row["id"],
        roles=frozenset(row["roles"]),
        name=row["name"],
        grants=frozenset(row["grants"]),
        channel=row["channel"],
        dealer=row["dealer"],
        area=row["area"],
        active=row["active"],
    )


async def password_hashes(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    """The hashes of those operators that exist, by id."""
    rows = await tx.fetch("SELECT id, password_hash FROM operators WHERE id = ANY($1)", list(ids))
    return {row["id"]: row["password_hash"] for row in rows}


async def secret_hashes(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    """The hashes of those clients that exist, by id."""
    rows = await tx.fetch("SELECT id, secret_hash FROM clients WHERE id = ANY($1)", list(ids))
    return {row["id"]: row["secret_hash"] for row in rows}


async def save_operators(
    tx: Connection, operators: Iterable[Operator], hashes: Mapping[str, str], now: datetime
) -> None:
    """Insert or replace operators by id, each with the hash of its password. Their creation time stays.

    Raises asyncpg.UniqueViolationError where another operator has the user name.
    """
    await tx.executemany(
        """INSERT INTO operators AS o (id, username, password_hash, roles, name, channel, hall, dealer, area,
               area_bound, active, created, last_update)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
           ON CONFLICT (id) DO UPDATE SET username = $2, password_hash = $3, roles = $4, name = $5, channel = $6,
               hall = $7, dealer = $8, area = $9, area_bound = $10, active = $11, last_update = $12
           WHERE (o.username, o.password_hash, o.roles, o.name, o.channel, o.hall, o.dealer, o.area, o.area_bound,
               o.active) IS DISTINCT FROM ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        [
            (
                one.id,
                one.username,
                hashes[one.id],
                sorted(one.roles),
                one.name,
                one.channel,
                one.hall,
                one.dealer,
                one.area,
                one.area_bound,
                one.active,
                now,
            )
            for one in operators
        ],
    )


async def save_clients(
    tx: Connection, clients: Iterable[Client], hashes: Mapping[str, str], now: datetime
) -> None:
    """Insert or replace clients by id, each with the hash of its secret. Their creation time stays."""
    await tx.executemany(
        """INSERT INTO clients AS c (id, secret_hash, grants, roles, name, channel, dealer, area, active,
               created, last_update)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
           ON CONFLICT (id) DO UPDATE SET secret_hash = $2, grants = $3, roles = $4, name = $5, channel = $6,
               dealer = $7, area = $8, active = $9, last_update = $10
           WHERE (c.secret_hash, c.grants, c.roles, c.name, c.channel, c.dealer, c.area, c.active)
               IS DISTINCT FROM ($2, $3, $4, $5, $6, $7, $8, $9)""",
        [
            (
                one.id,
                hashes[one.id],
                sorted(one.grants),
                sorted(one.roles),
                one.name,
                one.channel,
                one.dealer,
                one.area,
                one.active,
                now,
            )
            for one in clients
        ],
    )
