"""What each production system does with its tasks."""

import pytest

from contracts.tasks import Task
from deploy.simulators.tests.asking import NUMBER, activate, fees, post, start_billing, swap, undo
from deploy.simulators.tests.bench import Open, profile

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
