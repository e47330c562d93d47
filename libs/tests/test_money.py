"""Money is decimal, and rounded once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.ids import new_id
from libs.money import Money, PositiveMoney, yuan


@given(st.decimals(min_value=-99_999_999, max_value=99_999_999, places=2))
def test_an_amount_survives_json_to_the_fen(amount: Decimal) -> None:
    there = Money(value=amount).model_dump_json()
    assert Money.model_validate_json(there).value == amount


def test_halves_are_rounded_away_from_zero() -> None:
    assert (yuan("0.125"), yuan("-0.125"), yuan(3)) == (Decimal("0.13"), Decimal("-0.13"), Decimal("3.00"))


@pytest.mark.parametrize("value", ["0.001", '"a"', "1e20", "null", "NaN"])
def test_what_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate_json('{"unit": "CNY", "value": ' + value + "}")


def test_another_currency_is_refused() -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"unit": "USD", "value": 1})


def test_what_is_paid_is_above_nothing() -> None:
    assert PositiveMoney.model_validate({"value": 0.01}).value == Decimal("0.01")
    for nothing in (0, -1):
        with pytest.raises(ValidationError):
            PositiveMoney.model_validate({"value": nothing})


def test_identifiers_sort_by_the_moment_they_were_made() -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert all(len(one) == 36 and one[14] == "7" for one in made)
