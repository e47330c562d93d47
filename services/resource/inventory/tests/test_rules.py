import pytest

from services.resource.cards.rules import CardState
from services.resource.inventory.areas import holds
from services.resource.inventory.rules import LAID_IN, MSISDN, SIM, Stock, after, shown
from services.resource.numbers.rules import NumberState


@pytest.mark.parametrize(
    ("state", "status", "usage", "administrative"),
    [
        ("free", "available", "idle", "unlocked"),
        ("in-stock", "available", "idle", "unlocked"),
        ("reserved", "reserved", "idle", "unlocked"),
        ("in-use", "standby", "active", "unlocked"),
        ("bound", "standby", "active", "unlocked"),
        ("frozen", "suspended", "idle", "locked"),
        ("cooling", "suspended", "idle", "locked"),
        ("retired", "suspended", "idle", "locked"),
    ],
)
def test_how_our_states_look_in_tmf639(state: str, status: str, usage: str, administrative: str) -> None:
    assert shown(state) == {
        "resourceStatus": status,
        "usageState": usage,
        "administrativeState": administrative,
    }


def test_every_state_has_a_look() -> None:
    for state in (*NumberState, *CardState):
        assert set(shown(state)) == {"resourceStatus", "usageState", "administrativeState"}


def test_what_is_released_is_stock_again() -> None:
    for category in (MSISDN, SIM):
        reserved = after(category, LAID_IN[category], "reserve")
        assert after(category, reserved, "release") == LAID_IN[category]


def test_a_number_is_named_by_its_digits_and_says_its_state_first() -> None:
    document = Stock("n", MSISDN, "13000400001", "free", None, "020", "lte", "ordinary").document()
    assert document["name"] == document["value"] == "13000400001"
    assert document["@type"] == "LogicalResource"
    assert [one["name"] for one in document["resourceCharacteristic"]] == [
        "state",
        "area",
        "network",
        "class",
    ]


def test_a_card_is_named_by_its_iccid() -> None:
    document = Stock("c", SIM, "89860126000000000000", "in-stock", "blank", "020").document()
    assert document["name"] == document["serialNumber"] == "89860126000000000000"
    assert document["@type"] == "PhysicalResource"
    assert "value" not in document


def test_a_province_holds_the_stock_of_its_own_areas() -> None:
    assert holds("gd", "020")
    assert not holds("gd", "010")
    assert holds("hq", "010")
    assert not holds("hq", "099")
