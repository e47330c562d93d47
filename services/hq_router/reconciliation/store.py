"""SQL of reconciliation: the router's end of every interface by day, what nodes reported, and what came of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from asyncpg import Record
from pydantic_core import from_json

from contracts.reconciliation import DayReported, Line
from libs.database import Connection
from libs.database.digest import digest_sql
from libs.json_text import json_text
from services.hq_router.reconciliation.rules import Account, Difference, Key, Sum

# A content that nobody could read has no amount; it must not spoil the day.
_MONEY = "CASE WHEN {0} ~ '^[0-9]{{1,12}}([.][0-9]{{1,2}})?$' THEN ({0})::numeric(14, 2) END"
_CONTENT = "document -> 'content'"
# What was cancelled moves no money: a home that heard of the cancel first never knew how much it was.
_AMOUNT = f"""CASE WHEN outcome = 'cancelled' THEN 0.00 ELSE coalesce({_MONEY.format(f"{_CONTENT} ->> 'amount'")},
    {_MONEY.format(f"{_CONTENT} -> 'money' ->> 'remainder'")}, 0) END::numeric(14, 2)"""
# Home has what it was sent and has not disowned; what the router ended while it was held, no home ever had.
_AT_HOME = "(state = 'sent' OR (state = 'ended' AND home_transaction IS NOT NULL))"

LINES = f"""
WITH went AS (
  SELECT origin, home, origin_transaction, attempt, business, state, outcome, home_transaction, {_AMOUNT} AS amount
  FROM forwards WHERE accounting_day = $1 AND (origin = ANY($2::text[]) OR home = ANY($2::text[]))
), lines AS (
  SELECT origin AS node, 'work-orders' AS interface, 'up' AS direction, 'forward' AS record, business,
    NULL AS counterpart, concat_ws('/', 'forward', origin, origin_transaction, attempt) AS line, '' AS state, amount
  FROM went
  UNION ALL
  SELECT origin, 'work-orders', 'down', 'outcome', business, NULL,
    concat_ws('/', 'outcome', origin, origin_transaction, attempt), outcome, amount
  FROM went WHERE state = 'ended'
  UNION ALL
  SELECT home, 'work-orders', 'down', 'forward', business, origin,
    concat_ws('/', 'forward', origin, origin_transaction, attempt), '', amount
  FROM went WHERE home IS NOT NULL AND {_AT_HOME}
  UNION ALL
  SELECT home, 'work-orders', 'up', 'outcome', business, origin,
    concat_ws('/', 'outcome', origin, origin_transaction, attempt), outcome, amount
  FROM went WHERE home IS NOT NULL AND state = 'ended' AND home_transaction IS NOT NULL
  UNION ALL
  SELECT collected_by, 'bills', 'up', 'bill', kind, home, concat_ws('/', 'bill', payment, work_order, kind), '', amount
  FROM bills WHERE accounting_day = $1
)
"""
"""The records of a day ($1) that went to or came from these nodes ($2), as contracts/reconciliation.py names them."""

_TEXT = "concat_ws('|', line, business, coalesce(counterpart, ''), state, amount)"
_FIGURES = f"""{LINES}
SELECT node, interface, direction, record, business, counterpart, count(*) AS count, sum(amount) AS amount,
  {digest_sql(_TEXT)} AS digest
FROM lines WHERE node = ANY($2::text[]) GROUP BY node, interface, direction, record, business, counterpart
"""
_PAGE = f"""{LINES}
SELECT line, business, counterpart, state, amount FROM lines
WHERE node = ANY($2::text[]) AND interface = $3 AND direction = $4
  AND (record, business) IN (SELECT * FROM unnest($5::text[], $6::text[]))
  AND line COLLATE "C" > $7 AND ($8::text IS NULL OR line COLLATE "C" <= $8)
