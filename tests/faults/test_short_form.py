"""A short form of `make faults`, every kind of victim killed and stopped, whole nodes last; and whether the checker
sees what is broken.

The evidence of the run is doctored afterwards, as a fault of the product would have left it: the checker has to find
each, in a fleet whose other orders are all in order. `test_broken.py` breaks the product itself; here is what no order
meets there. What a few rows are enough for is in `test_rules.py`.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.faults.checker.books import closed_days
from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.findings import by_rule
from tests.faults.checker.orders import due_of
from tests.faults.checker.verdict import check
from tests.faults.run import Outcome, Size, run

# On a machine that is busy with other things as well, recovering takes as long as it takes.
pytestmark = pytest.mark.timeout(600)
PROCESSES = {"service", "relay", "door", "simulator", "postgres", "kafka"}
SHORT = Size(
    seed=11,
    orders=100,
    faults=2 * len(PROCESSES),
    node_faults=2,
    node_kinds=frozenset({"node"}),
    seconds=150,
    pauses=(0.1, 0.7),
    subscribers=5,
    asking=5,
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


async def test_a_fleet_in_trouble_keeps_every_promise(outcome: Outcome) -> None:
    report = "\n".join(outcome.lines())
    print(report)
    assert outcome.violations == [], report
    assert outcome.missing == [], report
    struck = Counter(fault.kind for fault in outcome.faults)
    assert set(struck) == PROCESSES | {"node"}, report
    assert min(struck.values()) >= 2, report
    works = list(rows(outcome.evidence, "work_orders"))
    assert {"completed", "failed"} <= {work["state"] for work in works}, report
    assert any(work["part"] == "home" and work["state"] == "completed" for work in works), report
    assert len(outcome.recoveries()) >= SHORT.faults * 0.5, report
    groups = [row for _, row in outcome.evidence.all("groups")]
    assert groups, report
    assert any(due_of(work) for work in works), report
    assert closed_days(outcome.evidence), report
    looks = [one for one in outcome.evidence.history if one["business"] == "look"]
    assert any(one.get("status") == 200 for one in looks), report
    heard = {one["node"] for one in outcome.evidence.heard}
    assert heard == {"hq", "bj", "gd"}, report


def test_it_finds_a_message_of_a_change_that_never_was(evidence: Evidence) -> None:
    """The outbox was written, and its change was taken back."""
    node, _ = next(iter(evidence.all("orders")))
    evidence.events[node]["never-stored"] = {"id": "never-stored", "version": 1, "state": "acknowledged"}
    assert broken(evidence) == {"nothing-unasked"}


def test_it_finds_a_forward_that_never_left(evidence: Evidence) -> None:
    """The change is there and its message was not written: the order waits, and headquarters knows nothing of it."""
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


def test_it_finds_a_group_that_was_done_in_part(evidence: Evidence) -> None:
    """One child was done and the other was not, though it was to be all or nothing and is said to be done."""
    (node, group), *_ = evidence.all("groups")
    next(rows(evidence, "orders", id=group["order_id"]))["state"] = "completed"
    group["policy"] = "all-or-nothing"
    child = next(rows(evidence, "children", order_id=group["order_id"]))
    work = next(rows(evidence, "work_orders", id=child["work_order"]))
    other = "completed" if work["state"] != "completed" else "failed"
    evidence.rows[node, "order_acceptance", "children"].append(child | {"work_order": "twin", "state": other})
    evidence.rows[node, "order_acceptance", "work_orders"].append(work | {"id": "twin", "state": other})
    assert {"all-or-nothing", "one-end"} <= broken(evidence)


def test_it_finds_a_group_whose_end_is_not_its_childrens(evidence: Evidence) -> None:
    _, group = next(iter(evidence.all("groups")))
    order = next(rows(evidence, "orders", id=group["order_id"]))
    order["document"]["productOrderItem"][0]["state"] = "pending"
    assert broken(evidence) == {"one-end"}
    evidence.rows["hq", "order_acceptance", "group_locks"] = [{"number": "1", "order_id": order["id"]}]
    assert broken(evidence) == {"one-end", "queues-empty"}


def test_it_finds_a_look_that_shows_too_much(evidence: Evidence) -> None:
    look = next(one for one in evidence.history if one["business"] == "look" and one.get("status") == 200)
    look["shown"]["owner"]["name"] = "陈晓明"
    assert broken(evidence) == {"looks-lawful"}
    look |= {"status": 404, "codes": ["number-unknown"]}
    for _, product in evidence.all("products"):
        product["status"] = "terminated" if product["number"] == look["number"] else product["status"]
    assert "looks-lawful" not in broken(evidence), "who has gone is not found"


def test_it_finds_books_that_differ_and_messages_that_nobody_took_in(evidence: Evidence) -> None:
    account = next(rows(evidence, "reconciliations", "hq_router", day=closed_days(evidence)[0]))
    account["state"] = "different"
    assert broken(evidence) == {"books-agree"}
    account["state"] = "matched"
    evidence.lost.append({"node": "gd", "package": "resource", "topic": "gd.resource.tasks", "id": "m-1"})
    assert broken(evidence) == {"taken-in-once"}


def test_it_finds_an_end_that_no_listener_heard(evidence: Evidence) -> None:
    node, order = next(
        (node, row) for node, row in evidence.all("orders") if node == "bj" and row["state"] == "completed"
    )
    ends = [one for one in evidence.heard if one["order"] == order["id"] and one["state"] == "completed"]
    assert ends
    evidence.heard = [one for one in evidence.heard if one not in ends]
    assert broken(evidence) == {"ends-are-heard"}
    evidence.heard += ends
    assert broken(evidence) == set()
    evidence.listening[node] = "2999-01-01T00:00:00+00:00"
    evidence.heard = [one for one in evidence.heard if one["node"] != node]
    assert broken(evidence) == set(), "who began to listen later was promised nothing of it"


def test_it_finds_an_end_that_was_heard_too_late_or_in_two_ways(evidence: Evidence) -> None:
    first = next(one for one in evidence.heard if one["state"] == "completed")
    (end,) = {one["happened"] for one in evidence.heard if one["event"] == first["event"]}
    evidence.heard.remove(first)
    again = [one for one in evidence.heard if one["event"] == first["event"]]
    evidence.heard = [one for one in evidence.heard if one not in again]
    late = str(datetime.fromisoformat(end) + timedelta(hours=1))
    evidence.heard.append(first | {"came": late})
    assert broken(evidence) == {"ends-are-heard"}
    evidence.heard[-1] = first
    evidence.heard.append(first | {"state": "failed"})
    assert broken(evidence) == {"ends-are-heard"}
