from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from libs.clock import closes_at
from services.hq_router.bills.rules import versions

DAY = date(2026, 11, 24)
PAIR = ("bj", "gd", DAY)
CLOSED = closes_at(DAY)


def test_while_a_day_is_open_all_of_it_is_the_first_version() -> None:
    before = CLOSED - timedelta(seconds=1)
    assert versions([PAIR], {}, before) == {PAIR: (1, False)}
    assert versions([PAIR], {PAIR: 1}, before) == {PAIR: (1, False)}


def test_what_comes_after_the_close_makes_a_new_version() -> None:
    assert versions([PAIR], {PAIR: 1}, CLOSED) == {PAIR: (2, True)}
    assert versions([PAIR], {PAIR: 2}, CLOSED) == {PAIR: (3, True)}
    assert versions([PAIR], {}, CLOSED) == {PAIR: (1, True)}


@given(st.lists(st.integers(-48, 48), max_size=20).map(sorted))
def test_versions_only_grow_and_late_is_for_ever(hours: list[int]) -> None:
    so_far: dict[tuple[str, str, date], int] = {}
    was_late = False
    for hour in hours:
        at: datetime = CLOSED + timedelta(hours=hour)
        version, late = versions([PAIR], so_far, at)[PAIR]
        assert version >= so_far.get(PAIR, 0)
        assert late >= was_late
        so_far[PAIR], was_late = version, late
