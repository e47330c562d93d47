"""What every production system does with what it is asked, and that its journal keeps it."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.steps import PRODUCTION_SYSTEMS, STEPS
from contracts.tasks import Task
from deploy.simulators.behaviour import Behaviour
from deploy.simulators.desk import Record
from deploy.simulators.journal import WrongJournal
from deploy.simulators.settings import SYSTEMS, SimulatorSettings, System
from deploy.simulators.system import own_tasks
from deploy.simulators.tests.asking import NOW, NUMBER, activate, fees, post, record, start_billing, undo
from deploy.simulators.tests.bench import LATER, Bench, Open, profile

# -- every system


def test_each_task_belongs_to_one_system_and_undos_to_that_of_their_do() -> None:
    owned = [name for system in SYSTEMS for name in own_tasks(system)]
    undos = [undo for name in PRODUCTION_SYSTEMS if (undo := STEPS[name].undo)]
    assert sorted(owned) == sorted([*PRODUCTION_SYSTEMS, *undos])


def test_a_system_leaves_the_tasks_of_others_alone(opened: Open) -> None:
    billing = opened("billing")
    assert billing.ask(post(), activate(profile("1"), "1")) == []
    assert billing.rows("SELECT * FROM tasks") == []


def test_a_task_asked_again_is_done_once_and_answered_each_time(opened: Open) -> None:
    accounting = opened("accounting")
    task = post()
    first, second = accounting.ask(task, task)
    assert first == second
    (third,) = accounting.ask(task)
    assert third == first
    assert accounting.rows("SELECT count(*) FROM postings") == [(1,)]
    answers = accounting.rows("SELECT answer_id FROM askings")
    assert len(set(answers)) == 3


def test_the_same_sending_delivered_twice_is_answered_once(opened: Open) -> None:
    accounting = opened("accounting")
    sending = record(post())
    assert len(accounting.take_in(sending, sending)) == 1
    assert accounting.take_in(sending) == []


def test_an_undo_that_comes_first_does_nothing_and_the_do_is_refused_for_ever(opened: Open) -> None:
    accounting = opened("accounting")
    task = post()
    (undone,) = accounting.ask(undo(task))
    assert undone.outcome == "done"
    for answer in accounting.ask(task, task):
        assert (answer.outcome, answer.reasons[0].code) == ("refused", "undone-before")
    assert accounting.rows("SELECT * FROM postings") == []


def test_the_undo_of_a_refused_do_is_done_and_does_nothing(opened: Open) -> None:
    accounting = opened("accounting", failure_rate=1)
    task = post()
    assert accounting.ask(task)[0].reasons[0].code == "accounting-refused"
    assert accounting.ask(undo(task))[0].outcome == "done"
    assert accounting.rows("SELECT * FROM postings") == []


def test_an_undo_asked_again_takes_back_once(opened: Open) -> None:
    accounting = opened("accounting")
    task = post()
    accounting.ask(task, undo(task), undo(task))
    accounting.ask(undo(task))
    assert accounting.rows("SELECT balance_fen FROM accounts") == [(0,)]


def test_what_is_no_task_is_noted_and_holds_nothing_back(opened: Open) -> None:
    accounting = opened("accounting")
    good = record(post(), offset=7)
    bare = Record("gd.production.tasks", 0, 8, None, b"{}", [])
    broken = Record(good.topic, 0, 9, good.key, b"{", [*good.headers[:1], ("ce_id", b"x"), *good.headers[2:]])
    assert len(accounting.take_in(bare, broken, good)) == 1
    assert [row[0] for row in accounting.rows('SELECT "offset" FROM unreadable ORDER BY 1')] == [8, 9]


def test_an_answer_that_nobody_waits_for_is_not_promised(opened: Open) -> None:
    accounting = opened("accounting")
    stray = post().model_copy(update={"reply_to": "gd.nobody.results"})
    foreign = post().model_copy(update={"node": "bj", "reply_to": "bj.order-acceptance.results"})
    assert accounting.take_in(record(stray, offset=1), record(foreign, offset=2)) == []
    assert accounting.rows("SELECT why FROM unreadable") == [
        ("an answer that nobody waits for",),
        ("a task of bj",),
    ]
    assert accounting.rows("SELECT * FROM postings") == []


def test_an_undo_by_another_name_is_noted_and_leaves_the_right_one_its_effect(opened: Open) -> None:
    accounting = opened("accounting")
    task = post()
    accounting.ask(task)
    refund = undo(task).model_copy(update={"name": str(STEPS["charge-fees"].undo)})
    assert accounting.take_in(record(refund, offset=5)) == []
    assert accounting.rows('SELECT "offset" FROM unreadable') == [(5,)]
    (undone,) = accounting.ask(undo(task))
    assert undone.outcome == "done"
    assert accounting.rows("SELECT balance_fen FROM accounts") == [(0,)]


def test_an_undo_that_says_do_is_not_done(opened: Open) -> None:
    accounting = opened("accounting")
    assert accounting.ask(post().model_copy(update={"name": str(STEPS["post-payment"].undo)})) == []
    assert accounting.rows("SELECT * FROM postings") == []


def test_a_task_that_fails_by_itself_is_noted_and_those_beside_it_are_done(opened: Open) -> None:
    accounting = opened("accounting")
    charges = [{"name": "n", "amount": "999999999999.99"}] * 100_000
    task = fees({"n": "1.00"})
    more_than_any = task.model_copy(update={"input": {**task.input, "charges": charges}})
    answers = accounting.take_in(record(post()), record(more_than_any, offset=5), record(post()))
    assert len(answers) == 2
    assert accounting.rows('SELECT "offset", why FROM unreadable') == [(5, "OverflowError")]


def test_a_task_whose_input_is_not_that_of_its_name_is_refused(opened: Open) -> None:
    (answer,) = opened("accounting").ask(post().model_copy(update={"input": {"account": "a-1"}}))
    assert (answer.outcome, answer.reasons[0].code) == ("refused", "task-malformed")


# -- special numbers, chance


@pytest.mark.parametrize(
    ("system", "task", "code"),
    [
        ("provisioning", activate(profile("1"), "1", number="13112349901"), "provisioning-failed"),
        ("accounting", post(number="13112349902"), "accounting-refused"),
        ("billing", start_billing(number="13112349903"), "billing-refused"),
    ],
)
def test_numbers_that_a_system_refuses(opened: Open, system: System, task: Task, code: str) -> None:
    (answer,) = opened(system).ask(task)
    assert (answer.outcome, answer.reasons[0].code) == ("refused", code)


def test_such_numbers_are_refused_by_one_system_only_and_never_after_the_point_of_no_return(
    opened: Open,
) -> None:
    accounting = opened("accounting")
    assert accounting.ask(post(number="13112349901"))[0].outcome == "done"
    assert accounting.ask(post(number="13112349902", final=True))[0].outcome == "done"


def test_special_numbers_may_be_switched_off(opened: Open) -> None:
    assert opened("accounting", special_numbers=False).ask(post(number="13112349902"))[0].outcome == "done"


def test_a_number_whose_first_asking_stays_unanswered_though_it_was_done(opened: Open) -> None:
    accounting = opened("accounting")
    task = post(number="13112349904")
    assert accounting.ask(task) == []
    assert accounting.rows("SELECT balance_fen FROM accounts") == [(5000,)]
    (answer,) = accounting.ask(task)
    assert answer.output == {"balance": "50.00"}


def test_a_number_that_is_answered_late(opened: Open) -> None:
    accounting = opened("accounting", late_ms=9_000)
    accounting.desk.take_in([record(post(number="13112349905"))], NOW, 100.0)
    assert accounting.journal.due(108.9, 10) == []
    assert accounting.journal.next_due() == 109.0
    assert len(accounting.journal.due(109.0, 10)) == 1


def test_a_number_whose_dos_are_never_answered_and_whose_undos_are(opened: Open) -> None:
    accounting = opened("accounting")
    task = post(number="13112349906")
    assert accounting.ask(task, task, task) == []
    assert accounting.ask(undo(task))[0].outcome == "done"
    assert accounting.rows("SELECT balance_fen FROM accounts") == [(0,)]


def test_a_number_whose_first_undo_stays_unanswered(opened: Open) -> None:
    accounting = opened("accounting")
    task = post(number="13112349907")
    assert len(accounting.ask(task)) == 1
    assert accounting.ask(undo(task)) == []
    assert accounting.ask(undo(task))[0].outcome == "done"
    assert accounting.rows("SELECT balance_fen FROM accounts") == [(0,)]


def test_chance_refuses_dos_only_and_stays_silent_as_often_as_it_is_told(opened: Open) -> None:
    failing = opened("accounting", "failing", failure_rate=1)
    assert failing.ask(post())[0].outcome == "refused"
    assert failing.ask(post(final=True))[0].outcome == "done"
    silent = opened("accounting", "silent", silence_rate=1)
    assert silent.ask(post()) == []
    assert silent.rows("SELECT count(*) FROM postings") == [(1,)]
    half = opened("accounting", "half", failure_rate=0.5, seed=7)
    outcomes = [answer.outcome for answer in half.ask(*(post() for _ in range(100)))]
    assert 25 < outcomes.count("refused") < 75


def test_delays_spread_around_their_average() -> None:
    settings = SimulatorSettings(nodes=("gd",), journal=Path("-"), delay_ms=100, delay_spread=0.2, seed=3)
    temper = Behaviour("accounting", settings)
    delays = [temper.answers_after(NUMBER, "do", 1) for _ in range(200)]
    assert all(delay is not None and 0.08 <= delay <= 0.12 for delay in delays)
    assert len(set(delays)) > 100


# -- durability


def test_a_restart_remembers_what_was_done_and_what_is_still_to_be_answered(opened: Open) -> None:
    before = opened("accounting")
    task = post()
    before.desk.take_in([record(task)], NOW, 1.0)
    before.journal.close()
    after = opened("accounting")
    (due,) = after.journal.due(LATER, 10)
    assert after.desk.result(due, NOW).output == {"balance": "50.00"}
    after.journal.answered([due], 2.0)
    assert after.ask(task)[0].output == {"balance": "50.00"}
    assert after.rows("SELECT count(*) FROM postings") == [(1,)]


def test_a_batch_is_kept_whole_or_not_at_all(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    accounting = opened("accounting")
    good, bad = record(post()), record(post())
    keep = accounting.journal.keep
    kept: list[str] = []

    def full(entry: Any) -> None:
        if kept:
            raise sqlite3.OperationalError("database or disk is full")
        kept.append(entry.task_id)
        keep(entry)

    monkeypatch.setattr(accounting.journal, "keep", full)
    with pytest.raises(sqlite3.OperationalError):
        accounting.desk.take_in([good, bad], NOW, 1.0)
    monkeypatch.undo()
    assert accounting.rows("SELECT * FROM tasks") == []
    assert accounting.rows("SELECT * FROM accounts") == []
    assert len(accounting.take_in(good, bad)) == 2


def test_the_journal_is_synced_at_every_commit(opened: Open) -> None:
    accounting = opened("accounting")
    assert accounting.rows("PRAGMA synchronous") == [(2,)]
    assert accounting.rows("PRAGMA journal_mode") == [("wal",)]


def test_a_journal_belongs_to_one_system(opened: Open) -> None:
    opened("accounting")
    with pytest.raises(WrongJournal, match="accounting, not of billing"):
        opened("billing")


# -- any order


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=25))
def test_whatever_order_tasks_come_in_balances_are_the_postings_that_were_not_taken_back(
    moves: list[tuple[int, bool]],
) -> None:
    """Dos and undos of four payments, in any order, any number of times."""
    bench = Bench(Path(":memory:"), "accounting")
    tasks = [post("10.00"), post("0.07"), fees({"fee": "3.00"}), post("25.50", account="a-2")]
    answers: dict[str, set[str]] = {}
    first: dict[int, bool] = {}
    for which, back in moves:
        first.setdefault(which, back)
        asked = undo(tasks[which]) if back else tasks[which]
        (answer,) = bench.ask(asked)
        answers.setdefault(answer.task_id, set()).add(answer.model_dump_json())
        assert answer.outcome == "done" or answer.reasons[0].code == "undone-before"
        assert answer.direction == "do" or answer.outcome == "done"
    assert all(len(same) == 1 for same in answers.values())
    undone = {which for which, back in moves if back}
    standing = {which for which, back in first.items() if not back} - undone
    fen = {0: 1000, 1: 7, 2: -300, 3: 2550}
    balance = dict(bench.rows("SELECT account, balance_fen FROM accounts"))
    assert balance.get("a-1", 0) == sum(fen[which] for which in standing if which != 3)
    assert balance.get("a-2", 0) == (2550 if 3 in standing else 0)
    assert sum(balance.values()) == sum(row[0] for row in bench.rows("SELECT amount_fen FROM postings"))
    bench.journal.close()
