"""What is stored and worked on is what was asked for: the amount, the number, and every word of an order.

Other rules go on from what is stored: what was collected is compared with what was posted, billed and given back.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.findings import Violation


def check_asked(found: Evidence) -> Iterator[Violation]:
    stored = {(node, row["key"]): row for name in ("orders", "payments") for node, row in found.all(name)}
    works: dict[str, list[Row]] = {}
    for _, work in found.all("work_orders"):
        works.setdefault(work["order_id"], []).append(work)
    for asked in found.history:
        row = stored.get((asked["node"], asked["key"]))
        if row is not None and asked["business"] != "look":
            for wrong in (*_stored(asked, row), *_worked_on(asked, works.get(row["id"], []))):
                yield Violation(
                    "as-asked",
                    f"{asked['business']} {row['id']} at {asked['node']}, key {row['key']}: {wrong}",
                )
    yield from _left_at_the_counter(found)
    yield from _opened(found)


def _stored(asked: Row, row: Row) -> Iterator[str]:
    if row["number"] != asked.get("number"):
        yield f"asked for {asked.get('number')}, stored {row['number']}"
    if "document" not in row:
        if row["amount"] != _yuan(asked["amount"]):
            yield f"paid {asked['amount']}, stored {row['amount']}"
        if (row["account"] == "counter") != (asked["business"] == "counter"):
            yield f"stored for {row['account']}"
        return
    if row["category"] != asked["body"]["category"]:
        yield f"stored as {row['category']}"
    yield from _differences(asked["body"], row["document"])


def _differences(asked: Any, stored: Any, where: str = "the order") -> Iterator[str]:
    """What was asked and is not in what is stored; what is stored besides is the product's to add."""
    if isinstance(asked, dict) and isinstance(stored, dict):
        for name, value in asked.items():
            yield from _differences(value, stored.get(name), f"{where}.{name}")
    elif isinstance(asked, list) and isinstance(stored, list) and len(asked) == len(stored):
        for n, (one, other) in enumerate(zip(asked, stored, strict=True)):
            yield from _differences(one, other, f"{where}[{n}]")
    elif asked != stored:
        yield f"{where} asked as {asked!r}, stored {stored!r}"


def _worked_on(asked: Row, works: list[Row]) -> Iterator[str]:
    """At home as where it was accepted: the same business, for the same number, with the same money."""
    business = asked["body"].get("category", "pay")
    for work in works:
        if work["business"] != business:
            yield f"{work['id']} is worked on as {work['business']}"
        if asked.get("number") is not None and work["number"] != asked["number"]:
            yield f"{work['id']} is worked on for {work['number']}"
        if business == "pay" and Decimal(work["content"]["amount"]) != _yuan(asked["amount"]):
            yield f"{work['id']} is worked on with {work['content']['amount']} instead of {asked['amount']}"


def _left_at_the_counter(found: Evidence) -> Iterator[Violation]:
    """Money that no order took lies where it was laid; nobody here asks for it back."""
    bound = {(node, row["payment"]) for node, row in found.all("bindings")}
    given = {(node, row["payment"]) for node, row in found.all("refunds")}
    for node, row in found.all("payments"):
        if row["account"] != "counter" or (node, row["id"]) in bound:
            continue
        if row["status"] != "authorized" or row["refunded"] or (node, row["id"]) in given:
            yield Violation(
                "as-asked",
                f"payment {row['id']} of {node}, which no order took, is {row['status']}, {row['refunded']} back",
            )


def _opened(found: Evidence) -> Iterator[Violation]:
    orders = {row["id"] for _, row in found.all("orders")}
    for node, product in found.all("products"):
        if product["opened_by"] not in orders:
            yield Violation(
                "as-asked",
                f"{product['kind']} {product['id']} of {node} was opened by {product['opened_by']}, which is no order",
            )


def _yuan(amount: float) -> Decimal:
    return Decimal(str(amount))
