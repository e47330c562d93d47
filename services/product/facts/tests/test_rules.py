from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events import OfferingChanged
from services.product.facts.rules import Resolved, differs, facts_of, next_change, price_of

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PLAN: dict[str, Any] = {"id": "plan", "name": "畅越5G 129元套餐", "lifecycleStatus": "Launched"}


def price(**more: Any) -> dict[str, Any]:
    return {
        "id": "p",
        "name": "月基本费",
        "lifecycleStatus": "Launched",
        "priceType": "recurring",
        "recurringChargePeriodType": "month",
        "price": {"unit": "CNY", "value": 129.0},
    } | more


def characteristic(name: str, *values: str) -> dict[str, Any]:
    return {"name": name, "productSpecCharacteristicValue": [{"value": value} for value in values]}


def resolved(document: dict[str, Any] = PLAN, **more: Any) -> Resolved:
    given: dict[str, Any] = {"id": "plan", "document": document, "national": True, "kind": "plan"}
    return Resolved(**(given | more))


def test_a_plan_is_told_with_its_prices_in_yuan_to_the_fen() -> None:
    told = facts_of(resolved(prices=(price(),)), 3, NOW).model_dump(mode="json", by_alias=True)
    assert told["prices"] == [
        {
            "id": "p",
            "name": "月基本费",
            "priceType": "recurring",
            "amount": "129.00",
            "period": "month",
            "unit": None,
        }
    ]
    assert (told["version"], told["kind"], told["business"], told["lifecycleStatus"]) == (
        3,
        "plan",
        None,
        "Launched",
    )


def test_a_fee_is_for_the_business_that_it_is_named_after() -> None:
    fee = PLAN | {"name": "replace-sim"}
    assert facts_of(resolved(fee, kind="business-fee"), 1, NOW).business == "replace-sim"
    assert facts_of(resolved(fee, kind="option"), 1, NOW).business is None


def test_an_offering_is_for_its_own_networks_else_for_its_specifications() -> None:
    specification = {"productSpecCharacteristic": [characteristic("network", "nr", "lte")]}
    narrowed = PLAN | {"prodSpecCharValueUse": [characteristic("network", "nr")]}
    assert facts_of(resolved(specification=specification), 1, NOW).networks == ["lte", "nr"]
    assert facts_of(resolved(narrowed, specification=specification), 1, NOW).networks == ["nr"]
    assert facts_of(resolved(), 1, NOW).networks == []


def test_an_option_relies_on_the_plans_that_it_names_as_such() -> None:
    option = PLAN | {
        "productOfferingRelationship": [
            {"id": "plan-b", "relationshipType": "reliesOn"},
            {"id": "plan-a", "relationshipType": "reliesOn"},
            {"id": "plan-c", "relationshipType": "substitution"},
        ]
    }
    assert facts_of(resolved(option, kind="option"), 1, NOW).relies_on == ["plan-a", "plan-b"]
    assert facts_of(resolved(option), 1, NOW).relies_on == []


@pytest.mark.parametrize(
    "other",
    [
        {"lifecycleStatus": "In design"},
        {"lifecycleStatus": "Retired"},
        {"price": None},
        {"priceType": None},
        {"validFor": {"startDateTime": "2026-11-24T10:00:01+08:00"}},
        {"validFor": {"endDateTime": "2026-11-24T10:00:00+08:00"}},
    ],
)
def test_a_price_that_is_not_in_force_is_not_told(other: dict[str, Any]) -> None:
    assert facts_of(resolved(prices=(price(**other),)), 1, NOW).prices == []


def test_a_price_in_force_from_this_very_moment_is_told() -> None:
    begins = price(validFor={"startDateTime": "2026-11-24T10:00:00+08:00"})
    assert len(facts_of(resolved(prices=(begins,)), 1, NOW).prices) == 1


def test_the_next_change_is_the_nearest_moment_to_come() -> None:
    ends = price(validFor={"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2026-12-01T00:00:00Z"})
    begins = price(validFor={"startDateTime": "2026-12-01T00:00:01Z"})
    assert next_change((begins, ends), NOW) == datetime(2026, 12, 1, tzinfo=UTC)
    assert next_change((price(),), NOW) is None


@pytest.mark.parametrize(
    ("measure", "told"),
    [
        ({"amount": 1.0, "units": "min"}, "min"),
        ({"units": "GB"}, "GB"),
        ({"amount": 100.0, "units": "MB"}, "100 MB"),
        (None, None),
    ],
)
def test_a_usage_price_is_for_a_unit(measure: dict[str, Any] | None, told: str | None) -> None:
    usage = price(priceType="usage", unitOfMeasure=measure)
    assert (price_of(usage).unit, price_of(usage).period) == (told, None)


@given(st.integers(0, 100_000_000))
def test_no_amount_loses_a_fen(fen: int) -> None:
    amount = Decimal(fen) / 100
    assert price_of(price(price={"unit": "CNY", "value": float(amount)})).amount == amount


def test_what_was_told_is_told_again_only_when_something_is_different() -> None:
    before = facts_of(resolved(prices=(price(),)), 1, NOW).model_dump(mode="json", by_alias=True)
    later = NOW + timedelta(days=1)
    assert not differs(before, facts_of(resolved(prices=(price(),)), 2, later))
    assert differs(before, facts_of(resolved(prices=(price(name="月租"),)), 2, later))
    assert differs(before, facts_of(resolved(PLAN | {"description": "new"}, prices=(price(),)), 2, later))
    assert differs(None, facts_of(resolved(), 1, NOW))


def test_facts_survive_their_own_json() -> None:
    facts = facts_of(resolved(prices=(price(),)), 7, NOW)
    assert OfferingChanged.model_validate_json(facts.model_dump_json(by_alias=True)) == facts
