from typing import Any

import pytest

from services.resource.inventory.changes import Faulty, coming_in, deletable, edited
from services.resource.inventory.rules import MSISDN, SIM, Stock

CARD = "89860126291000000017"


def characteristics(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def number(**more: Any) -> dict[str, Any]:
    return {
        "category": "msisdn",
        "value": "13000408888",
        "resourceCharacteristic": characteristics(area="020", network="lte"),
    } | more


def test_a_number_comes_in_free_with_the_class_of_its_digits() -> None:
    stock = coming_in("gd", MSISDN, number())
    assert (stock.value, stock.state, stock.area, stock.network, stock.number_class) == (
        "13000408888",
        "free",
        "020",
        "lte",
        "premium",
    )


def test_a_number_may_come_in_kept_back_from_sale() -> None:
    frozen = characteristics(area="020", network="lte", state="frozen")
    assert coming_in("gd", None, number(resourceCharacteristic=frozen)).state == "frozen"


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"category": "voucher"}, ["category-unknown"]),
        ({"category": "sim"}, ["category-unknown"]),
        ({"value": None}, ["missing"]),
        ({"value": "+8613000408888"}, ["invalid"]),
        ({"name": "13000400000"}, ["invalid"]),
        ({"resourceCharacteristic": []}, ["characteristic-missing"] * 2),
        ({"resourceCharacteristic": characteristics(area="010", network="lte")}, ["area-not-here"]),
        ({"resourceCharacteristic": characteristics(area="020", network="5g")}, ["invalid"]),
        ({"resourceCharacteristic": characteristics(area="020", network="lte", kind="blank")}, ["invalid"]),
        (
            {"resourceCharacteristic": characteristics(area="020", network="lte", state="in-use")},
            ["by-order-only"],
        ),
        ({"resourceStatus": "standby"}, ["by-order-only"]),
        ({"resourceStatus": "available"}, []),
    ],
)
def test_everything_that_is_wrong_with_a_number_is_said(change: dict[str, Any], codes: list[str]) -> None:
    try:
        coming_in("gd", MSISDN, number(**change))
        found = []
    except Faulty as faulty:
        found = [one.code for one in faulty.faults]
    assert found == codes


def test_all_faults_at_once() -> None:
    with pytest.raises(Faulty) as faulty:
        coming_in("gd", SIM, {"serialNumber": "1234", "resourceCharacteristic": characteristics(area="010")})
    assert [one.code for one in faulty.value.faults] == [
        "iccid-invalid",
        "characteristic-missing",
        "area-not-here",
    ]


def before() -> dict[str, Any]:
    return Stock("n", MSISDN, "13000400001", "reserved", None, "020", "lte", "ordinary").document()


def test_what_describes_may_be_edited_and_ours_stay_first() -> None:
    was = before()
    wish = was | {"description": "for the opening", "resourceCharacteristic": characteristics(shelf="A7")}
    after = edited(wish, was)
    assert after["description"] == "for the opening"
    assert [one["name"] for one in after["resourceCharacteristic"]] == [
        "state",
        "area",
        "network",
        "class",
        "shelf",
    ]
    assert after["resourceCharacteristic"][0]["value"] == "reserved"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"resourceStatus": "available"}, "by-order-only"),
        ({"usageState": "active"}, "by-order-only"),
        ({"administrativeState": "locked"}, "by-order-only"),
        ({"operationalState": "disable"}, "by-order-only"),
        ({"resourceCharacteristic": characteristics(state="free")}, "by-order-only"),
        ({"resourceCharacteristic": characteristics(area="010")}, "not-changeable"),
        ({"name": "13000409999"}, "not-changeable"),
        ({"value": "13000409999"}, "not-changeable"),
        ({"category": "sim"}, "not-changeable"),
        ({"@type": "Voucher"}, "not-changeable"),
    ],
)
def test_what_decides_cannot_be_edited(wish: dict[str, Any], code: str) -> None:
    with pytest.raises(Faulty) as faulty:
        edited(before() | wish, before())
    assert [one.code for one in faulty.value.faults] == [code]


def test_only_what_lies_as_it_came_is_deletable() -> None:
    assert not deletable(before())
    assert deletable(Stock("c", SIM, CARD, "in-stock", "blank", "020").document())
    assert not deletable(Stock("c", SIM, CARD, "retired", "blank", "020").document())
