"""Years of orders in a minute: what lies in the databases of a fleet after some orders, many times over."""

import math
from collections.abc import Sequence
from typing import Any

import asyncpg

_GROWING = {
    "order_acceptance": ("product_orders", "work_orders", "idempotency_keys", "inbox"),
    "hq_router": ("forwards", "hops", "inbox"),
}
_IDENTIFIER = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"
_COLUMNS = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position
"""


async def multiply(postgres: str, nodes: Sequence[str], orders: int) -> None:
    """Copy all that orders left behind until there are so many of them at the first province.

    Copies keep the time in their identifiers and get another end; in all databases the same, so that they belong
    together there too.
    """
    connection = await asyncpg.connect(f"{postgres}/{nodes[1]}_order_acceptance")
    there = await connection.fetchval("SELECT count(*) FROM work_orders")
    await connection.close()
    copies = math.ceil(orders / there) - 1
    for node in nodes:
        for service, tables in _GROWING.items():
            if service == "hq_router" and node != "hq":
                continue
            connection = await asyncpg.connect(f"{postgres}/{node}_{service}")
            try:
                # What watches rows on behalf of listeners has nothing to tell of them.
                await connection.execute("SET session_replication_role = replica")
                for table in tables:
                    await _multiply(connection, table, copies)
                for table in tables:
                    await connection.execute(f"VACUUM ANALYZE {table}", timeout=300)
            finally:
                await connection.close()


async def more_profiles(postgres: str, node: str, count: int) -> None:
    """Fill a province's pool of SIM profiles; the seed's few hundred would not do for so many new cards."""
    connection = await asyncpg.connect(f"{postgres}/{node}_resource")
    try:
        await connection.execute(
            """INSERT INTO profiles
               SELECT (jsonb_populate_record(p, jsonb_build_object(
                   'id', md5(p.id || n)::uuid::text, 'imsi', left(p.imsi, 5) || lpad((7000000000 + n)::text, 10, '0')
               ))).*
               FROM profiles p, generate_series(1, $1::int) AS n
               WHERE p.id = (SELECT id FROM profiles WHERE state = 'free' AND iccid IS NULL LIMIT 1)""",
            count,
        )
    finally:
        await connection.close()


async def _multiply(connection: "asyncpg.Connection[Any]", table: str, copies: int) -> None:
    columns = await connection.fetch(_COLUMNS, table)
    names = ", ".join(row["column_name"] for row in columns)
    values = ", ".join(_value(row["column_name"], row["data_type"]) for row in columns)
    await connection.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t CROSS JOIN generate_series(1, {copies}) AS copy "
        "ON CONFLICT DO NOTHING",
        timeout=600,
    )


def _value(name: str, kind: str) -> str:
    if kind == "text":
        other = f"left(t.{name}, 24) || left(md5(t.{name} || copy::text), 12)"
        return f"CASE WHEN t.{name} ~ '{_IDENTIFIER}' THEN {other} ELSE t.{name} END"
    if kind == "bytea" and name == "digest":
        return f"sha256(t.{name} || convert_to(copy::text, 'UTF8'))"
    return f"t.{name}"
