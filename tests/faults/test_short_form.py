"""A short form of `make faults`, every kind of victim killed and stopped; and whether the checker sees what is broken.

The evidence of the run is doctored afterwards, as each fault of the product would have left it: the checker has to
find each, in a fleet whose other orders are all in order.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.findings import by_rule
from tests.faults.checker.verdict import check
from tests.faults.run import Outcome, Size, run

VICTIMS = {"service", "relay", "door", "simulator", "postgres", "kafka"}
SHORT = Size(
    seed=11,
    orders=120,
    faults=2 * len(VICTIMS),
    seconds=1_000,
    subscribers=6,
    asking=5,
    first_port=8320,
    place="faults-short",
)


@pytest.fixture(scope="module")
async def outcome() -> Outcome:
    return await run(SHORT, lambda _: None)


@pytest.fixture
def evidence(outcome: Outcome) -> Evidence:
    """A copy to be doctored."""
    return copy.deepcopy(outcome.evidence)


def rows(evidence: Evidence, name: str, package: str = "order_acceptance", **wanted: Any) -> Iterator[Row]:
    for _, row in evidence.all(name, package):
        if all(row[column] == value for column, value in wanted.items()):
            yield row


def broken(evidence: Evidence) -> set[str]:
    return set(by_rule(check(evidence)))


@pytest.mark.timeout(400)
async def test_a_fleet_in_trouble_keeps_every_promise(outcome: Outcome) -> None:
    report = "\n".join(outcome.lines())
    assert outcome.violations == [], report
    struck = outcome_by_kind(outcome)
    assert set(struck) == VICTIMS, report
    assert min(struck.values()) >= 2, report
    works = list(rows(outcome.evidence, "work_orders"))
    assert {"completed", "failed"} <= {work["state"] for work in works}, report
    assert any(work["part"] == "home" and work["state"] == "completed" for work in works), report
    accepted = [one for one in outcome.evidence.history if one.get("status") == 201]
    assert len(accepted) >= SHORT.orders * 0.6, report
    assert len(outcome.recoveries()) >= SHORT.faults * 0.6, report


def outcome_by_kind(outcome: Outcome) -> dict[str, int]:
    found: dict[str, int] = {}
    for fault in outcome.faults:
        found[fault.kind] = found.get(fault.kind, 0) + 1
    return found


def test_it_finds_an_outbox_that_was_written_outside_of_the_transaction(evidence: Evidence) -> None:
    """A message that was not sent though its change is there, and one that was sent for a change that is not."""
    node, order = next((node, row) for node, row in evidence.all("orders") if row["state"] == "completed")
    del evidence.events[node][order["id"]]
    assert broken(evidence) == {"events-tell-the-end"}
    evidence.events[node][order["id"]] = {"id": order["id"], "version": 3, "state": "completed"}
    evidence.events[node]["never-stored"] = {"id": "never-stored", "version": 1, "state": "acknowledged"}
    assert broken(evidence) == {"nothing-unasked"}


def test_it_finds_a_forward_that_never_left(evidence: Evidence) -> None:
    """The outbox again: the order waits for ever, and headquarters knows nothing of it."""
    work = next(rows(evidence, "work_orders", part="acceptance", state="completed", business="pay"))
    work["state"] = "running"
    for package, name in (("order_acceptance", "work_orders"), ("hq_router", "forwards")):
        for node in evidence.nodes:
            kept = [
                row
                for row in evidence.of(node, name, package)
                if row is work or row["origin_transaction"] != work["id"]
            ]
            evidence.rows[node, package, name] = kept
    assert {"one-end", "tiers-agree"} <= broken(evidence)


def test_it_finds_an_inbox_that_does_not_look(evidence: Evidence) -> None:
    """The same forward taken in twice, and its payment posted twice."""
    node, work = next(
        (node, row)
        for node, row in evidence.all("work_orders")
        if row["part"] == "home" and row["business"] == "pay" and row["state"] == "completed"
    )
    evidence.rows[node, "order_acceptance", "work_orders"].append(work | {"id": "taken-in-again"})
    task = next(
        row
        for row in evidence.journals["accounting", "tasks"]
        if row["work_order"] == work["id"] and row["direction"] == "do" and row["effect"]
    )
    again = {"task_id": "again/do", "does": "again/do", "work_order": "taken-in-again"}
    evidence.journals["accounting", "tasks"].append(task | again)
    posting = next(
        row for row in evidence.journals["accounting", "postings"] if row["task_id"] == task["task_id"]
    )
    evidence.journals["accounting", "postings"].append(posting | {"task_id": "again/do", "does": "again/do"})
    account = next(
        row
        for row in evidence.journals["accounting", "accounts"]
        if (row["node"], row["account"]) == (posting["node"], posting["account"])
    )
    account["balance_fen"] += posting["amount_fen"]
    assert broken(evidence) == {"tiers-agree", "money-once"}


def test_it_finds_an_undo_that_was_skipped(evidence: Evidence) -> None:
    """An order failed, and what was done for it before is still there."""
    for (_, name), tasks in evidence.journals.items():
        if name != "tasks":
            continue
        for task in tasks:
            if task["direction"] == "undo" and task["effect"]:
                tasks.remove(task)
                assert "nothing-left-behind" in broken(evidence)
                tasks.append(task)
                break
    node, work = next(
        (node, row)
        for node, row in evidence.all("work_orders")
        if row["business"] == "open-account" and row["state"] == "failed"
    )
    number, card = work["content"]["number"], work["content"]["iccid"]
    for category, value in (("msisdn", number), ("sim", card)):
        held = {
            "category": category,
            "value": value,
            "state": "reserved",
            "reservation": None,
            "work_order": work["id"],
            "held_by": "task",
            "bound_to": None,
        }
        evidence.rows[node, "resource", "resources"].append(held)
        assert broken(evidence) == {"nothing-left-behind"}
        evidence.rows[node, "resource", "resources"].remove(held)


def test_it_finds_an_unknown_answer_that_was_taken_for_a_failure(evidence: Evidence) -> None:
    """The payment was posted, the answer came late, and the money was given back all the same."""
    node, payment = next(
        (node, row)
        for node, row in evidence.all("payments")
        if row["account"] != "counter" and row["status"] == "done"
    )
    for _, work in evidence.all("work_orders"):
        if work["order_id"] == payment["id"]:
            work["state"] = "failed"
    for line in rows(evidence, "forwards", "hq_router", order_id=payment["id"]):
        line["outcome"] = "failed"
    payment |= {"status": "failed", "refunded": payment["amount"]}
    evidence.rows[node, "order_acceptance", "refunds"].append(
        {"payment": payment["id"], "order_id": payment["id"], "amount": payment["amount"]}
    )
    assert {"nothing-left-behind", "money-once"} <= broken(evidence)


def test_it_finds_a_router_that_ends_at_its_deadline_what_it_has_sent(evidence: Evidence) -> None:
    """Home did it; headquarters and the origin say that it was rejected."""
    work = next(rows(evidence, "work_orders", part="acceptance", state="completed", business="pay"))
    work["state"] = "rejected"
    line = next(rows(evidence, "forwards", "hq_router", origin_transaction=work["id"]))
    line["outcome"] = "rejected"
    assert "tiers-agree" in broken(evidence)


def test_it_finds_what_nobody_asked_for_and_what_was_lost(evidence: Evidence) -> None:
    _, order = next(iter(evidence.all("orders")))
    evidence.history = [one for one in evidence.history if one["key"] != order["key"]]
    assert broken(evidence) == {"nothing-unasked"}


def test_it_finds_a_lost_order_and_a_refused_one_that_was_stored(evidence: Evidence) -> None:
    told = next(one for one in evidence.history if one.get("status") == 201 and one["business"] == "counter")
    evidence.history.append({**told, "key": "lost", "id": "lost"})
    assert broken(evidence) == {"accepted-once"}
    evidence.history.pop()
    told["status"] = 409
    assert "refused-stores-nothing" in broken(evidence)


def test_it_finds_a_number_in_two_hands_and_what_lies_in_queues(evidence: Evidence) -> None:
    node, product = next(
        (node, row)
        for node, row in evidence.all("products")
        if row["kind"] == "subscription" and row["status"] == "active"
    )
    twin = product | {"id": "another"}
    evidence.rows[node, "order_acceptance", "products"].append(twin)
    assert "one-hand" in broken(evidence)
    evidence.rows[node, "order_acceptance", "products"].remove(twin)
    evidence.queues["bj", "order_acceptance", "outbox"] = [{"topic": "t", "key": "k", "ce_type": "c"}]
    assert broken(evidence) == {"queues-empty"}
