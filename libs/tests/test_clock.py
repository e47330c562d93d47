"""The time of business: one for the fleet, booked in Shanghai, never going back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.clock import (
    SHANGHAI,
    ManualClock,
    ShiftedClock,
    SystemClock,
    accounting_day,
    clock_from,
    closed_since,
    closes_at,
    last_closed,
    next_cycle,
)


def test_a_fleet_moves_together(tmp_path: Path) -> None:
    one, other = ShiftedClock(tmp_path / "clock"), ShiftedClock(tmp_path / "clock")
    before = other.now()
    one.advance(timedelta(days=3))
    one.advance(timedelta(hours=1))
    assert timedelta(days=3, hours=1) <= other.now() - before < timedelta(days=3, hours=1, minutes=1)


def test_the_clock_never_goes_back(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="forward"):
        ShiftedClock(tmp_path / "clock").advance(timedelta(seconds=-1))


def test_two_who_advance_it_at_once_both_count(tmp_path: Path) -> None:
    before = datetime.now(UTC)

    def hours(_: int) -> None:
        mine = ShiftedClock(tmp_path / "clock")
        for _ in range(10):
            mine.advance(timedelta(hours=1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hours, range(8)))
    gone = ShiftedClock(tmp_path / "clock").now() - before
    assert timedelta(hours=80) <= gone < timedelta(hours=80, minutes=5)


@pytest.mark.parametrize("found", [None, "0", "", "-3600"])
def test_whoever_saw_it_advance_never_falls_behind(tmp_path: Path, found: str | None) -> None:
    file = tmp_path / "clock"
    clock = ShiftedClock(file)
    clock.advance(timedelta(days=1))
    seen = clock.now()
    if found is None:
        file.unlink()
    else:
        file.write_text(found)
    assert clock.now() >= seen
    clock.advance(timedelta(days=1))
    assert ShiftedClock(file).now() >= seen + timedelta(days=1)


def test_without_a_file_it_is_the_machines_time() -> None:
    assert isinstance(clock_from(None), SystemClock)
    assert abs(clock_from(None).now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_test_moves_its_own_clock() -> None:
    clock = ManualClock(datetime(2026, 1, 31, tzinfo=UTC))
    clock.advance(timedelta(hours=1))
    assert clock.now() == datetime(2026, 1, 31, 1, tzinfo=UTC)
    clock.set(datetime(2026, 3, 1, 8, tzinfo=SHANGHAI))
    assert clock.now() == datetime(2026, 3, 1, tzinfo=UTC)


def test_the_accounting_day_changes_at_midnight_in_shanghai() -> None:
    assert accounting_day(datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 24)
    assert accounting_day(datetime(2026, 11, 24, 16, 0, tzinfo=UTC)) == date(2026, 11, 25)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_the_next_cycle_is_the_next_first_of_a_month(at: datetime) -> None:
    local = next_cycle(at).astimezone(SHANGHAI)
    assert (local.day, local.hour, local.minute) == (1, 0, 0)
    assert timedelta() < local - at <= timedelta(days=31)


def test_a_day_closes_at_six_in_the_morning_of_the_next() -> None:
    closing = datetime(2026, 11, 25, 6, tzinfo=SHANGHAI)
    assert closes_at(date(2026, 11, 24)) == closing
    assert last_closed(closing - timedelta(seconds=1)) == date(2026, 11, 23)
    assert last_closed(closing) == date(2026, 11, 24)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_the_last_closed_day_is_closed_and_the_one_after_it_is_not(at: datetime) -> None:
    day = last_closed(at)
    assert closes_at(day) <= at < closes_at(day + timedelta(days=1))


def test_days_that_closed_meanwhile_are_caught_up_with_but_not_for_ever() -> None:
    now = datetime(2026, 11, 25, 6, tzinfo=SHANGHAI)
    assert closed_since(None, now) == [date(2026, 11, 24)]
    assert closed_since(date(2026, 11, 24), now) == []
    assert closed_since(date(2026, 11, 21), now) == [date(2026, 11, day) for day in (22, 23, 24)]
    assert closed_since(date(2026, 1, 1), now, 3) == [date(2026, 11, day) for day in (22, 23, 24)]
