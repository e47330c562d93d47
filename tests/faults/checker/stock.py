"""No number and no card is in two hands, and what an order did not keep it has given back."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.checker.evidence import Evidence
from tests.faults.checker.findings import Violation

RESOURCE = "resource"


def check_stock(found: Evidence) -> Iterator[Violation]:
    numbers: Counter[str] = Counter()
    cards: Counter[str] = Counter()
    for _, product in found.all("products"):
        if product["kind"] == "subscription" and product["status"] != "terminated":
            numbers[product["number"]] += 1
            cards[product["iccid"]] += 1
    for what, held in (("number", numbers), ("card", cards)):
        for value, times in held.items():
            if times > 1:
                yield Violation("one-hand", f"{what} {value} is in {times} hands")
    yield from _numbers(found)
    yield from _cards(found, cards)
    yield from _profiles(found)
    yield from _accounts(found)


def _numbers(found: Evidence) -> Iterator[Violation]:
    for node in found.nodes:
        products = {row["id"]: row for row in found.of(node, "products") if row["kind"] == "subscription"}
        living = {row["number"]: id_ for id_, row in products.items() if row["status"] != "terminated"}
        used = {
            row["value"]: row for row in found.of(node, "resources", RESOURCE) if row["category"] == "msisdn"
        }
        for number, subscription in living.items():
            row = used.pop(number, None)
            if row is None or (row["state"], row["bound_to"]) != ("in-use", subscription):
                yield Violation("stock-agrees", f"number {number} of {node} is {row and row['state']}")
        ended = {row["number"] for row in products.values()}
        for number, row in used.items():
            if row["state"] == "reserved" and row["reservation"]:
                continue  # somebody's own reservation, which ends by itself
            if row["state"] != "cooling" or number not in ended:
                yield Violation(
                    "nothing-left-behind", f"number {number} of {node} is {row['state']}, nobody has it"
                )


def _cards(found: Evidence, living: Counter[str]) -> Iterator[Violation]:
    ever = {row["iccid"] for _, row in found.all("products") if row["iccid"]}
    bound = {
        work["content"].get("iccid")
        for _, work in found.all("work_orders")
        if work["state"] == "completed" and work["content"].get("iccid")
    }
    states: dict[str, str] = {}
    for node, row in found.all("resources", RESOURCE):
        if row["category"] != "sim":
            continue
        states[row["value"]] = row["state"]
        if row["state"] == "reserved" and not row["reservation"]:
            yield Violation(
                "nothing-left-behind", f"card {row['value']} of {node} is held by {row['work_order']}"
            )
        if row["value"] not in ever | bound:
            yield Violation(
                "nothing-left-behind", f"card {row['value']} of {node} is {row['state']}, nobody got it"
            )
    for card in living:
        if states.get(card) != "bound":
            yield Violation("stock-agrees", f"card {card} is {states.get(card)}, and a subscriber has it")


def _profiles(found: Evidence) -> Iterator[Violation]:
    for node in found.nodes:
        living = {
            row["imsi"]: row["number"]
            for row in found.of(node, "products")
            if row["kind"] == "subscription" and row["status"] != "terminated"
        }
        used = {row["imsi"]: row for row in found.of(node, "profiles", RESOURCE)}
        for imsi, number in living.items():
            row = used.pop(imsi, None)
            if row is None or (row["state"], row["number"]) != ("in-use", number):
                yield Violation("stock-agrees", f"profile {imsi} of {number} is {row and row['state']}")
        for imsi, row in used.items():
            if row["state"] != "retired":
                yield Violation("nothing-left-behind", f"profile {imsi} of {node} is {row['state']}")


def _accounts(found: Evidence) -> Iterator[Violation]:
    """An account that an order opened is open where the order was completed, and closed where not."""
    for node in found.nodes:
        states = {work["id"]: work["state"] for work in found.of(node, "work_orders")}
        for row in found.of(node, "accounts", "customer"):
            completed = states.get(row["work_order"]) == "completed"
            if completed == (row["state"] == "closed"):
                yield Violation("nothing-left-behind", f"account {row['id']} of {node} is {row['state']}")
