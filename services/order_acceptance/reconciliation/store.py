"""SQL of reconciliation: what this node sent over each interface and took in, by day.

It is counted from the work orders themselves, not from what was put on the outbox: a bill that was never written is
missing in neither the money nor here.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from asyncpg import Record

from contracts.reconciliation import Group
from libs.database import Connection
from libs.database.digest import digest_sql
from services.order_acceptance.engine.process import FORWARD
from services.order_acceptance.reconciliation.rules import RESENT, Reported

# A content that nobody could read has no amount; it must not spoil the day.
_MONEY = "CASE WHEN {0} ~ '^[0-9]{{1,12}}([.][0-9]{{1,2}})?$' THEN ({0})::numeric(14, 2) END"
# What was cancelled moves no money: a home that heard of the cancel first never knew how much it was.
_AMOUNT = f"""CASE WHEN coalesce(verdict, state) = 'cancelled' THEN 0.00 ELSE coalesce(
    {_MONEY.format("content ->> 'amount'")}, {_MONEY.format("content -> 'money' ->> 'remainder'")}, 0)
    END::numeric(14, 2)"""
_SENT = ", ".join(f"'{state}'" for state in sorted({*RESENT, "refused"}))

LINES = f"""
WITH travelled AS (
  SELECT id, part, origin, origin_transaction, forward_attempt, order_id, business, home, number, state, verdict,
    {_AMOUNT} AS amount,
    (SELECT step ->> 'state' FROM jsonb_array_elements(steps) AS step WHERE step ->> 'name' = '{FORWARD}') AS forward
  FROM work_orders WHERE accounting_day = $1 AND part <> 'whole'
), lines AS (
  SELECT 'work-orders' AS interface, 'up' AS direction, 'forward' AS record, business, NULL AS counterpart,
    concat_ws('/', 'forward', origin, id, forward_attempt) AS line, '' AS state, amount
  FROM travelled WHERE part = 'acceptance' AND forward IN ({_SENT})
  UNION ALL
  SELECT 'work-orders', 'down', 'outcome', business, NULL, concat_ws('/', 'outcome', origin, id, forward_attempt),
    CASE forward WHEN 'done' THEN 'completed' ELSE coalesce(verdict, state) END, amount
  FROM travelled WHERE part = 'acceptance' AND forward IN ('done', 'refused')
  UNION ALL
  SELECT 'work-orders', 'down', 'forward', business, origin,
    concat_ws('/', 'forward', origin, origin_transaction, forward_attempt), '', amount
  FROM travelled WHERE part = 'home'
  UNION ALL
  SELECT 'work-orders', 'up', 'outcome', business, origin,
    concat_ws('/', 'outcome', origin, origin_transaction, forward_attempt), state, amount
  FROM travelled WHERE part = 'home' AND state IN ('completed', 'failed', 'rejected', 'cancelled')
  UNION ALL
  SELECT 'bills', 'up', 'bill', 'payment', home, concat_ws('/', 'bill', order_id, id, 'payment'), '', amount
  FROM travelled WHERE part = 'acceptance' AND state = 'completed' AND number IS NOT NULL AND home <> origin
    AND amount > 0
)
"""
"""The records of a day ($1), as contracts/reconciliation.py names them."""

_TEXT = "concat_ws('|', line, business, coalesce(counterpart, ''), state, amount)"
_FIGURES = f"""{LINES}
SELECT interface, direction, record, business, counterpart, count(*) AS count, sum(amount) AS amount,
  {digest_sql(_TEXT)} AS digest
FROM lines GROUP BY interface, direction, record, business, counterpart
ORDER BY interface, direction, record, business, counterpart
"""
_PAGE = f"""{LINES}
SELECT line, business, counterpart, state, amount FROM lines
WHERE interface = $2 AND direction = $3 AND (record, business) IN (SELECT * FROM unnest($4::text[], $5::text[]))
  AND line COLLATE "C" > $6
ORDER BY line COLLATE "C" LIMIT $7
"""


async def figures(tx: Connection, day: date) -> Sequence[Record]:
    """Count, amount and digest of a day, by interface, direction, record, business and counterpart."""
    return await tx.fetch(_FIGURES, day)


async def page(
    tx: Connection,
    day: date,
    interface: str,
    direction: str,
    groups: Sequence[Group],
    after: str,
    most: int,
) -> Sequence[Record]:
    """The lines of these kinds behind `after`, at most so many, in the order of their ids."""
    records, businesses = [one.record for one in groups], [one.business for one in groups]
    return await tx.fetch(_PAGE, day, interface, direction, records, businesses, after, most)


async def reported(tx: Connection, since: date) -> dict[date, Reported]:
    """The days from `since` on as they were reported."""
    rows = await tx.fetch("SELECT day, version, looked, figures FROM reported_days WHERE day >= $1", since)
    return {row["day"]: _reported(row) for row in rows}


async def lock(tx: Connection, day: date) -> Reported | None:
    """The day as it was reported, held by this transaction until its end."""
    row = await tx.fetchrow(
        "SELECT version, looked, figures FROM reported_days WHERE day = $1 FOR UPDATE", day
    )
    return None if row is None else _reported(row)


def _reported(row: Record) -> Reported:
    return Reported(row["version"], row["looked"], row["figures"])


async def last_reported(tx: Connection) -> date | None:
    day: date | None = await tx.fetchval("SELECT max(day) FROM reported_days")
    return day


_CHANGED = """
SELECT day, (SELECT max(updated) FROM work_orders WHERE accounting_day = day AND part <> 'whole') AS changed
FROM unnest($1::date[]) AS days(day)
"""


async def changed(tx: Connection, days: Collection[date]) -> Mapping[date, datetime]:
    """When something of each of these days was written last; a day without a record is not in it."""
    rows = await tx.fetch(_CHANGED, sorted(days))
    return {row["day"]: row["changed"] for row in rows if row["changed"] is not None}


async def save(tx: Connection, day: date, report: Reported) -> None:
    """Note how a day was reported, or only that it was looked at."""
    await tx.execute(
        "INSERT INTO reported_days (day, version, looked, figures) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (day) DO UPDATE SET version = excluded.version, looked = excluded.looked, "
        "figures = excluded.figures",
        day,
        report.version,
        report.looked,
        report.figures,
    )


_ACCEPTED = f"""
SELECT id FROM work_orders WHERE id = ANY($1::text[]) AND part = 'acceptance' AND EXISTS (
  SELECT FROM jsonb_array_elements(steps) AS step
  WHERE step ->> 'name' = '{FORWARD}' AND step ->> 'state' IN ({", ".join(f"'{one}'" for one in sorted(RESENT))}))
"""
_DONE_HERE = """
SELECT w.id FROM work_orders w
JOIN unnest($1::text[], $2::text[], $3::int[]) AS named(origin, transaction, attempt)
  ON w.origin = named.origin AND w.origin_transaction = named.transaction AND w.forward_attempt = named.attempt
WHERE w.part = 'home'
"""


async def resendable(tx: Connection, accepted: Collection[str]) -> list[str]:
    """Those of these work orders whose forward may leave once more."""
    return [row["id"] for row in await tx.fetch(_ACCEPTED, sorted(accepted))]


async def at_home(tx: Connection, named: Sequence[tuple[str, str, int]]) -> list[str]:
    """The work orders of forwards (origin, its transaction, attempt) that were taken in here."""
    rows = await tx.fetch(_DONE_HERE, *([one[n] for one in named] for n in range(3)))
    return [row["id"] for row in rows]
