"""In what a province may differ from headquarters, and what is in force there then."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.product.overlay.rules import OFFERINGS, PRICES, in_force, overlay_of


def yuan(value: Any) -> dict[str, Any]:
    return {"unit": "CNY", "value": value}


PRICE = {
    "id": "p",
    "name": "fee",
    "price": yuan(10.0),
    "priceBounds": {"lowest": yuan(8.0), "highest": yuan(12.5)},
    "lastUpdate": "2026-01-01T00:00:00Z",
}
OFFERING = {
    "id": "o",
    "name": "plan",
    "channel": [{"id": "hall"}, {"id": "dealer"}],
    "validFor": {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2027-01-01T00:00:00Z"},
}


def test_a_province_asks_another_price_within_the_bounds() -> None:
    overlay, others = overlay_of(PRICES, PRICE, PRICE | {"price": yuan(8.0)})
    assert (overlay, others) == ({"price": yuan(8.0)}, [])
    assert PRICES.outside(PRICE, overlay) == []
    assert in_force(PRICES, PRICE, overlay) == PRICE | {"price": yuan(8.0)}


@pytest.mark.parametrize("value", [7.99, 12.51, 0, 1000])
def test_outside_of_the_bounds_headquarters_price_stays_in_force(value: float) -> None:
    overlay = {"price": yuan(value)}
    assert PRICES.outside(PRICE, overlay) == ["price"]
    assert in_force(PRICES, PRICE, overlay) == PRICE


def test_without_bounds_no_province_asks_another_price() -> None:
    unbounded = {name: value for name, value in PRICE.items() if name != "priceBounds"}
    assert PRICES.outside(unbounded, {"price": yuan(10.01)}) == ["price"]


def test_whatever_else_is_said_otherwise_is_headquarters_alone() -> None:
    wanted = {"id": "p", "name": "other", "price": yuan(9.0), "lastUpdate": "2026-02-02T00:00:00Z"}
    overlay, others = overlay_of(PRICES, PRICE, wanted, but=["lastUpdate"])
    assert others == ["name", "priceBounds"]
    assert overlay == {"price": yuan(9.0)}


def test_what_is_left_out_is_as_headquarters_has_it() -> None:
    wanted = {name: value for name, value in PRICE.items() if name != "price"}
    assert overlay_of(PRICES, PRICE, wanted) == ({}, [])


@pytest.mark.parametrize(
    ("overlay", "outside"),
    [
        ({"channel": [{"id": "hall"}]}, []),
        ({"channel": [{"id": "hall"}, {"id": "phone"}]}, ["channel"]),
        ({"channel": []}, ["channel"]),
        ({"place": [{"id": "020"}]}, []),
        ({"validFor": {"startDateTime": "2026-03-01T00:00:00Z", "endDateTime": "2026-06-01T00:00:00Z"}}, []),
        ({"validFor": OFFERING["validFor"]}, []),
        ({"validFor": {"startDateTime": "2026-03-01T00:00:00Z"}}, ["validFor"]),
        ({"validFor": {"endDateTime": "2026-06-01T00:00:00Z"}}, ["validFor"]),
        ({"validFor": {}}, ["validFor"]),
    ],
)
def test_a_province_narrows_where_when_and_through_whom_an_offering_is_sold(
    overlay: dict[str, Any], outside: list[str]
) -> None:
    assert OFFERINGS.outside(OFFERING, overlay) == outside


def test_where_headquarters_says_nothing_a_province_may_say_anything() -> None:
    overlay = {"channel": [{"id": "web"}], "validFor": {"endDateTime": "2026-06-01T00:00:00Z"}}
    assert OFFERINGS.outside({"id": "o"}, overlay) == []


fen = st.integers(0, 2000).map(lambda n: float(Decimal(n) / 100))


@given(national=fen, ends=st.tuples(fen, fen), wanted=fen)
def test_the_price_in_force_is_headquarters_or_inside_its_bounds(
    national: float, ends: tuple[float, float], wanted: float
) -> None:
    original = {
        "price": yuan(national),
        "priceBounds": {"lowest": yuan(min(ends)), "highest": yuan(max(ends))},
    }
    overlay, _ = overlay_of(PRICES, original, original | {"price": yuan(wanted)})
    asked = in_force(PRICES, original, overlay)["price"]["value"]
    assert asked == (wanted if min(ends) <= wanted <= max(ends) else national)


names = st.sampled_from(["place", "channel", "validFor", "name", "description"])
documents = st.dictionaries(names, st.sampled_from(["a", "b"]))


@given(original=documents, wanted=documents)
def test_an_overlay_and_what_it_may_not_say_are_all_that_was_wished(
    original: dict[str, Any], wanted: dict[str, Any]
) -> None:
    overlay, others = overlay_of(OFFERINGS, original, wanted)
    differing = {name for name in original.keys() | wanted.keys() if original.get(name) != wanted.get(name)}
    left_out = {name for name in OFFERINGS.names if name not in wanted}
    assert differing - left_out == overlay.keys() | set(others)
    assert overlay.keys() <= OFFERINGS.names
    assert not OFFERINGS.names & set(others)