ORDER BY line COLLATE "C" LIMIT $9
"""


async def figures(
    tx: Connection, day: date, nodes: Collection[str]
) -> dict[tuple[str, Account], dict[Key, Sum]]:
    """The router's end of a day for these nodes, by node and account."""
    found: dict[tuple[str, Account], dict[Key, Sum]] = {}
    for row in await tx.fetch(_FIGURES, day, sorted(nodes)):
        place = (row["node"], (row["interface"], row["direction"]))
        key = (row["record"], row["business"], row["counterpart"])
        found.setdefault(place, {})[key] = Sum(row["count"], row["amount"], row["digest"])
    return found


async def page(
    tx: Connection,
    day: date,
    node: str,
    account: Account,
    groups: Sequence[tuple[str, str]],
    after: str,
    through: str | None,
    most: int,
) -> list[Line]:
    """The router's lines of these kinds behind `after`, as far as `through` (None: to the end), at most so many."""
    kinds, businesses = [one[0] for one in groups], [one[1] for one in groups]
    rows = await tx.fetch(_PAGE, day, [node], *account, kinds, businesses, after, through, most)
    return [
        Line(
            id=row["line"],
            business=row["business"],
            counterpart=row["counterpart"],
            state=row["state"],
            amount=row["amount"],
        )
        for row in rows
    ]


async def last_day(tx: Connection) -> date | None:
    day: date | None = await tx.fetchval("SELECT max(day) FROM reconciled_days")
    return day


async def open_days(tx: Connection, days: Collection[date]) -> None:
    """These days have closed; those that are known stay as they are."""
    await tx.execute(
        "INSERT INTO reconciled_days (day) SELECT * FROM unnest($1::date[]) AS day ORDER BY day "
        "ON CONFLICT DO NOTHING",
        sorted(days),
    )


_DUE = """
SELECT day FROM reconciled_days d
WHERE day >= $1 AND (whole IS NULL OR whole <= $2
  OR (looked <= $3 AND (
    (SELECT max(updated) FROM forwards WHERE accounting_day = day) >= looked - $4::interval
    OR (SELECT max(received) FROM bills WHERE accounting_day = day) >= looked - $4::interval))
  OR EXISTS (SELECT FROM reconciliations r WHERE r.day = d.day AND state = 'different' AND asked <= $5))
ORDER BY day
"""


async def due(
    tx: Connection,
    since: date,
    whole_before: datetime,
    rested_before: datetime,
    under_way: timedelta,
    asked_before: datetime,
) -> list[date]:
    """The days from `since` on that are to be compared.

    Those that were not compared with every node after `whole_before`; those of which a record was written since they
    were compared, which was before `rested_before`; those with a question that was asked before `asked_before`.
    """
    rows = await tx.fetch(_DUE, since, whole_before, rested_before, under_way, asked_before)
    return [row["day"] for row in rows]


async def lock_day(tx: Connection, day: date) -> Record | None:
    """When it was compared last, and with every node; nobody else compares it until the end of this transaction."""
    return await tx.fetchrow("SELECT looked, whole FROM reconciled_days WHERE day = $1 FOR UPDATE", day)


async def looked_at(tx: Connection, day: date, at: datetime, *, whole: bool) -> None:
    """The day was compared as it was at this moment."""
    await tx.execute(
        "UPDATE reconciled_days SET looked = $2, whole = CASE WHEN $3 THEN $2 ELSE whole END WHERE day = $1",
        day,
        at,
        whole,
    )


_TOUCHED = """
WITH touched AS (SELECT origin, home FROM forwards WHERE accounting_day = $1 AND updated >= $2)
SELECT origin AS node FROM touched
UNION SELECT home FROM touched WHERE home IS NOT NULL
UNION SELECT collected_by FROM bills WHERE accounting_day = $1 AND received >= $2
UNION SELECT node FROM reconciliations WHERE day = $1 AND state = 'different' AND asked <= $3
"""


