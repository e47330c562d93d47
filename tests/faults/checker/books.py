"""Both ends of every interface are reconciled: of every day that has closed, with every node, and nothing differs.

Where money was to travel and its cancel came home before it, home's row knows of no money; but what was cancelled moves
none, and so counts as nothing at both ends.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from tests.faults.checker.evidence import Evidence
from tests.faults.checker.findings import Violation
from tests.faults.checker.orders import CHINA

ROUTER = "hq_router"
ACCOUNTS = (("work-orders", "up"), ("work-orders", "down"), ("bills", "up"))
CLOSES = time(6)


def check_books(found: Evidence) -> Iterator[Violation]:
    """Nothing where nobody looked at the fleet's time: then no day is known to have closed."""
    rows = {
        (row["day"], row["node"], row["interface"], row["direction"]): row
        for _, row in found.all("reconciliations", ROUTER)
    }
    differences: dict[str, list[str]] = {}
    for _, row in found.all("differences", ROUTER):
        differences.setdefault(row["reconciliation"], []).append(f"{row['record']} {row['kind']}")
    for day in closed_days(found):
        for node in found.nodes:
            for interface, direction in ACCOUNTS:
                row = rows.get((day, node, interface, direction))
                if row is None or row["state"] != "matched":
                    said = "nothing" if row is None else row["state"]
                    what = ", ".join(differences.get(row["id"], [])) if row else ""
                    yield Violation(
                        "books-agree", f"{day}, {interface} {direction} of {node}: {said} {what}".rstrip()
                    )


def closed_days(found: Evidence) -> list[str]:
    """The accounting days on which something travelled, as far as they have closed."""
    days = {work["accounting_day"] for _, work in found.all("work_orders") if work["part"] != "whole"}
    return [day for day in sorted(days) if found.now is not None and _closes(day) <= found.now]


def _closes(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), CLOSES, CHINA)
