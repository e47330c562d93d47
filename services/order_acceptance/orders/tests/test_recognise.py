"""Which business an order means: by its category, by its items, or not at all."""

from typing import Any

import pytest

from services.order_acceptance.orders.model import ProductOrderCreate
from services.order_acceptance.orders.recognise import (
    OpenAccountWanted,
    ReplaceSimWanted,
    business_of,
    recognise,
)
from services.order_acceptance.processes import CURRENT

OFFERED = frozenset(CURRENT)
PRESENTER = {"id": "k", "role": "presenter", "@referredType": "IdentityCheck"}
CUSTOMER = {"id": "c", "role": "customer", "@referredType": "Customer"}


def order(*items: dict[str, Any], **more: Any) -> ProductOrderCreate:
    return ProductOrderCreate.model_validate({"productOrderItem": list(items), **more})


def item(action: str, id_: str = "1", **more: Any) -> dict[str, Any]:
    return {"id": id_, "action": action, **more}


def product(**more: Any) -> dict[str, Any]:
    named = more.pop("named", {})
    listed = [{"name": name, "value": value} for name, value in named.items()]
    return {"product": {"productCharacteristic": listed, **more}}


PLAN = item(
    "add",
    productOffering={"id": "plan"},
    **product(named={"msisdn": "13012345678", "iccid": "89860100000000000001", "reservation": "r"}),
)
OPTION = item(
    "add",
    "2",
    productOffering={"id": "option"},
    productOrderItemRelationship=[{"id": "1", "relationshipType": "reliesOn"}],
)
NEW_CARD = item(
    "modify", **product(productSerialNumber="13012345678", named={"iccid": "89860100000000000001"})
)


@pytest.mark.parametrize(
    ("asked", "business"),
    [
        (PLAN, "open-account"),
        (NEW_CARD, "replace-sim"),
        (
            item("modify", **product(productSerialNumber="1", named={"msisdn": "13012345679"})),
            "change-number",
        ),
        (item("modify", **product(productSerialNumber="1", status="suspended")), "suspend"),
        (item("modify", **product(productSerialNumber="1", status="active")), "resume"),
        (item("modify", productOffering={"id": "x"}, **product(productSerialNumber="1")), "change-plan"),
        (item("modify", **product(relatedParty=[CUSTOMER])), "transfer-ownership"),
        (item("delete", **product(productSerialNumber="1")), "terminate"),
        (item("delete", **product(productSerialNumber="1", named={"authorizationCode": "7"})), "port-out"),
        (item("add", **product(named={"authorizationCode": "7"})), "port-in"),
        (
            item(
                "add",
                **product(
                    productRelationship=[
                        {"relationshipType": "reliesOn", "product": {"productSerialNumber": "1"}}
                    ]
                ),
            ),
            "subscribe",
        ),
    ],
)
def test_a_business_shows_in_its_items(asked: dict[str, Any], business: str) -> None:
    assert business_of(order(asked)) == business
    assert business_of(order(asked, category=business)) == business


def refused(body: ProductOrderCreate) -> list[str]:
    found = recognise(body, OFFERED)
    assert isinstance(found, list)
    return [reason.code.name for reason in found]


def test_a_category_that_the_items_contradict_is_not_recognised() -> None:
    assert refused(order(PLAN, category="replace-sim")) == ["business-not-recognised"]
    assert refused(order(PLAN, category="open-sesame")) == ["business-not-recognised"]
    assert refused(order(item("noChange"))) == ["business-not-recognised"]


def test_two_businesses_in_one_order_are_mixed() -> None:
    assert refused(order(PLAN, NEW_CARD | {"id": "2"})) == ["business-mixed"]


def test_a_business_that_is_not_served_yet_is_not_offered() -> None:
    number = item("modify", **product(productSerialNumber="1", named={"msisdn": "13012345679"}))
    assert refused(order(number)) == ["business-not-offered"]


def test_an_account_is_asked_for_with_plan_option_customer_and_presenter() -> None:
    wanted = recognise(
        order(PLAN, OPTION, relatedParty=[CUSTOMER, PRESENTER], payment=[{"id": "m"}]), OFFERED
    )
    assert isinstance(wanted, OpenAccountWanted)
    assert (wanted.number, wanted.reservation, wanted.customer) == ("13012345678", "r", "c")
    assert [option.offering for option in wanted.options] == ["option"]


def test_everything_that_is_missing_is_said_at_once() -> None:
    bare = item("add", productOffering={"id": "plan"})
    assert refused(order(bare)) == [
        "characteristic-missing",
        "characteristic-missing",
        "customer-required",
        "presenter-required",
    ]


def test_an_option_given_up_by_its_product_alone_is_what_the_category_says() -> None:
    bare = item("delete", product={"id": "p"})
    assert business_of(order(bare, category="unsubscribe")) == "unsubscribe"
    assert business_of(order(bare, category="terminate")) == "terminate"
    assert business_of(order(bare)) == "terminate"
    relying = {"relationshipType": "reliesOn", "product": {"productSerialNumber": "1"}}
    assert business_of(order(item("delete", **product(productRelationship=[relying])))) == "unsubscribe"


def test_a_subscription_that_nothing_names_is_asked_for() -> None:
    for bare in (
        item("modify", **product(status="suspended", named={"reason": "lost"})),
        item("modify", productOffering={"id": "plan"}, **product()),
    ):
        assert refused(order(bare)) == ["number-required"]


def test_an_option_must_rely_on_the_plan_of_its_order() -> None:
    lost = OPTION | {"productOrderItemRelationship": [{"id": "7", "relationshipType": "reliesOn"}]}
    assert refused(order(PLAN, lost, relatedParty=[CUSTOMER, PRESENTER])) == ["item-not-fitting"]


def test_a_new_card_names_the_subscription_by_number_or_by_product() -> None:
    by_number = recognise(order(NEW_CARD, relatedParty=[PRESENTER]), OFFERED)
    assert isinstance(by_number, ReplaceSimWanted)
    assert (by_number.number, by_number.product) == ("13012345678", None)
    nameless = item("modify", **product(named={"iccid": "89860100000000000001"}))
    assert refused(order(nameless, relatedParty=[PRESENTER])) == ["number-required"]