async def touched(tx: Connection, day: date, since: datetime, asked_before: datetime) -> list[str]:
    """The nodes of whose records of the day one was written since, or that owe an answer since `asked_before`."""
    return sorted(row["node"] for row in await tx.fetch(_TOUCHED, day, since, asked_before))


_EXPECTED = """
SELECT code FROM nodes
UNION SELECT origin FROM forwards WHERE accounting_day = $1
UNION SELECT home FROM forwards WHERE accounting_day = $1 AND home IS NOT NULL
UNION SELECT collected_by FROM bills WHERE accounting_day = $1
UNION SELECT node FROM node_reports WHERE day = $1
"""


async def expected(tx: Connection, day: date) -> list[str]:
    """The nodes that owe a report of the day: those that were ever heard, and those of which there are records."""
    return sorted(row["code"] for row in await tx.fetch(_EXPECTED, day))


_REPORT = """
INSERT INTO node_reports (node, day, version, accounts, at, received)
SELECT node, day, version, accounts, at, $6
FROM unnest($1::text[], $2::date[], $3::int[], $4::jsonb[], $5::timestamptz[])
  AS row(node, day, version, accounts, at)
ON CONFLICT (node, day) DO UPDATE SET version = excluded.version, accounts = excluded.accounts, at = excluded.at,
  received = excluded.received
WHERE node_reports.version < excluded.version
"""


async def keep_reports(tx: Connection, reports: Sequence[DayReported], now: datetime) -> None:
    """Reports, one of each node and day; one that is older than what is here is left aside."""
    await tx.execute(
        _REPORT,
        [one.node for one in reports],
        [one.day for one in reports],
        [one.version for one in reports],
        [json_text([account.model_dump(mode="json") for account in one.accounts]) for one in reports],
        [one.at for one in reports],
        now,
    )


async def reports(tx: Connection, day: date, nodes: Collection[str]) -> Mapping[str, tuple[int, list[Any]]]:
    """What these nodes reported of a day: the version, and the accounts as they were sent."""
    rows = await tx.fetch(
        "SELECT node, version, accounts::text FROM node_reports WHERE day = $1 AND node = ANY($2::text[])",
        day,
        sorted(nodes),
    )
    return {row["node"]: (row["version"], from_json(row["accounts"])) for row in rows}


STORED = (
    "id, day, node, interface, direction, state, version, report_version, figures::text, router_count, router_amount, "
    "node_count, node_amount, asked_after, asked, explained, differences, created, updated"
)


async def lock_all(tx: Connection, day: date, nodes: Collection[str]) -> Sequence[Record]:
    return await tx.fetch(
        f"SELECT {STORED} FROM reconciliations WHERE day = $1 AND node = ANY($2::text[]) ORDER BY id FOR UPDATE",
        day,
        sorted(nodes),
    )


async def lock(tx: Connection, id: str) -> Record | None:
    return await tx.fetchrow(f"SELECT {STORED} FROM reconciliations WHERE id = $1 FOR UPDATE", id)


_SAVE = """
INSERT INTO reconciliations (id, day, node, interface, direction, state, version, report_version, figures, router_count,
  router_amount, node_count, node_amount, asked_after, asked, explained, differences, created, updated)
SELECT id, day, node, interface, direction, state, version, report_version, figures, router_count, router_amount,
  node_count, node_amount, asked_after, CASE WHEN asked_after IS NOT NULL THEN $2::timestamptz END, NULL, 0, $2, $2
FROM jsonb_populate_recordset(NULL::reconciliations, $1::jsonb)
ON CONFLICT (day, node, interface, direction) DO UPDATE SET state = excluded.state, version = excluded.version,
  report_version = excluded.report_version, figures = excluded.figures, router_count = excluded.router_count,
  router_amount = excluded.router_amount, node_count = excluded.node_count, node_amount = excluded.node_amount,
  asked_after = excluded.asked_after, asked = excluded.asked, explained = NULL, updated = $2,
  differences = CASE WHEN excluded.state = 'different' THEN reconciliations.differences ELSE 0 END
"""


