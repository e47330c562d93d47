"""What each production system does with its tasks."""

import pytest

from contracts.tasks import Task
from deploy.simulators.tests.asking import (
    NUMBER,
    activate,
    ask_balance,
    change_billing,
    change_services,
    end_billing,
    fees,
    post,
    remove,
    set_barring,
    start_billing,
    swap,
    undo,
)
from deploy.simulators.tests.bench import Bench, Open, profile

# -- accounting


def test_a_payment_is_posted_and_the_balance_told(opened: Open) -> None:
    accounting = opened("accounting")
    first, second = accounting.ask(post("50.00"), post("0.10"))
    assert (first.outcome, first.output, first.executor) == ("done", {"balance": "50.00"}, "accounting")
    assert second.output == {"balance": "50.10"}


def test_fees_are_charged_to_the_account_even_below_nothing(opened: Open) -> None:
    (answer,) = opened("accounting").ask(fees({"replace-sim": "10.00", "express": "0.50"}))
    assert answer.output == {"balance": "-10.50"}


@pytest.mark.parametrize("task", [post("50.00"), fees({"fee": "10.00"})])
def test_a_posting_is_taken_back_by_its_reversal(opened: Open, task: Task) -> None:
    accounting = opened("accounting")
    accounting.ask(task)
    (answer,) = accounting.ask(undo(task))
    assert (answer.direction, answer.outcome, answer.output) == ("undo", "done", {})
    assert accounting.rows("SELECT balance_fen FROM accounts") == [(0,)]
    assert accounting.rows("SELECT sum(amount_fen), count(*) FROM postings") == [(0, 2)]


def test_a_balance_is_told_and_not_changed(opened: Open) -> None:
    accounting = opened("accounting")
    accounting.ask(post("50.00"), fees({"fee": "60.50"}))
    first, again, other = accounting.ask(ask_balance(), ask_balance(), ask_balance("nobody's"))
    assert (first.output, again.output) == ({"balance": "-10.50"}, {"balance": "-10.50"})
    assert other.output == {"balance": "0.00"}
    assert accounting.rows("SELECT count(*) FROM accounts") == [(1,)]


# -- billing


def test_a_subscription_is_billed_until_that_is_undone(opened: Open) -> None:
    billing = opened("billing")
    task = start_billing()
    billing.ask(task)
    assert billing.rows("SELECT number, recurring FROM billed") == [
        (NUMBER, '[{"name":"monthly","amount":"39.00"}]')
    ]
    billing.ask(undo(task))
    assert billing.rows("SELECT * FROM billed") == []


def test_nothing_is_billed_twice(opened: Open) -> None:
    billing = opened("billing")
    first, second = start_billing("s-1"), start_billing("s-1")
    assert [answer.outcome for answer in billing.ask(first, second)] == ["done", "refused"]
    billing.ask(undo(second))
    assert len(billing.rows("SELECT * FROM billed")) == 1


def billed_now(billing: Bench) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = billing.rows("SELECT offerings, recurring FROM billed")
    return rows


def test_other_offerings_are_billed_until_that_is_undone(opened: Open) -> None:
    billing = opened("billing")
    task = change_billing("s-1", "plan-2", "option-1")
    billing.ask(start_billing("s-1"))
    before = billed_now(billing)
    billing.ask(task)
    assert billed_now(billing) == [('["plan-2","option-1"]', '[{"name":"monthly","amount":"59.00"}]')]
    billing.ask(undo(task))
    assert billed_now(billing) == before


def test_billing_ends_and_is_taken_up_again_as_it_was(opened: Open) -> None:
    billing = opened("billing")
    started, changed, ended = start_billing("s-1"), change_billing("s-1", "plan-2"), end_billing("s-1")
    billing.ask(started, changed)
    before = billing.rows("SELECT * FROM billed")
    billing.ask(ended)
    assert billed_now(billing) == []
    billing.ask(undo(ended))
    assert billing.rows("SELECT * FROM billed") == before
    billing.ask(undo(changed), undo(started))
    assert billed_now(billing) == []


def test_what_is_not_billed_cannot_be_changed_and_need_not_be_ended(opened: Open) -> None:
    billing = opened("billing")
    ended = end_billing("s-9")
    changed, gone = billing.ask(change_billing("s-9", "plan-2"), ended)
    assert (changed.outcome, changed.reasons[0].code) == ("refused", "not-billed")
    assert gone.outcome == "done"
    assert billing.ask(undo(ended))[0].outcome == "done"
    assert billed_now(billing) == []


# -- provisioning


def test_a_subscriber_exists_until_that_is_undone(opened: Open) -> None:
    provisioning = opened("provisioning")
    task = activate(profile("460011"), "460011")
    assert provisioning.ask(task)[0].outcome == "done"
    assert provisioning.rows("SELECT number, imsi FROM subscribers") == [(NUMBER, "460011")]
    provisioning.ask(undo(task))
    assert provisioning.rows("SELECT * FROM subscribers") == []


