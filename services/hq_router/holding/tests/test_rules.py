"""What becomes of a held forward, by the clock and by operators, sentence by sentence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.hq_router.forwards.rules import (
    Arrived,
    Entry,
    HeldBecause,
    LedgerState,
    PassOn,
    Refuse,
    Said,
    Send,
    heard,
    taken_in,
)
from services.hq_router.holding.rules import (
    Gate,
    failed_by_operator,
    held_by_operator,
    released,
    released_by_operator,
)
from services.hq_router.homes.rules import Home
from services.hq_router.nodes.rules import ANY, Doors

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
TODAY = date(2026, 11, 24)
DEADLINE = NOON + timedelta(hours=72)
SILENT = HeldBecause.NODE_SILENT


def arrived(hold: HeldBecause | None) -> Entry:
    came = Arrived(1, "d1", TODAY, DEADLINE, 0, NOON)
    entry = taken_in(came, "bj", [], Home("gd"), NOON, hold).entry
    assert entry is not None
    return entry


def held(**given: object) -> Entry:
    return replace(arrived(SILENT), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("why", [SILENT, HeldBecause.SWITCHED_OFF, HeldBecause.QUEUED])
def test_what_may_not_go_is_recorded_with_its_home_and_held(why: HeldBecause) -> None:
    decision = taken_in(Arrived(1, "d1", TODAY, DEADLINE, 0, NOON), "bj", [], Home("gd"), NOON, why)
    assert decision.effects == ()
    assert decision.entry is not None
    assert (decision.entry.state, decision.entry.held, decision.entry.home) == ("held", why, "gd")
    assert decision.entry.held_since == NOON
    assert [(hop.direction, hop.what, hop.detail) for hop in decision.trail][-1] == ("here", "held", why)


def test_once_the_way_is_open_it_goes_as_it_came_and_keeps_its_accounting_day() -> None:
    tomorrow = NOON + timedelta(days=1)
    assert released(held(), "bj", tomorrow, SILENT) is None
    decision = released(held(), "bj", tomorrow, None)
    assert decision is not None
    assert decision.effects == (Send(),)
    assert decision.entry == arrived(None)
    assert decision.entry is not None
    assert decision.entry.accounting_day == TODAY


def test_the_router_is_the_judge_of_what_it_holds_and_of_nothing_else() -> None:
    past = DEADLINE + timedelta(microseconds=1)
    assert released(held(), "bj", DEADLINE, SILENT) is None
    for closed in (None, SILENT):
        decision = released(held(), "bj", past, closed)
        assert decision is not None
        assert decision.effects == (Refuse("deadline-passed", 1, 1),)
    assert released(arrived(None), "bj", past, None) is None


def test_an_operators_hold_ends_only_by_an_operator_or_at_the_deadline() -> None:
    decision = held_by_operator(held(), NOON)
    assert decision is not None
    kept = decision.entry
    assert kept is not None
    assert (kept.held, kept.held_since) == (HeldBecause.OPERATOR, NOON)
    assert released(kept, "bj", NOON + timedelta(hours=2), None) is None
    sent = released_by_operator(kept, "bj", NOON)
    assert sent is not None
    assert sent.effects == (Send(),)
    late = released(kept, "bj", DEADLINE + timedelta(seconds=1), None)
    assert late is not None
    assert late.effects == (Refuse("deadline-passed", 1, 1),)


def test_an_operator_may_fail_what_is_held() -> None:
    decision = failed_by_operator(held(sequence=4), "bj", NOON)
    assert decision is not None
    assert decision.effects == (Refuse("failed-by-operator", 1, 5),)
    assert decision.entry is not None
    assert (decision.entry.state, decision.entry.outcome, decision.entry.held) == ("ended", "rejected", None)


def test_an_operator_who_lets_go_too_late_ends_it() -> None:
    decision = released_by_operator(held(), "bj", DEADLINE + timedelta(seconds=1))
    assert decision is not None
    assert decision.effects == (Refuse("deadline-passed", 1, 1),)


@pytest.mark.parametrize("state", [LedgerState.SENT, LedgerState.ENDED])
def test_what_is_not_held_no_operator_moves(state: LedgerState) -> None:
    entry = replace(arrived(None), state=state)
    assert held_by_operator(entry, NOON) is None
    assert released_by_operator(entry, "bj", NOON) is None
    assert failed_by_operator(entry, "bj", NOON) is None


def test_a_disowned_number_whose_next_home_is_away_is_held_for_it() -> None:
    decision = heard(arrived(None), "bj", Said("gd", "not-mine", 1), Home("sh"), NOON, SILENT)
    assert decision.entry is not None
    assert (decision.entry.state, decision.entry.home, decision.entry.hops) == ("held", "sh", 2)
    assert decision.effects == ()


def test_homes_answer_to_a_question_reaches_the_origin_though_it_is_nothing_new() -> None:
    known = replace(arrived(None), sequence=5, outcome="in-progress")
    told = heard(known, "bj", Said("gd", "in-progress", 5, again=True), None, NOON)
    assert (told.entry, told.effects, told.trail) == (known, (PassOn(),), ())
    unasked = heard(known, "bj", Said("gd", "in-progress", 5), None, NOON)
    assert unasked.effects == ()


# -- the gate


def gate(*waiting: str, off: tuple[str, str] = ("xx", "xx")) -> Gate:
    heard_of = {"gd": NOON, "sh": NOON - timedelta(hours=1)}
    return Gate(Doors(heard_of, frozenset({off}), NOON - timedelta(days=1), NOON), set(waiting))


def test_later_ones_of_a_number_queue_behind_the_held_one() -> None:
    assert gate().why("gd", "pay", "1") is None
    assert gate("1").why("gd", "pay", "1") is HeldBecause.QUEUED
    assert gate("1").why("gd", "pay", "2") is None
    assert gate("1").why("gd", "pay", None) is None


def test_silence_and_switches_close_the_way() -> None:
    assert gate().why("sh", "pay", "1") is SILENT
    for off in (("gd", ANY), (ANY, "pay"), ("gd", "pay")):
        assert gate(off=off).why("gd", "pay", "1") is HeldBecause.SWITCHED_OFF
    assert gate(off=("gd", "pay")).why("gd", "replace-sim", "1") is None
