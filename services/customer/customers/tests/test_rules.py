from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.security.actor import Actor
from services.customer.customers.rules import (
    Care,
    care_of,
    judge_care,
    may_become,
    may_begin,
    with_care_of_actor,
)

STATUSES = ("initialized", "active", "suspended", "closed")
statuses = st.sampled_from(STATUSES)


def actor(*roles: str, **place: Any) -> Actor:
    return Actor("op-1", "http://gd", "gd", frozenset(roles), **place)


CLERK = actor("hall-clerk", area="020")
DEALER = actor("dealer-clerk", dealer="d-1", area="020")
MANAGER = actor("account-manager", area="020")
BOUND = actor("hall-clerk", area="020", area_bound=True)


def customer(**characteristics: Any) -> dict[str, Any]:
    named = [{"name": name, "value": value} for name, value in characteristics.items()]
    return {"name": "张三", "characteristic": named}


@given(st.lists(statuses, max_size=20))
def test_a_closed_customer_stays_closed_and_nobody_becomes_a_prospect_again(asked: list[str]) -> None:
    now = "initialized"
    for wanted in asked:
        if may_become(now, wanted):
            assert now != "closed" or wanted == "closed"
            assert wanted != "initialized" or now == "initialized"
            now = wanted


@given(statuses, statuses)
def test_every_way_is_listed_once(now: str, wanted: str) -> None:
    ways = {
        ("initialized", "active"),
        ("initialized", "closed"),
        ("active", "suspended"),
        ("suspended", "active"),
        ("active", "closed"),
        ("suspended", "closed"),
    }
    assert may_become(now, wanted) == (now == wanted or (now, wanted) in ways)


def test_a_customer_begins_as_prospect_or_active() -> None:
    assert [status for status in STATUSES if may_begin(status)] == ["initialized", "active"]


def test_a_new_customer_is_in_the_care_of_whoever_makes_it() -> None:
    assert care_of(with_care_of_actor({}, CLERK)) == Care(area="020")
    assert care_of(with_care_of_actor({}, DEALER)) == Care(area="020", dealer="d-1")
    assert care_of(with_care_of_actor({}, MANAGER)) == Care(area="020", account_manager="op-1")
    said = with_care_of_actor(customer(area="0755"), CLERK)
    assert care_of(said).area == "0755"


@pytest.mark.parametrize(
    ("who", "document", "faults"),
    [
        (CLERK, customer(area="0755", dealer="any", accountManager="any", level="gold"), []),
        (CLERK, customer(area="010"), [("area-not-here", "area")]),
        (CLERK, customer(level=7), [("not-text", "level")]),
        (CLERK, customer(dealer=""), [("not-text", "dealer")]),
        (DEALER, customer(dealer="d-1"), []),
        (DEALER, customer(dealer="d-2"), [("not-yours", "dealer")]),
        (DEALER, customer(), [("not-yours", "dealer")]),
        (MANAGER, customer(accountManager="op-2"), [("not-yours", "accountManager")]),
        (BOUND, customer(area="0755"), [("not-yours", "area")]),
        (None, customer(area="020"), []),
    ],
)
def test_nobody_puts_a_customer_into_anothers_care(
    who: Actor | None, document: dict[str, Any], faults: list[tuple[str, str]]
) -> None:
    assert [(one.what, one.name) for one in judge_care(document, None, who, "gd")] == faults


def test_headquarters_has_customers_of_every_area() -> None:
    assert judge_care(customer(area="010"), None, CLERK, "hq") == []


def test_an_area_that_was_right_once_is_not_judged_again() -> None:
    assert judge_care(customer(area="010"), Care(area="010"), CLERK, "gd") == []
