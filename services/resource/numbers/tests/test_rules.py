import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.resource.machine import MoveRefused
from services.resource.numbers.rules import NUMBER, NumberEvent, NumberState, class_of, segment


@given(st.lists(st.sampled_from(NumberEvent)))
def test_whatever_happens_a_number_is_in_one_of_its_states_and_what_is_refused_changes_nothing(
    events: list[NumberEvent],
) -> None:
    state = NumberState.FREE
    for event in events:
        before = state
        try:
            state = NUMBER.after(state, event)
        except MoveRefused:
            assert (before, event) not in NUMBER.moves
        assert state in NumberState


@given(st.sampled_from(NumberState), st.sampled_from(NumberEvent))
def test_only_a_free_number_is_reserved_and_only_a_reserved_one_bound(
    state: NumberState, event: NumberEvent
) -> None:
    allowed = (state, event) in NUMBER.moves
    if event is NumberEvent.RESERVE:
        assert allowed == (state is NumberState.FREE)
    if event is NumberEvent.BIND:
        assert allowed == (state is NumberState.RESERVED)


def test_a_number_in_use_comes_free_only_through_its_rest() -> None:
    """Every way from in-use to free leads through cooling: somebody's callers must forget them first."""
    reached, edge = {NumberState.IN_USE}, {NumberState.IN_USE}
    while edge:
        edge = {
            after
            for (before, _), after in NUMBER.moves.items()
            if before in edge and NumberState.COOLING not in (before, after)
        } - reached
        reached |= edge
    assert NumberState.FREE not in reached


def test_the_whole_life_of_a_number() -> None:
    state = NumberState.FREE
    for event in ("reserve", "bind", "give-up", "rest-over", "freeze", "unfreeze", "reserve", "release"):
        state = NUMBER.after(state, NumberEvent(event))
    assert state is NumberState.FREE


@pytest.mark.parametrize(
    ("digits", "wanted"),
    [
        ("13000408888", "premium"),
        ("13000405678", "premium"),
        ("13000401888", "fine"),
        ("13000402323", "fine"),
        ("13000402233", "fine"),
        ("13000402719", "ordinary"),
    ],
)
def test_how_wanted_a_number_is_shows_at_its_end(digits: str, wanted: str) -> None:
    assert class_of(digits) == wanted


@given(st.integers(10_000_000_000, 19_999_999_999), st.integers(1, 300))
def test_a_segment_has_so_many_numbers_in_a_row(first: int, count: int) -> None:
    digits = segment(str(first), count)
    assert [int(number) for number in digits] == list(range(first, first + count))


def test_a_segment_does_not_grow_a_digit() -> None:
    with pytest.raises(ValueError, match="leave the segment"):
        segment("99999999990", 11)
