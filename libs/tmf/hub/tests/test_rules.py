"""How long a listener is waited for: twice as long each time, ten minutes at most, and not for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.tmf.hub.rules import (
    LONGEST,
    MOST_REFUSALS,
    PATIENCE,
    again_after_refusal,
    again_after_silence,
    pause,
)

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MANY = st.integers(min_value=1, max_value=1_000_000)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (9, 256), (10, 512), (11, 600), (12, 600)]
)
def test_each_pause_is_twice_the_one_before_and_ten_minutes_at_most(failures: int, seconds: int) -> None:
    assert pause(failures) == timedelta(seconds=seconds)


@given(MANY)
def test_a_pause_never_gets_shorter_and_never_longer_than_ten_minutes(failures: int) -> None:
    assert timedelta(seconds=1) <= pause(failures) <= pause(failures + 1) <= LONGEST
    assert pause(failures + 1) == min(2 * pause(failures), LONGEST)


def test_a_notification_that_is_refused_is_offered_for_half_an_hour_or_so() -> None:
    at, offered = NOW, 1
    while (again := again_after_refusal(offered, at)) is not None:
        at, offered = again, offered + 1
    assert offered == MOST_REFUSALS
    assert timedelta(minutes=15) < at - NOW < timedelta(minutes=45)


@given(MANY)
def test_what_was_refused_too_often_is_given_up_and_nothing_before(refusals: int) -> None:
    again = again_after_refusal(refusals, NOW)
    assert again == (None if refusals >= MOST_REFUSALS else NOW + pause(refusals))


@given(MANY, st.timedeltas(min_value=timedelta(), max_value=2 * PATIENCE))
def test_a_listener_is_tried_again_until_it_was_away_for_three_days(failures: int, away: timedelta) -> None:
    again = again_after_silence(failures, NOW - away, NOW)
    assert again == (None if away >= PATIENCE else NOW + pause(failures))


@given(MANY)
def test_who_was_there_the_last_time_is_never_given_up(failures: int) -> None:
    assert again_after_silence(failures, None, NOW) == NOW + pause(failures)


def test_a_listener_that_stays_away_is_given_up_within_ten_minutes_of_its_patience() -> None:
    at, tried = NOW, 1
    while (again := again_after_silence(tried, NOW, at)) is not None:
        assert again > at
        at, tried = again, tried + 1
    assert PATIENCE <= at - NOW <= PATIENCE + LONGEST
