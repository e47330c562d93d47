"""SQL of bills between provinces."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from contracts.bills import CrossProvinceBill
from libs.database import Connection
from libs.ids import new_id

_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(pair, 0)) FROM unnest($1::text[]) AS row(pair) ORDER BY pair
"""
_VERSIONS = """
SELECT collected_by, home, accounting_day, max(version) AS version
FROM bills JOIN unnest($1::text[], $2::text[], $3::date[]) AS row(collected_by, home, accounting_day)
  USING (collected_by, home, accounting_day)
GROUP BY collected_by, home, accounting_day
"""
_INSERT = """
INSERT INTO bills (id, collected_by, payment, work_order, kind, home, number, amount, accounting_day, version, late,
  acceptance, at, received)
SELECT id, collected_by, payment, work_order, kind, home, number, amount, accounting_day, version, late, acceptance,
  at, $14
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[],
    $9::date[], $10::int[], $11::boolean[], $12::jsonb[], $13::timestamptz[])
  AS row(id, collected_by, payment, work_order, kind, home, number, amount, accounting_day, version, late, acceptance,
    at)
ON CONFLICT (collected_by, payment, work_order, kind) DO NOTHING
"""

Pair = tuple[str, str, date]
"""Who collected, for whom, and on which accounting day."""


async def lock_figures(tx: Connection, pairs: Sequence[Pair]) -> dict[Pair, int]:
    """The version of these figures so far (absent: none), each held by this transaction until its end."""
    wanted = sorted(set(pairs))
    await tx.execute(_LOCK, [f"{one}/{other}/{day}" for one, other, day in wanted])
    columns = [list(column) for column in zip(*wanted, strict=True)]
    rows = await tx.fetch(_VERSIONS, *columns)
    return {(row["collected_by"], row["home"], row["accounting_day"]): row["version"] for row in rows}


async def insert(tx: Connection, bills: Sequence[tuple[CrossProvinceBill, int, bool]], now: datetime) -> None:
    """Record bills, each with the version of its day's figures and whether it is late; a known one is left alone."""
    rows = [
        (
            new_id(),
            bill.collected_by,
            bill.payment,
            bill.work_order,
            bill.kind,
            bill.home,
            bill.number,
            bill.amount,
            bill.accounting_day,
            version,
            late,
            bill.acceptance.model_dump_json(),
            bill.at,
        )
        for bill, version, late in bills
    ]
    await tx.execute(_INSERT, *(list(column) for column in zip(*rows, strict=True)), now)


Name = tuple[str, str, str, str]
"""Collector, payment, work order and kind: what one bill is known by."""


async def known(tx: Connection, bills: Sequence[CrossProvinceBill]) -> dict[Name, tuple[str, Decimal, date]]:
    """Those of these bills that are recorded already: home, amount and accounting day."""
    rows = await tx.fetch(
        "SELECT collected_by, payment, work_order, kind, home, amount, accounting_day FROM bills "
        "JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS row(collected_by, payment, work_order, kind) "
        "USING (collected_by, payment, work_order, kind)",
        [bill.collected_by for bill in bills],
        [bill.payment for bill in bills],
        [bill.work_order for bill in bills],
        [bill.kind for bill in bills],
    )
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5], row[6]) for row in rows}
