"""When an entry counts, and who writes which."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.lists.rules import ALWAYS, Period, is_national, may_write

moments = st.integers(0, 40).map(lambda hours: datetime(2026, 11, 24, tzinfo=UTC) + timedelta(hours=hours))
periods = st.tuples(st.none() | moments, st.none() | moments).filter(
    lambda two: two[0] is None or two[1] is None or two[0] < two[1]
)


@given(periods, moments)
def test_an_entry_counts_from_its_start_until_its_end_and_the_end_is_outside(
    ends: tuple[datetime | None, datetime | None], now: datetime
) -> None:
    period = Period(*ends)
    before_start = ends[0] is not None and now < ends[0]
    after_end = ends[1] is not None and now >= ends[1]
    assert period.counts(now) is not (before_start or after_end)


@given(periods, moments, moments)
def test_between_two_moments_nothing_changes_unless_it_was_foreseen(
    ends: tuple[datetime | None, datetime | None], one: datetime, other: datetime
) -> None:
    period, (now, later) = Period(*ends), sorted((one, other))
    change = period.next_change(now)
    assert change is None or change > now
    if change is None or later < change:
        assert period.counts(later) is period.counts(now)
    elif later == change:
        assert period.counts(later) is not period.counts(now)


@given(periods, moments)
def test_looking_at_every_foreseen_change_comes_to_an_end(
    ends: tuple[datetime | None, datetime | None], now: datetime
) -> None:
    period, looks = Period(*ends), 0
    while (change := period.next_change(now)) is not None:
        now, looks = change, looks + 1
    assert looks <= 2
    assert period.counts(now) is (ends[1] is None)


def test_without_dates_it_counts_always() -> None:
    assert ALWAYS.standing(datetime(1900, 1, 1, tzinfo=UTC)) == (True, None)


@pytest.mark.parametrize(
    ("node", "name", "customer", "national"),
    [
        ("hq", "blacklist", None, True),
        ("hq", "blacklist", "c-1", False),
        ("hq", "redlist", None, False),
        ("gd", "blacklist", None, False),
    ],
)
def test_national_is_what_headquarters_lists_of_anybody(
    node: str, name: str, customer: str | None, national: bool
) -> None:
    assert is_national(node, "blacklist" if name == "blacklist" else "redlist", customer) is national


def test_headquarters_operators_write_its_blacklist_and_nothing_else() -> None:
    operator = frozenset({"hq-operator"})
    assert may_write("hq", "blacklist", operator)
    assert not may_write("hq", "redlist", operator)
    assert not may_write("gd", "blacklist", operator)
    assert may_write("gd", "redlist", operator | {"supervisor"})
