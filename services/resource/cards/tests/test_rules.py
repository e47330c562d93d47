import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from services.resource.cards.rules import CARD, CardEvent, CardState, check_digit, is_iccid
from services.resource.machine import MoveRefused


@given(st.lists(st.sampled_from(CardEvent)))
def test_a_bound_card_never_comes_back_into_stock(events: list[CardEvent]) -> None:
    state, was_bound = CardState.IN_STOCK, False
    for event in events:
        try:
            state = CARD.after(state, event)
        except MoveRefused:
            continue
        was_bound |= state is CardState.BOUND
        assert not (was_bound and state in (CardState.IN_STOCK, CardState.RESERVED))


@given(st.sampled_from(CardEvent))
def test_nothing_happens_to_a_retired_card(event: CardEvent) -> None:
    with pytest.raises(MoveRefused, match="retired"):
        CARD.after(CardState.RETIRED, event)


@given(st.text("0123456789", min_size=1, max_size=24))
def test_the_check_digit_is_luhns(body: str) -> None:
    assert luhn.is_valid(body + check_digit(body))


@given(st.text("0123456789", min_size=15, max_size=15), st.integers(1, 9))
def test_an_iccid_with_a_wrong_digit_at_its_end_is_none(middle: str, off: int) -> None:
    body = "8986" + middle
    right = check_digit(body)
    assert is_iccid(body + right)
    assert not is_iccid(body + str((int(right) + off) % 10))


@pytest.mark.parametrize("text", ["", "8986", "8999" + "0" * 16, "8986" + "0" * 18, "8986 0000000000000000"])
def test_what_is_too_long_too_short_or_foreign_is_no_iccid(text: str) -> None:
    assert not is_iccid(text)