def test_a_card_is_swapped_and_swapped_back(opened: Open) -> None:
    provisioning = opened("provisioning")
    task = swap(profile("460012"), "460012", replaces="460011")
    provisioning.ask(activate(profile("460011"), "460011"), task)
    assert provisioning.rows("SELECT imsi FROM subscribers") == [("460012",)]
    provisioning.ask(undo(task))
    assert provisioning.rows("SELECT imsi, profile FROM subscribers") == [("460011", profile("460011"))]


def test_a_card_that_another_has_replaced_meanwhile_is_not_swapped(opened: Open) -> None:
    provisioning = opened("provisioning")
    provisioning.ask(activate(profile("460011"), "460011"))
    (answer,) = provisioning.ask(swap(profile("460012"), "460012", replaces="460099"))
    assert (answer.outcome, answer.reasons[0].code) == ("refused", "imsi-differs")
    assert provisioning.rows("SELECT imsi FROM subscribers") == [("460011",)]


@pytest.mark.parametrize(
    "task",
    [
        activate(profile("460011"), "460011"),
        activate(profile("460077"), "460011", number="13112340000"),
        activate("in clear", "460088", number="13112340000"),
        activate('sealed:{"imsi": "460088"}', "460088", number="13112340000"),
        activate(profile("460011"), "460011", number="13112340000"),
        swap(profile("460012"), "460012", replaces="460011", number="13112340000"),
    ],
    ids=["active already", "another's profile", "not sealed", "without ki", "imsi in use", "no subscriber"],
)
def test_what_the_network_cannot_do_is_refused(opened: Open, task: Task) -> None:
    provisioning = opened("provisioning")
    provisioning.ask(activate(profile("460011"), "460011"))
    before = provisioning.rows("SELECT * FROM subscribers")
    (answer,) = provisioning.ask(task)
    assert (answer.outcome, answer.reasons[0].code) == ("refused", "provisioning-failed")
    assert provisioning.rows("SELECT * FROM subscribers") == before


def test_a_subscriber_is_barred_until_that_is_undone(opened: Open) -> None:
    provisioning = opened("provisioning")
    first, second = set_barring("outgoing"), set_barring("all", "outgoing")
    provisioning.ask(activate(profile("460011"), "460011"), first, second)
    assert provisioning.rows("SELECT number, barring FROM barrings") == [(NUMBER, "all")]
    provisioning.ask(undo(second))
    assert provisioning.rows("SELECT barring FROM barrings") == [("outgoing",)]
    provisioning.ask(set_barring("none", "outgoing"))
    assert provisioning.rows("SELECT * FROM barrings") == []


def test_services_are_changed_and_changed_back(opened: Open) -> None:
    provisioning = opened("provisioning")
    task = change_services("plan-2", "option-1")
    provisioning.ask(activate(profile("460011"), "460011"), task)
    assert provisioning.rows("SELECT services FROM subscribers") == [('["plan-2","option-1"]',)]
    provisioning.ask(undo(task))
    assert provisioning.rows("SELECT services FROM subscribers") == [("[]",)]


def test_a_removed_subscriber_comes_back_as_he_was(opened: Open) -> None:
    provisioning = opened("provisioning")
    task = remove("460011")
    provisioning.ask(activate(profile("460011"), "460011"), set_barring("outgoing"), change_services("plan"))
    before = provisioning.rows("SELECT * FROM subscribers, barrings")
    assert provisioning.ask(task)[0].outcome == "done"
    assert provisioning.rows("SELECT * FROM subscribers") == provisioning.rows("SELECT * FROM barrings") == []
    provisioning.ask(undo(task))
    assert provisioning.rows("SELECT * FROM subscribers, barrings") == before


@pytest.mark.parametrize("task", [set_barring("all"), change_services("plan"), remove("460011")])
def test_whoever_the_network_does_not_know_cannot_be_changed(opened: Open, task: Task) -> None:
    provisioning = opened("provisioning")
    (answer,) = provisioning.ask(task)
    assert (answer.outcome, answer.reasons[0].code) == ("refused", "provisioning-failed")
    assert provisioning.rows("SELECT * FROM subscribers_before") == []


def test_only_the_card_that_is_in_use_is_removed(opened: Open) -> None:
    provisioning = opened("provisioning")
    (_, answer) = provisioning.ask(activate(profile("460011"), "460011"), remove("460099"))
    assert (answer.outcome, answer.reasons[0].code) == ("refused", "imsi-differs")
    assert provisioning.rows("SELECT imsi FROM subscribers") == [("460011",)]
    assert provisioning.rows("SELECT * FROM subscribers_before") == []
