"""The effects of an order happened exactly once, and what failed left nothing behind: by the journals of production."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.findings import Violation

ASKS_ONLY = {"ask-balance"}
FEN = Decimal("0.01")


def check_effects(found: Evidence) -> Iterator[Violation]:
    yield from _steps(found)
    yield from _money(found)
    yield from _balances(found)
    yield from _served(found)
    yield from _billed(found)


def _carrying(found: Evidence) -> list[tuple[str, Row]]:
    """The work orders that carry an order out: at home, or where it was accepted and lives."""
    return [(node, work) for node, work in found.all("work_orders") if work["part"] != "acceptance"]


def _steps(found: Evidence) -> Iterator[Violation]:
    done: Counter[tuple[str, str]] = Counter()
    for (system, name), rows in found.journals.items():
        if name != "tasks":
            continue
        does = {row["task_id"]: row for row in rows if row["direction"] == "do"}
        undone: Counter[str] = Counter()
        for row in rows:
            if row["direction"] == "undo" and row["effect"]:
                undone[row["does"]] += 1
                if undone[row["does"]] > 1 or not does.get(row["does"], {}).get("effect"):
                    yield Violation(
                        "undone-once", f"{system} took {row['does']} back {undone[row['does']]} times"
                    )
        for task_id, row in does.items():
            if row["effect"] and row["name"] not in ASKS_ONLY:
                done[row["work_order"], row["name"]] += 1 - undone[task_id]
    for node, work in _carrying(found):
        wanted = {
            step["name"]
            for step in work["steps"]
            if step["executor"] == "production" and step["state"] == "done" and step["name"] not in ASKS_ONLY
        }
        steps = {step["name"] for step in work["steps"] if step["executor"] == "production"}
        for name in sorted(steps - ASKS_ONLY):
            expected = int(work["state"] == "completed" and name in wanted)
            if (times := done.pop((work["id"], name), 0)) != expected:
                rule = "effects-once" if work["state"] == "completed" else "nothing-left-behind"
                yield Violation(rule, f"{name} of {work['id']} ({work['state']}) at {node}: {times} times")
    for (work_order, name), times in done.items():
        if times:
            yield Violation(
                "nothing-left-behind", f"{name} of {work_order}, which has no such step: {times} times"
            )


def _money(found: Evidence) -> Iterator[Violation]:
    """Each order's money reached one account, once; what was collected is what was posted, covered or given back."""
    posted: dict[str, Counter[str]] = defaultdict(Counter)
    for row in found.journals["accounting", "postings"]:
        posted[row["reference"]][row["kind"].removesuffix("-reversed")] += row["amount_fen"]
    carried: dict[str, list[Row]] = defaultdict(list)
    for _, work in _carrying(found):
        carried[work["order_id"]].append(work)
    ended = {
        work["order_id"]: work["state"] for _, work in found.all("work_orders") if work["part"] != "home"
    }
    groups = {row["order_id"] for _, row in found.all("groups")}
    ended |= {row["id"]: row["state"] for _, row in found.all("orders") if row["id"] in groups}
    bound: dict[str, list[Row]] = defaultdict(list)
    payments = {(node, row["id"]): row for node, row in found.all("payments")}
    for node, row in found.all("bindings"):
        bound[row["order_id"]].append(payments[node, row["payment"]])
    refunds: Counter[str] = Counter()
    for _, row in found.all("refunds"):
        refunds[row["payment"]] += int(row["amount"] * 100)
    for _, payment in payments.items():
        if payment["account"] != "counter":
            whole = int(payment["amount"] * 100) if ended.get(payment["id"]) == "completed" else 0
            if posted.pop(payment["id"], Counter())["payment"] != whole:
                yield Violation(
                    "money-once", f"payment {payment['id']} is {payment['status']}, not posted so"
                )
            yield from _given_back(payment, ended.get(payment["id"]), refunds)
    for order, state in ended.items():
        kinds = posted.pop(order, Counter())
        # Of a group every child brings its own money; of others there is one.
        done = [
            work["content"].get("money") or {}
            for work in carried[order]
            if (work["state"] if order in groups else state) == "completed"
        ]
        completed = state == "completed"
        remainder = sum(_fen(money.get("remainder")) for money in done)
        missing = sum(_fen(one["amount"]) for money in done for one in money.get("shortfall") or ())
        if (kinds["prepayment"], kinds["fees"]) != (remainder, -missing):
            yield Violation(
                "money-once", f"order {order} ({state}): posted {dict(kinds)}, not {remainder}, {-missing}"
            )
        collected = sum(int(one["amount"] * 100) for one in bound[order])
        fees = sum(_fen(one["amount"]) for money in done for one in money.get("fees") or ())
        if completed and collected + missing != fees + remainder:
            yield Violation(
                "money-once", f"order {order}: {collected} + {missing} is not {fees} + {remainder}"
            )
        for payment in bound[order]:
            yield from _given_back(payment, state, refunds)
    for reference, kinds in posted.items():
        if any(kinds.values()):
            yield Violation("nothing-unasked", f"{dict(kinds)} posted for {reference}, which nobody paid")


