"""Group orders: one end, which is what their children came to; together or not at all, where that was promised."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.findings import Violation


def check_groups(found: Evidence) -> Iterator[Violation]:
    for node in found.nodes:
        works = {work["id"]: work for work in found.of(node, "work_orders")}
        orders = {order["id"]: order for order in found.of(node, "orders")}
        children: dict[str, list[Row]] = {}
        for child in found.of(node, "children"):
            children.setdefault(child["order_id"], []).append(child)
        for group in found.of(node, "groups"):
            yield from _one(group, orders[group["order_id"]], children.get(group["order_id"], []), works)


def _one(group: Row, order: Row, children: list[Row], works: Mapping[str, Row]) -> Iterator[Violation]:
    where = f"group order {order['id']} ({group['policy']})"
    if group["state"] != "ended":
        yield Violation("one-end", f"{where} is {group['state']}")
    for child in children:
        said = works[child["work_order"]]["state"]
        if said != child["state"]:
            yield Violation(
                "one-end", f"{where}: its child {child['work_order']} is {child['state']}, its work {said}"
            )
    states = Counter(works[child["work_order"]]["state"] for child in children)
    if not children:
        yield Violation("one-end", f"{where} has no children")
    together = group["policy"] == "all-or-nothing"
    if together and 0 < states["completed"] < len(children):
        yield Violation("all-or-nothing", f"{where}: {dict(states)}")
    if together and (group["decision"] == "go") != (states["completed"] == len(children)):
        yield Violation("all-or-nothing", f"{where} was decided to {group['decision']}: {dict(states)}")
    wished_back = group["because"] == "cancelled-on-request"
    expected = _end(states, wished_back)
    if order["state"] != expected or order["document"]["state"] != expected:
        yield Violation("one-end", f"{where} is {order['state']}, its children {dict(states)}")
    for item in order["document"]["productOrderItem"]:
        mine = Counter(works[one["work_order"]]["state"] for one in children if item["id"] in one["items"])
        if item.get("state") != _of_item(mine):
            yield Violation(
                "one-end", f"{where}: item {item['id']} is {item.get('state')}, its children {dict(mine)}"
            )


def _end(states: Counter[str], wished_back: bool) -> str:
    """What was worst, where nothing was done; else whether all was."""
    if states["completed"]:
        return "completed" if states["completed"] == states.total() else "partial"
    if wished_back:
        return "cancelled"
    return next((state for state in ("failed", "rejected") if states[state]), "cancelled")


def _of_item(states: Counter[str]) -> str:
    if len(states) == 1:
        return next(iter(states))
    return "partial" if states["completed"] else "failed" if states["failed"] else "rejected"
