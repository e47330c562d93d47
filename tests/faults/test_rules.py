"""The checker's rules that need no fleet to be seen broken: a small piece of evidence, doctored as a fault of the
product would have left it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.faults.checker.evidence import ACCEPTANCE, Evidence, Row
from tests.faults.checker.findings import by_rule
from tests.faults.checker.verdict import LONGEST, check
from tests.faults.small import CARD, NUMBER, OPENED, PAID, small


@pytest.fixture
def evidence() -> Evidence:
    return small()


def the(evidence: Evidence, name: str, package: str = ACCEPTANCE, **wanted: object) -> Row:
    """The one row that is so."""
    everywhere = [row for _, row in evidence.all(name, package)] + evidence.journals.get((package, name), [])
    (row,) = (row for row in everywhere if all(row[column] == value for column, value in wanted.items()))
    return row


def broken(evidence: Evidence) -> set[str]:
    return set(by_rule(check(evidence)))


def test_it_finds_nothing_where_all_is_well(evidence: Evidence) -> None:
    assert check(evidence) == []


def test_it_finds_an_order_that_took_too_long(evidence: Evidence) -> None:
    work = the(evidence, "work_orders", id="gd-0")
    work["updated"] = work["created"] + LONGEST + timedelta(seconds=1)
    assert broken(evidence) == {"in-time"}
    # What is dated begins on the 1st, 00:00 in China.
    work["content"]["effective"] = "next-cycle"
    assert broken(evidence) == set()
    work["updated"] += timedelta(days=6)
    assert broken(evidence) == {"in-time"}


def test_it_finds_what_was_undone_twice(evidence: Evidence) -> None:
    """The undo of a step was asked for once more, under another name, and done once more."""
    tasks = evidence.journals["billing", "tasks"]
    do = the(evidence, "tasks", "billing")
    undo = do | {"task_id": "u-1", "direction": "undo", "name": "stop-billing"}
    # It was done again, so that in the end it is there once.
    tasks += [undo, do | {"task_id": "d-2", "does": "d-2"}]
    assert broken(evidence) == set()
    tasks += [undo | {"task_id": "u-2"}, do | {"task_id": "d-3", "does": "d-3"}]
    assert broken(evidence) == {"undone-once"}


def test_it_finds_what_was_undone_and_never_done(evidence: Evidence) -> None:
    do = the(evidence, "tasks", "billing")
    undo = do | {"task_id": "u-1", "does": "never", "direction": "undo", "name": "stop-billing"}
    evidence.journals["billing", "tasks"].append(undo)
    assert broken(evidence) == {"undone-once"}


def test_it_finds_an_effect_that_happened_twice_or_not_at_all(evidence: Evidence) -> None:
    tasks = evidence.journals["provisioning", "tasks"]
    (do,) = tasks
    tasks.append(do | {"task_id": "d-2", "does": "d-2"})
    assert broken(evidence) == {"effects-once"}
    tasks.clear()
    assert broken(evidence) == {"effects-once"}


def test_it_finds_a_network_that_serves_another_card_or_bars_whom_nobody_suspended(
    evidence: Evidence,
) -> None:
    served = the(evidence, "subscribers", "provisioning")
    served["imsi"] = "another"
    assert broken(evidence) == {"network-agrees"}
    evidence.journals["provisioning", "subscribers"].clear()
    assert broken(evidence) == {"network-agrees"}


def test_it_finds_a_bar_that_nobody_asked_for_and_one_that_is_missing(evidence: Evidence) -> None:
    barrings = evidence.journals["provisioning", "barrings"]
    barrings.append({"node": "gd", "number": NUMBER, "barring": "all"})
    assert broken(evidence) == {"network-agrees"}
    suspension = {"product": "subscription", "reason": "lost", "barring": "all"}
    evidence.rows["gd", ACCEPTANCE, "suspensions"] = [suspension]
    the(evidence, "products")["status"] = "suspended"
    assert broken(evidence) == set()
    barrings.clear()
    assert broken(evidence) == {"network-agrees"}


def test_it_finds_whom_the_network_serves_and_no_province_has(evidence: Evidence) -> None:
    stranger = {"node": "bj", "number": "13000105000", "imsi": "another", "services": "[]"}
    evidence.journals["provisioning", "subscribers"].append(stranger)
    assert broken(evidence) == {"network-agrees"}


@pytest.mark.parametrize("value", [NUMBER, CARD])
def test_it_finds_a_number_and_a_card_that_are_free_and_in_a_hand(evidence: Evidence, value: str) -> None:
    evidence.rows["gd", "resource", "resources"].remove(the(evidence, "resources", "resource", value=value))
    assert broken(evidence) == {"stock-agrees"}


def test_it_finds_a_profile_that_is_free_and_in_a_card(evidence: Evidence) -> None:
    evidence.rows["gd", "resource", "profiles"].clear()
    assert broken(evidence) == {"stock-agrees"}


def test_it_finds_a_number_that_is_bound_to_another_subscription(evidence: Evidence) -> None:
    the(evidence, "resources", "resource", value=NUMBER)["bound_to"] = "another"
    assert broken(evidence) == {"stock-agrees"}


def test_it_finds_a_bill_too_many_one_too_few_and_one_of_another_amount(evidence: Evidence) -> None:
    bills = evidence.rows["hq", "hq_router", "bills"]
    (bill,) = bills
    bills.append(dict(bill))
    assert broken(evidence) == {"bills-once"}
    bills[:] = [bill | {"amount": Decimal("300.00")}]
    assert broken(evidence) == {"bills-once"}
    bills.clear()
    assert broken(evidence) == {"bills-once"}
    bills[:] = [bill, bill | {"work_order": "of nobody"}]
    assert broken(evidence) == {"bills-once"}


def test_it_finds_a_payment_that_was_taken_down_wrongly(evidence: Evidence) -> None:
    """Everybody agrees on 300 yuan afterwards: accounts, posting and bill; but 30 were paid."""
    the(evidence, "payments", id=PAID)["amount"] = Decimal("300.00")
    for work in (the(evidence, "work_orders", id=id_) for id_ in ("bj-1", "gd-1")):
        work["content"]["amount"] = "300.00"
    the(evidence, "bills", "hq_router")["amount"] = Decimal("300.00")
    the(evidence, "postings", "accounting", reference=PAID)["amount_fen"] = 30000
    the(evidence, "accounts", "accounting")["balance_fen"] += 27000
    assert broken(evidence) == {"as-asked"}


def test_it_finds_a_payment_for_another_number_and_one_that_home_understood_otherwise(
    evidence: Evidence,
) -> None:
    the(evidence, "payments", id=PAID)["number"] = "13000405001"
    assert broken(evidence) == {"as-asked"}
    the(evidence, "payments", id=PAID)["number"] = NUMBER
    home = the(evidence, "work_orders", id="gd-1")
    home["number"] = "13000405001"
    assert broken(evidence) == {"as-asked"}
    home["number"] = NUMBER
    home["content"]["amount"] = "3.00"
    assert broken(evidence) == {"as-asked"}


def test_it_finds_an_order_that_was_stored_as_another(evidence: Evidence) -> None:
    order = the(evidence, "orders", id=OPENED)
    order["category"] = "subscribe"
    assert broken(evidence) == {"as-asked"}
    order["category"] = "open-account"
    order["document"]["productOrderItem"][0]["productOffering"] = {"id": "a dearer plan"}
    assert broken(evidence) == {"as-asked"}
    order["document"]["productOrderItem"][0]["productOffering"] = {"id": "plan", "name": "as it is called"}
    assert broken(evidence) == set()


def test_it_finds_money_that_left_the_counter_by_itself(evidence: Evidence) -> None:
    left = the(evidence, "payments", id="left")
    left["status"] = "done"
    assert broken(evidence) == {"as-asked"}
    left |= {"status": "authorized", "refunded": Decimal("10.00")}
    assert broken(evidence) == {"as-asked"}
    left["refunded"] = Decimal(0)
    refund = {"payment": "left", "order_id": None, "amount": Decimal("10.00")}
    evidence.rows["gd", ACCEPTANCE, "refunds"] = [refund]
    assert broken(evidence) == {"as-asked"}


def test_it_finds_a_subscription_that_no_order_opened(evidence: Evidence) -> None:
    the(evidence, "products")["opened_by"] = "nobody"
    assert broken(evidence) == {"as-asked"}
