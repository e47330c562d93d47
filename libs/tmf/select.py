"""Reading records: one statement a list, one a record; bounds are part of every condition."""

from typing import Any, TypeAlias

import asyncpg
from pydantic_core import from_json

from libs.database import Connection, Database
from libs.tmf import codes
from libs.tmf.condition import Condition, Parameters, both, quoted
from libs.tmf.query import ListQuery
from libs.tmf.render import Found, Row
from libs.tmf.resource import Resource
from libs.tmf.write import Stored
from libs.web import codes as web_codes
from libs.web.errors import Reason, Refusal

Source: TypeAlias = "Database | Connection"

REGEX_PATIENCE = "2s"
_COLUMNS = "id, version, document::text AS document, document ? '@type' AS typed"


def within(resource: Resource, visible: Condition | None, *more: Condition) -> Condition:
    """The records of this kind that an actor may see, and what else is asked of them."""
    return both(resource.scope, visible, *more)


async def select_list(
    db: Database, resource: Resource, query: ListQuery, *, visible: Condition | None = None
) -> Found:
    """A page and the number of all records that match; the number is right beyond the end too.

    Raises Refusal 400 for a regular expression that is none, or that takes too long.
    """
    parameters = Parameters()
    where = parameters.bind(within(resource, visible, query.filtering.condition))
    table = quoted(resource.table.name)
    limit, offset = parameters.add(query.page.limit), parameters.add(query.page.offset)
    # One row of total at least, so that it is known on an empty page; each joins the page's rows in their order.
    sql = (
        f"SELECT total.n, page.* FROM (SELECT count(*) AS n FROM {table} WHERE {where}) AS total LEFT JOIN"
        f" (SELECT {_COLUMNS} FROM {table} WHERE {where} ORDER BY {query.order}"
        f" LIMIT {limit}::bigint OFFSET {offset}::bigint) AS page ON true"
    )
    if query.filtering.patterns:
        rows = await _carefully(db, sql, parameters.values, query.filtering.patterns)
    else:
        rows = await db.fetch(sql, *parameters.values)
    total: int = rows[0]["n"]
    if rows[0]["id"] is None:
        return Found(total, ())
    return Found(total, [Row(row["id"], row["version"], row["document"], row["typed"]) for row in rows])


async def _carefully(
    db: Database, sql: str, values: list[Any], patterns: tuple[tuple[str, str], ...]
) -> list[asyncpg.Record]:
    """A search with regular expressions, each tried on nothing before, all within two seconds."""
    name = ""
    try:
        async with db.transaction() as tx:
            await tx.execute(f"SET LOCAL statement_timeout = '{REGEX_PATIENCE}'")
            for name, pattern in patterns:  # noqa: B007
                await tx.fetchval("SELECT '' ~ $1::text", pattern)
            name = patterns[0][0]
            return await tx.fetch(sql, *values)
    except asyncpg.InvalidRegularExpressionError as error:
        reason = Reason(codes.INVALID_FILTER, path=name, name=name, detail=str(error)[:200])
    except asyncpg.QueryCanceledError:
        reason = Reason(codes.FILTER_TOO_COSTLY, path=name)
    raise Refusal(reason)


async def select_one(source: Source, resource: Resource, id: str, *, visible: Condition | None = None) -> Row:
    """One record. Raises Refusal 404 where there is none, or it is not the actor's to see."""
    row = await _fetch(source, resource, id, visible, "")
    return Row(row["id"], row["version"], row["document"], row["typed"])


async def lock_one(
    tx: Connection, resource: Resource, id: str, *, visible: Condition | None = None
) -> Stored:
    """One record, kept from others until the transaction ends. Raises Refusal 404 as `select_one` does."""
    row = await _fetch(tx, resource, id, visible, " FOR UPDATE")
    return Stored(row["id"], row["version"], from_json(row["document"]))


async def _fetch(
    source: Source, resource: Resource, id: str, visible: Condition | None, lock: str
) -> asyncpg.Record:
    parameters = Parameters(id)
    where = parameters.bind(within(resource, visible))
    row = await source.fetchrow(
        f"SELECT {_COLUMNS} FROM {quoted(resource.table.name)} WHERE id = $1 AND ({where}){lock}",
        *parameters.values,
    )
    if row is None:
        raise Refusal(Reason(web_codes.NOT_FOUND))
    return row