async def save(tx: Connection, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Write how accounts compare by now; what was found of an account before is settled where it matches."""
    if not rows:
        return
    await tx.execute(_SAVE, json_text(rows), now)
    await tx.execute(
        "UPDATE reconciliation_differences SET settled = $2 WHERE reconciliation = ANY($1::text[]) AND settled IS NULL",
        [row["id"] for row in rows if row["state"] == "matched"],
        now,
    )


DIFFERENCE = "record, kind, router::text, node::text, found, repair_asked, settled"


async def one(tx: Connection, id: str) -> Record | None:
    return await tx.fetchrow(f"SELECT {STORED} FROM reconciliations WHERE id = $1", id)


async def differences(tx: Connection, id: str, most: int) -> Sequence[Record]:
    """What differs and is not settled, in the order of the records' ids."""
    return await tx.fetch(
        f"SELECT {DIFFERENCE} FROM reconciliation_differences WHERE reconciliation = $1 AND settled IS NULL "
        "ORDER BY record LIMIT $2",
        id,
        most,
    )


async def unsettled(tx: Connection, id: str, records: Sequence[str]) -> Sequence[Record]:
    """What differs of these records, or at all where none is named."""
    return await tx.fetch(
        "SELECT record, kind FROM reconciliation_differences WHERE reconciliation = $1 AND settled IS NULL "
        "AND (record = ANY($2::text[]) OR cardinality($2::text[]) = 0) ORDER BY record",
        id,
        list(records),
    )


async def repair_asked(tx: Connection, id: str, records: Sequence[str], now: datetime) -> None:
    await tx.execute(
        "UPDATE reconciliation_differences SET repair_asked = $3 "
        "WHERE reconciliation = $1 AND record = ANY($2::text[])",
        id,
        list(records),
        now,
    )


async def ask_further(tx: Connection, id: str, after: str, now: datetime) -> None:
    """The node is asked for what is behind this line."""
    await tx.execute("UPDATE reconciliations SET asked_after = $2, asked = $3 WHERE id = $1", id, after, now)


_FOUND = """
INSERT INTO reconciliation_differences (reconciliation, record, kind, version, router, node, found)
SELECT $1, record, kind, $2, router, node, $3
FROM unnest($4::text[], $5::text[], $6::jsonb[], $7::jsonb[]) AS row(record, kind, router, node)
ON CONFLICT (reconciliation, record) DO UPDATE SET kind = excluded.kind, version = excluded.version,
  router = excluded.router, node = excluded.node, settled = NULL
"""
_COUNT = """
UPDATE reconciliations SET differences =
  (SELECT count(*) FROM reconciliation_differences WHERE reconciliation = $1 AND version = $2 AND settled IS NULL)
WHERE id = $1 RETURNING differences
"""


async def found(tx: Connection, id: str, version: int, new: Sequence[Difference], now: datetime) -> int:
    """Write down what differs; how many this version has found by now."""
    if new:
        await tx.execute(
            _FOUND,
            id,
            version,
            now,
            [one.record for one in new],
            [one.kind for one in new],
            [one.router.model_dump_json() if one.router else None for one in new],
            [one.node.model_dump_json() if one.node else None for one in new],
        )
    count: int = await tx.fetchval(_COUNT, id, version)
    return count


async def explained(tx: Connection, id: str, version: int, now: datetime) -> None:
    """All lines were compared: what former versions had found and this one has not is settled."""
    await tx.execute(
        "UPDATE reconciliation_differences SET settled = $3 "
        "WHERE reconciliation = $1 AND version < $2 AND settled IS NULL",
        id,
        version,
        now,
    )
    await tx.execute(
        "UPDATE reconciliations SET asked_after = NULL, asked = NULL, explained = $2, updated = $2 WHERE id = $1",
        id,
        now,
    )