def _given_back(payment: Row, state: str | None, refunds: Counter[str]) -> Iterator[Violation]:
    lost = state in ("failed", "rejected", "cancelled")
    expected = int(payment["amount"] * 100) if lost else 0
    status = "failed" if lost else "done" if state == "completed" else payment["status"]
    if (refunds[payment["id"]], payment["status"]) != (expected, status):
        yield Violation(
            "money-once",
            f"payment {payment['id']} of what {state}: {payment['status']}, {refunds[payment['id']]} back",
        )


def _balances(found: Evidence) -> Iterator[Violation]:
    sums: Counter[tuple[str, str]] = Counter()
    for row in found.journals["accounting", "postings"]:
        sums[row["node"], row["account"]] += row["amount_fen"]
    for row in found.journals["accounting", "accounts"]:
        if sums[row["node"], row["account"]] != row["balance_fen"]:
            yield Violation("money-once", f"the balance of {row['account']} is not the sum of its postings")


def _served(found: Evidence) -> Iterator[Violation]:
    """The network serves whom the provinces have as subscribers, with their card, and bars whom they suspended."""
    served = {(row["node"], row["number"]): row for row in found.journals["provisioning", "subscribers"]}
    barred = {
        (row["node"], row["number"]): row["barring"] for row in found.journals["provisioning", "barrings"]
    }
    for node in found.nodes:
        suspended: dict[str, set[str]] = defaultdict(set)
        for row in found.of(node, "suspensions"):
            suspended[row["product"]].add(row["barring"])
        for product in _living(found, node):
            place = (node, product["number"])
            network = served.pop(place, None)
            if network is None or network["imsi"] != product["imsi"]:
                yield Violation(
                    "network-agrees", f"{product['number']} of {node}: {network}, not {product['imsi']}"
                )
            reasons = suspended[product["id"]]
            severest = "all" if "all" in reasons else "outgoing" if reasons else None
            if barred.pop(place, None) != severest:
                yield Violation(
                    "network-agrees", f"{product['number']} of {node} is not barred as {severest}"
                )
            if (product["status"] == "suspended") != bool(reasons):
                yield Violation(
                    "network-agrees", f"{product['number']} is {product['status']} for {sorted(reasons)}"
                )
    for place in (*served, *barred):
        yield Violation("network-agrees", f"the network knows {place}, the province does not")


def _billed(found: Evidence) -> Iterator[Violation]:
    billed = {row["subscription"]: row for row in found.journals["billing", "billed"]}
    for node in found.nodes:
        options: dict[str, list[str]] = defaultdict(list)
        for row in found.of(node, "products"):
            if row["kind"] == "option" and row["status"] != "terminated":
                options[row["parent"]].append(row["offering"])
        for product in _living(found, node):
            bill = billed.pop(product["id"], None)
            has = Counter([product["offering"], *options[product["id"]]])
            if bill is None or (bill["account"], bill["number"]) != (
                product["billing_account"],
                product["number"],
            ):
                yield Violation("billing-agrees", f"{product['number']} of {node} is billed as {bill}")
            elif Counter(json.loads(bill["offerings"])) != has:
                yield Violation(
                    "billing-agrees", f"{product['number']}: billed {bill['offerings']}, has {dict(has)}"
                )
    for subscription in billed:
        yield Violation("billing-agrees", f"{subscription} is billed, and nobody has it")


def _living(found: Evidence, node: str) -> list[Row]:
    return [
        row
        for row in found.of(node, "products")
        if row["kind"] == "subscription" and row["status"] != "terminated"
    ]


def _fen(yuan: object) -> int:
    return int((Decimal(str(yuan or 0)) / FEN).to_integral_exact())
