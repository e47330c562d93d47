"""What the router decides, sentence by sentence, and by random histories."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.work_orders import ENDED
from libs.clock import closes_at
from services.hq_router.days import is_late
from services.hq_router.forwards.rules import (
    CLOCK_DIFFERENCE,
    HELD_FOR,
    MOST_HOPS,
    Arrived,
    Decision,
    Entry,
    HeldBecause,
    LedgerState,
    PassOn,
    Refuse,
    Repeat,
    Report,
    Said,
    Send,
    heard,
    may_speak,
    taken_in,
)
from services.hq_router.holding.rules import (
    failed_by_operator,
    held_by_operator,
    released,
    released_by_operator,
)
from services.hq_router.homes.rules import Home, NoHome

NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
TODAY = date(2026, 11, 24)
DEADLINE = NOON + timedelta(hours=72)
GD = Home("gd")


def came(attempt: int = 1, **given: object) -> Arrived:
    usual = Arrived(attempt, "d1", TODAY, DEADLINE, 0, NOON)
    return replace(usual, **given)  # type: ignore[arg-type]


def sent(**given: object) -> Entry:
    decision = taken_in(came(), "bj", [], GD, NOON)
    assert decision.entry is not None
    return replace(decision.entry, **given)  # type: ignore[arg-type]


def ended(outcome: str, **given: object) -> Entry:
    return replace(sent(state=LedgerState.ENDED, outcome=outcome, sequence=9), **given)  # type: ignore[arg-type]


def said(state: str, sequence: int = 1, node: str = "gd") -> Said:
    return Said(node, state, sequence, "t-1")


def refusal(decision: Decision) -> str:
    (effect,) = decision.effects
    assert isinstance(effect, Refuse)
    return effect.code


def test_a_forward_is_recorded_and_sent_home() -> None:
    decision = taken_in(came(), "bj", [], GD, NOON)
    assert decision.entry == Entry(1, "d1", TODAY, DEADLINE, LedgerState.SENT, home="gd", hops=1)
    assert decision.effects == (Send(),)
    assert [(hop.direction, hop.node, hop.what) for hop in decision.trail] == [
        ("up", "bj", "forward"),
        ("down", "gd", "forward"),
    ]


@pytest.mark.parametrize("code", ["number-unknown", "number-not-ours"])
def test_without_a_home_it_is_rejected_with_the_reason(code: str) -> None:
    decision = taken_in(came(), "bj", [], NoHome(code), NOON)  # type: ignore[arg-type]
    assert refusal(decision) == code
    assert decision.entry is not None
    assert (decision.entry.state, decision.entry.outcome, decision.entry.home) == ("ended", "rejected", None)


def test_a_route_that_leads_nowhere_is_refused() -> None:
    assert refusal(taken_in(came(), "bj", [], None, NOON)) == "route-unknown"


def test_after_its_deadline_it_is_not_sent_and_clocks_may_differ_by_a_minute() -> None:
    edge = came(deadline=NOON - CLOCK_DIFFERENCE)
    assert taken_in(edge, "bj", [], GD, NOON).effects == (Send(),)
    past = replace(edge, deadline=edge.deadline - timedelta(microseconds=1))
    assert refusal(taken_in(past, "bj", [], GD, NOON)) == "deadline-passed"


def test_what_has_gone_three_hops_goes_no_further() -> None:
    assert taken_in(came(hops=MOST_HOPS - 1), "bj", [], GD, NOON).effects == (Send(),)
    assert refusal(taken_in(came(hops=MOST_HOPS), "bj", [], GD, NOON)) == "number-unknown"


# -- duplicates


def test_a_duplicate_of_a_success_gets_the_first_result() -> None:
    first = ended("completed")
    decision = taken_in(came(), "bj", [first], GD, NOON)
    assert decision.effects == (Repeat(1),)
    assert decision.entry == first
    assert not decision.changed


@pytest.mark.parametrize("state", [LedgerState.SENT, LedgerState.HELD])
def test_a_duplicate_of_what_is_under_way_gets_its_state(state: LedgerState) -> None:
    decision = taken_in(came(), "bj", [sent(state=state)], GD, NOON)
    assert decision.effects == (Report(),)
    assert not decision.changed


def test_the_same_ids_with_another_content_are_refused_and_the_first_goes_on() -> None:
    first = sent(sequence=3)
    decision = taken_in(came(digest="d2"), "bj", [first], GD, NOON)
    assert decision.effects == (Refuse("digest-differs", 1, 3, duplicate=True),)
    assert decision.entry == first


def test_a_failure_asked_again_under_the_same_attempt_gets_the_first_answer() -> None:
    assert taken_in(came(), "bj", [ended("failed")], GD, NOON).effects == (Repeat(1),)


@pytest.mark.parametrize("outcome", ["failed", "rejected", "cancelled"])
def test_a_failure_may_be_tried_again_as_a_new_attempt(outcome: str) -> None:
    decision = taken_in(came(2, digest="d2"), "bj", [ended(outcome)], GD, NOON)
    assert decision.effects == (Send(),)
    assert decision.entry is not None
    assert decision.entry.attempt == 2


def test_a_success_is_never_done_again_under_a_new_attempt() -> None:
    assert taken_in(came(2), "bj", [ended("completed")], GD, NOON).effects == (Repeat(2),)
    changed = taken_in(came(2, digest="d2"), "bj", [ended("completed")], GD, NOON)
    assert changed.effects == (Refuse("digest-differs", 2, 9, duplicate=True),)


def test_an_attempt_that_comes_before_the_end_of_the_one_before_waits() -> None:
    assert taken_in(came(2), "bj", [sent()], GD, NOON).entry is None


def test_an_attempt_that_comes_after_a_later_one_is_refused() -> None:
    later = ended("failed", attempt=2)
    assert refusal(taken_in(came(1), "bj", [later], GD, NOON)) == "attempt-superseded"


# -- accounting days


def test_a_new_attempt_on_another_day_is_refused() -> None:
    tomorrow = NOON + timedelta(days=1)
    assert (
        refusal(taken_in(came(2, made=tomorrow), "bj", [ended("failed")], GD, tomorrow))
        == "accounting-day-closed"
    )
    moved = came(2, made=tomorrow, accounting_day=TODAY + timedelta(days=1))
    assert refusal(taken_in(moved, "bj", [ended("failed")], GD, tomorrow)) == "accounting-day-closed"


def test_a_new_attempt_made_in_time_is_taken_whenever_it_arrives() -> None:
    decision = taken_in(came(2), "bj", [ended("failed")], GD, NOON + timedelta(days=2))
    assert decision.effects == (Send(),)


def test_a_first_attempt_is_taken_on_any_day_and_marked_late_once_its_day_is_closed() -> None:
    closing = closes_at(TODAY)
    in_time = taken_in(came(), "bj", [], GD, closing - timedelta(microseconds=1))
    late = taken_in(came(), "bj", [], GD, closing)
    assert in_time.entry is not None
    assert late.entry is not None
    assert (in_time.entry.late, late.entry.late) == (False, True)
    assert late.effects == (Send(),)
    assert late.entry.accounting_day == TODAY


def test_a_day_closes_at_six_in_the_morning_of_the_next_in_shanghai() -> None:
    assert closes_at(TODAY).astimezone(UTC) == datetime(2026, 11, 24, 22, tzinfo=UTC)
    assert not is_late(TODAY, datetime(2026, 11, 24, 21, 59, tzinfo=UTC))


def test_an_outcome_after_the_close_marks_the_forward_late() -> None:
    decision = heard(sent(), "bj", said("completed"), None, closes_at(TODAY))
    assert decision.entry is not None
    assert decision.entry.late


# -- what homes say


@pytest.mark.parametrize("state", sorted(ENDED))
def test_homes_end_is_recorded_and_passed_on(state: str) -> None:
    decision = heard(sent(), "bj", said(state, 4), None, NOON)
    assert decision.entry is not None
    assert (decision.entry.state, decision.entry.outcome, decision.entry.sequence) == ("ended", state, 4)
    assert decision.entry.home_transaction == "t-1"
    assert decision.effects == (PassOn(),)


@pytest.mark.parametrize("state", ["received", "in-progress"])
def test_progress_is_recorded_and_passed_on(state: str) -> None:
    decision = heard(sent(), "bj", said(state, 2), None, NOON)
    assert decision.entry is not None
    assert (decision.entry.state, decision.entry.outcome, decision.entry.sequence) == ("sent", state, 2)
    assert decision.effects == (PassOn(),)


def test_what_is_older_than_what_is_known_changes_nothing() -> None:
    known = sent(sequence=5, outcome="in-progress")
    for late in (said("received", 4), said("in-progress", 5), said("completed", 4)):
        decision = heard(known, "bj", late, None, NOON)
        assert decision.entry == known
        assert decision.effects == ()
        assert decision.trail[0].what.endswith("ignored")


def test_after_the_end_nothing_changes() -> None:
    over = ended("completed")
    for state in ("failed", "in-progress", "not-mine", "version-unknown"):
        assert heard(over, "bj", said(state, 99), GD, NOON).effects == ()


def test_what_is_not_the_homes_goes_on_to_the_next() -> None:
    decision = heard(sent(), "bj", said("not-mine"), Home("sh"), NOON)
    assert decision.entry is not None
    assert (decision.entry.home, decision.entry.hops, decision.entry.tried) == ("sh", 2, ("gd",))
    assert decision.effects == (Send(),)
    third = heard(decision.entry, "bj", said("not-mine", node="sh"), Home("js"), NOON)
    assert third.effects == (Send(),)
    assert third.entry is not None
    fourth = heard(third.entry, "bj", said("not-mine", node="js"), Home("zj"), NOON)
    assert refusal(fourth) == "number-unknown"


def test_not_mine_from_the_only_route_ends_as_unknown() -> None:
    assert refusal(heard(sent(), "bj", said("not-mine"), NoHome("number-unknown"), NOON)) == "number-unknown"
    assert refusal(heard(sent(), "bj", said("not-mine"), None, NOON)) == "number-unknown"


def test_the_next_homes_sequence_begins_anew() -> None:
    disowned = heard(sent(), "bj", said("not-mine", 7), Home("sh"), NOON).entry
    assert disowned is not None
    decision = heard(disowned, "bj", said("received", 1, node="sh"), None, NOON)
    assert decision.effects == (PassOn(),)


def test_only_the_recorded_home_speaks_and_a_former_one_only_says_again_that_it_is_not() -> None:
    moved = heard(sent(), "bj", said("not-mine"), Home("sh"), NOON).entry
    assert moved is not None
    assert may_speak(moved, said("completed", node="sh"))
    assert may_speak(moved, said("not-mine", node="gd"))
    assert not may_speak(moved, said("completed", node="gd"))
    assert not may_speak(moved, said("not-mine", node="zj"))
    again = heard(moved, "bj", said("not-mine", node="gd"), Home("js"), NOON)
    assert (again.entry, again.effects) == (moved, ())


# -- holding


def test_a_home_without_the_version_leaves_it_held_and_is_asked_again() -> None:
    held = heard(sent(), "bj", said("version-unknown"), None, NOON).entry
    assert held is not None
    assert (held.state, held.next_at) == (LedgerState.HELD, NOON + HELD_FOR)
    assert released(held, "bj", NOON + HELD_FOR - timedelta(seconds=1), None) is None
    decision = released(held, "bj", NOON + HELD_FOR, None)
    assert decision is not None
    assert decision.effects == (Send(),)
    assert decision.entry is not None
    assert (decision.entry.state, decision.entry.hops) == (LedgerState.SENT, held.hops)


# -- any history

closings = st.sampled_from([None, None, *HeldBecause])
events = st.lists(
    st.one_of(
        st.tuples(st.just("forward"), st.integers(1, 3), st.tuples(st.sampled_from(["d1", "d2"]), closings)),
        st.tuples(
            st.just("said"),
            st.sampled_from(
                ["received", "in-progress", "completed", "failed", "rejected", "not-mine", "version-unknown"]
            ),
            st.tuples(st.integers(0, 6), closings, st.booleans()),
        ),
        st.tuples(st.just("time"), st.integers(0, 60 * 40), closings),
        st.tuples(st.just("operator"), st.sampled_from(["hold", "release", "fail"]), st.none()),
    ),
    max_size=30,
)
GIVEN_BACK = ("not-mine", "version-unknown")
HOMES_WORDS = ("received", "in-progress", "completed", "failed", "rejected", *GIVEN_BACK)
ROUTES = ("gd", "sh", "js", "zj", "fj")


@given(events, st.integers(1, 5))
def test_whatever_happens_a_forward_ends_once_and_what_was_sent_is_never_failed_or_held_by_the_router(
    history: list[Any], routes: int
) -> None:
    ledger: dict[int, Entry] = {}
    endings: dict[int, int] = {}
    sends: dict[int, list[str]] = {}
    now = NOON

    def route(tried: tuple[str, ...]) -> Home | NoHome:
        left = [node for node in ROUTES[:routes] if node not in tried]
        return Home(left[0]) if left else NoHome("number-unknown")

    operators: dict[str, Callable[[Entry], Decision | None]] = {
        "hold": lambda entry: held_by_operator(entry, now),
        "release": lambda entry: released_by_operator(entry, "bj", now),
        "fail": lambda entry: failed_by_operator(entry, "bj", now),
    }

    def carry(before: Entry | None, decision: Decision | None, by: str) -> None:
        if decision is None or decision.entry is None:
            return
        entry = decision.entry
        if before is not None and before.state is LedgerState.SENT:
            assert entry == before or by in HOMES_WORDS, "what was sent is home's"
            assert entry.state is not LedgerState.HELD or by in GIVEN_BACK
            assert not any(
                isinstance(one, Refuse) and not one.duplicate for one in decision.effects
            ) or by in ("not-mine",)
        if before is not None:
            assert entry.late >= before.late
            assert entry.hops >= before.hops
            if before.ended:
                assert entry == before
            elif entry.home == before.home:
                assert entry.sequence >= before.sequence
        assert decision.changed == (entry != before) or entry == before
        held = entry.state is LedgerState.HELD
        assert held == (entry.next_at is not None) == (entry.held is not None)
        assert held == (entry.held_since is not None)
        assert entry.hops <= MOST_HOPS
        assert len(set(entry.tried)) == len(entry.tried)
        for effect in decision.effects:
            ends = (isinstance(effect, Refuse) and not effect.duplicate) or (
                isinstance(effect, PassOn) and entry.ended
            )
            if ends:
                endings[entry.attempt] = endings.get(entry.attempt, 0) + 1
            if isinstance(effect, Send):
                sends.setdefault(entry.attempt, []).append(str(entry.home))
        ledger[entry.attempt] = entry

    for kind, what, detail in history:
        if kind == "time":
            now += timedelta(minutes=what)
            for entry in list(ledger.values()):
                carry(entry, released(entry, "bj", now, detail), "time")
        elif kind == "operator":
            for entry in list(ledger.values()):
                carry(entry, operators[what](entry), "operator")
        elif kind == "forward":
            digest, hold = detail
            arrived = came(what, digest=digest, made=now)
            decision = taken_in(arrived, "bj", list(ledger.values()), route(()), now, hold)
            carry(ledger.get(decision.entry.attempt) if decision.entry else None, decision, "forward")
        elif ledger:
            entry = ledger[max(ledger)]
            sequence, hold, again = detail
            spoken = Said(entry.home or "gd", what, sequence, again=again)
            if may_speak(entry, spoken):
                carry(entry, heard(entry, "bj", spoken, route((*entry.tried, spoken.node)), now, hold), what)
    for attempt, entry in ledger.items():
        assert endings.get(attempt, 0) == int(entry.ended)
    open_ones = [entry.attempt for entry in ledger.values() if not entry.ended]
    assert len(open_ones) <= 1
    done = [entry for entry in ledger.values() if entry.outcome == "completed"]
    assert len(done) <= 1
