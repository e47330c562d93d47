"""Every order that the client was told was accepted has one end, and nothing exists that it never asked for."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.findings import Violation

CHINA = timezone(timedelta(hours=8))
ENDS = {"completed", "failed", "rejected", "cancelled"}
PAID = {"completed": "done", "failed": "failed", "rejected": "failed", "cancelled": "failed"}


def check_orders(found: Evidence, longest: timedelta) -> Iterator[Violation]:
    """`longest` is how much time an order may take from its acceptance to its end."""
    yield from _accepted_once(found)
    yield from _nothing_unasked(found)
    yield from _one_end(found)
    yield from _in_time(found, longest)
    yield from _cancels(found)
    yield from _told(found)


def _by_key(found: Evidence) -> dict[tuple[str, str], list[Row]]:
    made: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for name in ("orders", "payments"):
        for node, row in found.all(name):
            made[node, row["key"] or ""].append(row)
    return made


def _accepted_once(found: Evidence) -> Iterator[Violation]:
    stored = _by_key(found)
    for asked in found.history:
        if asked["business"] == "look":
            continue
        rows = stored.get((asked["node"], asked["key"]), [])
        where = f"{asked['business']} {asked['key']} at {asked['node']}"
        status = asked.get("status")
        if status == 201 and [row["id"] for row in rows] != [asked["id"]]:
            yield Violation(
                "accepted-once", f"{where}: told {asked['id']}, stored {[row['id'] for row in rows]}"
            )
        elif status is not None and status != 201 and rows:
            yield Violation(
                "refused-stores-nothing", f"{where}: {status}, stored {[row['id'] for row in rows]}"
            )
        elif status is None and len(rows) > 1:
            yield Violation("accepted-once", f"{where}: never answered, stored {len(rows)} times")


def _nothing_unasked(found: Evidence) -> Iterator[Violation]:
    asked = {(one["node"], one["key"]) for one in found.history}
    for (node, key), rows in _by_key(found).items():
        if (node, key) not in asked:
            yield Violation(
                "nothing-unasked", f"{node} has {[row['id'] for row in rows]} with the key {key!r}"
            )
    customers = {
        party["id"]
        for _, order in found.all("orders")
        for party in order["document"].get("relatedParty", ())
        if party.get("role") == "customer"
    }
    for node, branch in found.all("branches", "customer"):
        if branch["customer"] not in customers:
            yield Violation(
                "nothing-unasked", f"{node} has a branch of {branch['customer']}, who ordered nothing"
            )
    known = {row["id"] for name in ("orders", "payments") for _, row in found.all(name)}
    for node, work in found.all("work_orders"):
        if work["order_id"] not in known:
            yield Violation("nothing-unasked", f"{node} works on {work['order_id']}, which nobody ordered")
    for (system, name), rows in found.journals.items():
        for task in rows if name == "tasks" else ():
            if task["business"] != "look" and task["order"] not in known:
                yield Violation("nothing-unasked", f"{system} was asked {task['name']} for {task['order']}")


def _one_end(found: Evidence) -> Iterator[Violation]:
    works: dict[str, list[Row]] = defaultdict(list)
    for _, work in found.all("work_orders"):
        if work["part"] != "home":
            works[work["order_id"]].append(work)
        if work["state"] not in ENDS:
            yield Violation("one-end", f"work order {work['id']} ({work['business']}) is {work['state']}")
        if work["attention"]:
            yield Violation("one-end", f"work order {work['id']} waits for an operator")
    groups = {row["order_id"] for _, row in found.all("groups")}
    for node, order in found.all("orders"):
        if order["id"] in groups:
            continue
        yield from _as_its_work(node, order, order["state"], order["state"], works[order["id"]])
        items = {item.get("state") for item in order["document"]["productOrderItem"]}
        if items != {order["state"]} or order["document"]["state"] != order["state"]:
            yield Violation(
                "one-end", f"order {order['id']} is {order['state']}, its items {sorted(map(str, items))}"
            )
    for node, payment in found.all("payments"):
        if payment["account"] != "counter":
            ended = {"done": "completed", "failed": "failed"}.get(payment["status"])
            yield from _as_its_work(node, payment, payment["status"], ended, works[payment["id"]])


def _as_its_work(node: str, row: Row, state: Any, ended: str | None, works: list[Row]) -> Iterator[Violation]:
    if len(works) != 1:
        yield Violation("one-end", f"{node} {row['id']} has {len(works)} work orders")
        return
    said = works[0]["state"]
    fits = ended == said or (ended == "failed" and PAID.get(said) == "failed" and state == "failed")
    if said in ENDS and not fits:
        yield Violation("one-end", f"{node} {row['id']} is {state}, its work {said}")


def _in_time(found: Evidence, longest: timedelta) -> Iterator[Violation]:
    """What is dated has the same time, from its date on."""
    for node, work in found.all("work_orders"):
        took = work["updated"] - max(work["created"], due_of(work) or work["created"])
        if work["state"] in ENDS and took > longest:
            yield Violation(
                "in-time", f"{work['business']} {work['id']} at {node} took {took.total_seconds():.0f} s"
            )


def due_of(work: Row) -> datetime | None:
    """00:00 in China on the 1st of the month after its acceptance, of what is to begin with the next cycle."""
    if work["content"].get("effective") != "next-cycle":
        return None
    first: datetime = (
        work["created"].astimezone(CHINA).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    )
    return (first + timedelta(days=32)).replace(day=1)


def _cancels(found: Evidence) -> Iterator[Violation]:
    """Whoever asked to take an order back was told: done where it is cancelled, else that it was too late."""
    for node in found.nodes:
        states = {row["id"]: row["state"] for row in found.of(node, "orders")}
        for wish in found.of(node, "cancels"):
            told = "done" if states.get(wish["order_id"]) == "cancelled" else "terminatedWithError"
            if wish["state"] != told:
                said = f"{wish['state']}, its order {states.get(wish['order_id'])}"
                yield Violation("one-end", f"the cancel {wish['id']} of {node} is {said}")


def _told(found: Evidence) -> Iterator[Violation]:
    """Whoever listens to the events knows how each order ended."""
    orders = Counter(row["id"] for _, row in found.all("orders"))
    for node in found.nodes:
        for order in found.of(node, "orders"):
            event = found.events.get(node, {}).get(order["id"])
            if event is None or event["state"] != order["state"]:
                said = event["state"] if event else "nothing"
                yield Violation(
                    "events-tell-the-end", f"{node} {order['id']} is {order['state']}, told was {said}"
                )
        for id_ in found.events.get(node, {}):
            if id_ not in orders:
                yield Violation("nothing-unasked", f"{node} told of order {id_}, which it does not have")
