"""Both tiers and the ledger agree on every forward, and on what one province owes another."""

from collections.abc import Iterator

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.findings import Violation

ROUTER = "hq_router"


def check_tier(found: Evidence) -> Iterator[Violation]:
    ledger = {(row["origin"], row["origin_transaction"]): row for _, row in found.all("forwards", ROUTER)}
    homes: dict[tuple[str, str], list[tuple[str, Row]]] = {}
    for node, work in found.all("work_orders"):
        if work["part"] == "home":
            homes.setdefault((work["origin"], work["origin_transaction"]), []).append((node, work))
    for node, work in found.all("work_orders"):
        if work["part"] == "acceptance":
            name = (node, work["id"])
            yield from _one(work, ledger.pop(name, None), homes.pop(name, []))
    for origin, transaction in ledger:
        yield Violation("tiers-agree", f"the ledger has {transaction} of {origin}, which {origin} does not")
    for name in homes:
        yield Violation("tiers-agree", f"{homes[name][0][0]} works on {name}, which nobody forwarded")
    yield from _bills(found)


def _one(work: Row, line: Row | None, at_home: list[tuple[str, Row]]) -> Iterator[Violation]:
    forwarded = any(
        step["name"] == "forward" and step["state"] not in ("planned", "skipped") for step in work["steps"]
    )
    where = f"{work['business']} {work['id']} of {work['origin']}"
    if line is None:
        if forwarded or work["state"] == "completed":
            yield Violation("tiers-agree", f"{where} is {work['state']}, and the ledger has no forward")
        return
    if len(at_home) > 1:
        yield Violation("tiers-agree", f"{where} was taken in {len(at_home)} times")
    if line["state"] != "ended":
        yield Violation("tiers-agree", f"{where}: the ledger says {line['state']}")
    for node, home in at_home:
        if node != line["home"]:
            yield Violation("tiers-agree", f"{where}: {node} works on it, the ledger says {line['home']}")
        if home["state"] != line["outcome"]:
            yield Violation("tiers-agree", f"{where}: home {home['state']}, ledger {line['outcome']}")
        if (
            home["accounting_day"] != work["accounting_day"]
            or line["accounting_day"] != work["accounting_day"]
        ):
            yield Violation("tiers-agree", f"{where}: its accounting day differs")
    if line["outcome"] == "completed" and not at_home:
        yield Violation("tiers-agree", f"{where}: completed, and no home has it")
    if work["state"] != line["outcome"]:
        yield Violation("tiers-agree", f"{where}: origin {work['state']}, ledger {line['outcome']}")


def _bills(found: Evidence) -> Iterator[Violation]:
    """Each payment that was collected for another province is one bill of its amount."""
    billed: dict[str, list[Row]] = {}
    for _, row in found.all("bills", ROUTER):
        billed.setdefault(row["work_order"], []).append(row)
    for node, work in found.all("work_orders"):
        if work["part"] != "acceptance" or work["business"] != "pay":
            continue
        rows = billed.pop(work["id"], [])
        amounts = [str(row["amount"]) for row in rows]
        expected = [work["content"]["amount"]] if work["state"] == "completed" else []
        if amounts != expected:
            yield Violation("bills-once", f"{work['id']} of {node}, {work['state']}: billed {amounts}")
    for work_order, rows in billed.items():
        if rows[0]["kind"] != "payment" or not _ordered(found, work_order):
            yield Violation("bills-once", f"a bill of {work_order}, which nobody completed")


def _ordered(found: Evidence, work_order: str) -> bool:
    return any(
        work["id"] == work_order and work["state"] == "completed" and work["part"] == "acceptance"
        for _, work in found.all("work_orders")
    )
