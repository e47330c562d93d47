import pytest

from services.product.prices.rules import lacking

AMOUNT = {"unit": "CNY", "value": 5.0}


@pytest.mark.parametrize("kind", ["oneTime", "deposit"])
def test_a_price_asked_once_needs_its_type_and_amount(kind: str) -> None:
    assert lacking({"priceType": kind, "price": AMOUNT}) == []
    assert lacking({"priceType": kind}) == ["price"]
    assert lacking({}) == ["priceType", "price"]


def test_a_recurring_price_says_how_often_and_a_usage_price_for_what() -> None:
    assert lacking({"priceType": "recurring", "price": AMOUNT}) == ["recurringChargePeriodType"]
    assert lacking({"priceType": "usage", "price": AMOUNT}) == ["unitOfMeasure.units"]
    assert lacking({"priceType": "usage", "price": AMOUNT, "unitOfMeasure": {"units": "min"}}) == []
