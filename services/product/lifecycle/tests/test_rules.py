from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from services.product.lifecycle.rules import (
    DRAFT,
    FIRST,
    INITIAL,
    NEXT,
    State,
    may_be_incomplete,
    may_follow,
    valid_at,
)

STATES = get_args(State)
WAY = ("In study", "In design", "In test", "Active", "Launched", "Retired", "Obsolete")
states = st.sampled_from(STATES)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
ends = st.none() | moments


def test_every_state_has_its_rule() -> None:
    assert set(NEXT) == set(STATES) == {*WAY, "Rejected"}


def test_a_record_goes_all_the_way_from_study_to_obsolete() -> None:
    assert all(may_follow(before, after) for before, after in pairwise(WAY))


def test_nothing_comes_back_on_sale_and_nothing_leaves_an_end() -> None:
    assert not may_follow("Retired", "Launched")
    assert not may_follow("Launched", "Active")
    assert NEXT["Obsolete"] == NEXT["Rejected"] == frozenset()


@given(st.lists(states, min_size=1, max_size=30))
def test_no_series_of_allowed_steps_sells_what_was_not_tested(wishes: list[State]) -> None:
    """Whatever is asked for in whatever order, what is sold was in test before, and what has ended stays so."""
    lived: list[State] = [FIRST]
    for wish in wishes:
        if may_follow(lived[-1], wish):
            lived.append(wish)
    if "Launched" in lived:
        assert {"In design", "In test", "Active"} <= set(lived[: lived.index("Launched")])
    for end in ("Obsolete", "Rejected"):
        if end in lived:
            assert set(lived[lived.index(end) :]) == {end}
    if "Retired" in lived:
        assert set(lived[lived.index("Retired") :]) <= {"Retired", "Obsolete"}


@given(states, states)
def test_only_a_test_that_fails_goes_backward(before: State, after: State) -> None:
    if before in WAY and after in WAY and WAY.index(after) < WAY.index(before):
        assert may_follow(before, after) == ((before, after) == ("In test", "In design"))


@given(states)
def test_staying_is_always_allowed_and_an_unknown_state_never(state: State) -> None:
    assert may_follow(state, state)
    assert not may_follow(state, "Sold out")


def test_a_record_never_begins_at_its_end() -> None:
    assert {"Retired", "Obsolete", "Rejected"}.isdisjoint(INITIAL)
    assert FIRST in DRAFT
    assert {state for state in STATES if may_be_incomplete(state)} == {*DRAFT, "Rejected"}


@given(ends, ends, moments)
def test_a_period_may_be_open_at_either_end(
    start: datetime | None, end: datetime | None, now: datetime
) -> None:
    assert valid_at(start, end, now) == ((start or now) <= now < (end or now + timedelta(seconds=1)))


@given(moments)
def test_the_first_moment_of_a_period_belongs_to_it_and_the_last_does_not(at: datetime) -> None:
    later = at + timedelta(days=1)
    assert valid_at(at, later, at)
    assert not valid_at(at, later, later)
