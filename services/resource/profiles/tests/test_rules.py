import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.resource.machine import MoveRefused
from services.resource.profiles.rules import (
    PROFILE,
    ProfileEvent,
    ProfileState,
    is_imsi,
    is_ki,
    may_approve,
)


@given(st.lists(st.sampled_from(ProfileEvent)))
def test_an_imsi_is_never_given_to_a_second_subscriber(events: list[ProfileEvent]) -> None:
    state, bound = ProfileState.WAITING, 0
    for event in events:
        try:
            state = PROFILE.after(state, event)
        except MoveRefused:
            continue
        bound += event is ProfileEvent.BIND
    assert bound <= 1


def test_what_one_person_brought_in_cannot_be_used_yet() -> None:
    with pytest.raises(MoveRefused):
        PROFILE.after(ProfileState.WAITING, ProfileEvent.RESERVE)


def test_the_second_person_is_another_one() -> None:
    assert not may_approve(("https://gd", "op-1"), ("https://gd", "op-1"))
    assert may_approve(("https://gd", "op-1"), ("https://gd", "op-2"))
    assert may_approve(("https://gd", "op-1"), ("https://hq", "op-1"))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("460011234567890", True),
        ("46001123456789", False),
        ("310150123456789", False),
        ("46001123456789x", False),
    ],
)
def test_what_an_imsi_looks_like(text: str, fits: bool) -> None:
    assert is_imsi(text) == fits


@pytest.mark.parametrize(
    ("text", "fits"), [("0f" * 16, True), ("0F" * 16, True), ("0f" * 15, False), ("0g" * 16, False)]
)
def test_what_a_ki_looks_like(text: str, fits: bool) -> None:
    assert is_ki(text) == fits
