"""What is wrong with an order on a subscription is said at once and in full, and changes nothing."""

from typing import Any

import pytest

from services.order_acceptance.tests.bodies import LEFT_OUT, ORDERS, changed, characteristics, replace_sim
from services.order_acceptance.tests.businesses import (
    BIG_PLAN,
    ONLY_WITH_PLAN,
    THIRD,
    change_plan,
    resume,
    subscribe,
    suspend,
    terminate,
    unsubscribe,
    unsubscribe_product,
)
from services.order_acceptance.tests.counter import Counter

ITEM = "productOrderItem[0]"
SECOND = "productOrderItem[1]"
NAMED = f"{ITEM}.product.productCharacteristic"
NUMBER = "productOrderItem.0.product.productSerialNumber"
VALUES = "productOrderItem.0.product.productCharacteristic"
RELIES_ON = "productOrderItem.0.product.productRelationship"
Reasons = list[tuple[str, str]]

ONE, OTHER = "13011110000", "13011110001"
SUSPENDING = suspend(ONE)
RESUMING = resume(ONE)
RESUMING_LOST = resume(ONE, "lost", check="no-check")
CHANGING = change_plan(ONE, BIG_PLAN)
SUBSCRIBING = subscribe(ONE, THIRD)
UNSUBSCRIBING = unsubscribe(ONE, THIRD)
BY_PRODUCT = unsubscribe_product("some-product")
ENDING = terminate(ONE, "no-check")
NEW_CARD = replace_sim("no-check", number=ONE)


def items_of(*bodies: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of several orders, numbered through, as if they were one."""
    items = [item for body in bodies for item in body["productOrderItem"]]
    return [{**item, "id": str(i)} for i, item in enumerate(items, 1)]


def row(
    body: dict[str, Any], where: str, value: Any, *reasons: tuple[str, str]
) -> tuple[dict[str, Any], str, Any, Reasons]:
    return body, where, value, list(reasons)


MALFORMED = [
    # What is to be done is not said, or cannot be.
    row(SUSPENDING, VALUES, LEFT_OUT, ("characteristic-missing", NAMED)),
    row(SUSPENDING, VALUES, characteristics(reason="bored"), ("characteristic-invalid", NAMED)),
    row(
        SUSPENDING,
        VALUES,
        characteristics(reason="lost", barring="incoming"),
        ("characteristic-invalid", NAMED),
    ),
    row(
        SUSPENDING,
        VALUES,
        characteristics(barring="none"),
        ("characteristic-missing", NAMED),
        ("characteristic-invalid", NAMED),
    ),
    row(SUSPENDING, "productOrderItem.0.product.status", "asleep", ("invalid", f"{ITEM}.product.status")),
    row(SUSPENDING, "productOrderItem.0.product.status", "active", ("business-not-recognised", "category")),
    row(RESUMING, VALUES, LEFT_OUT, ("characteristic-missing", NAMED)),
    row(RESUMING, VALUES, characteristics(reason="found"), ("characteristic-invalid", NAMED)),
    row(RESUMING_LOST, "relatedParty", [], ("presenter-required", "relatedParty")),
    row(
        RESUMING_LOST,
        "relatedParty.0.@referredType",
        "Individual",
        ("presenter-required", "relatedParty"),
    ),
    row(CHANGING, VALUES, characteristics(effective="tomorrow"), ("characteristic-invalid", NAMED)),
    row(CHANGING, VALUES, characteristics(effective="2026-12-01"), ("characteristic-invalid", NAMED)),
    row(CHANGING, "productOrderItem.0.productOffering", LEFT_OUT, ("business-not-recognised", "category")),
    row(CHANGING, "productOrderItem.0.product", LEFT_OUT, ("business-not-recognised", "category")),
    row(
        SUBSCRIBING,
        "productOrderItem.0.productOffering",
        LEFT_OUT,
        ("item-not-fitting", f"{ITEM}.productOffering"),
    ),
    row(UNSUBSCRIBING, "productOrderItem.0.productOffering", LEFT_OUT, ("item-not-fitting", ITEM)),
    row(BY_PRODUCT, "productOrderItem.0.product", LEFT_OUT, ("business-not-recognised", "category")),
    row(ENDING, "relatedParty", LEFT_OUT, ("presenter-required", "relatedParty")),
    # The subscription is not named, or with what is no number.
    *(
        row(body, NUMBER, LEFT_OUT, ("number-required", f"{ITEM}.product"))
        for body in (SUSPENDING, RESUMING, CHANGING, ENDING)
    ),
    *(
        row(body, NUMBER, number, ("characteristic-invalid", f"{ITEM}.product.productSerialNumber"))
        for body in (SUSPENDING, RESUMING, CHANGING, ENDING, NEW_CARD)
        for number in ("+8613011110000", "130111x0000", "123456", "1301111000011", "")
    ),
    row(CHANGING, NUMBER, 13011110000, ("invalid", f"{ITEM}.product.productSerialNumber")),
    row(CHANGING, NUMBER, "1" * 33, ("invalid", f"{ITEM}.product.productSerialNumber")),
    *(
        row(
            body,
            f"{RELIES_ON}.0.product.productSerialNumber",
            "tel:13011110000",
            ("characteristic-invalid", f"{ITEM}.product.productRelationship.productSerialNumber"),
        )
        for body in (SUBSCRIBING, UNSUBSCRIBING)
    ),
    row(
        SUBSCRIBING,
        f"{RELIES_ON}.0.product",
        {},
        ("number-required", f"{ITEM}.product.productRelationship"),
    ),
    row(
        SUBSCRIBING,
        f"{RELIES_ON}.0.relationshipType",
        LEFT_OUT,
        ("missing", f"{ITEM}.product.productRelationship[0].relationshipType"),
    ),
    # An order is about one subscription, and its items differ by their ids.
    *(
        row(one, "productOrderItem", items_of(one, another), ("item-not-fitting", SECOND))
        for one, another in (
            (SUSPENDING, suspend(OTHER)),
            (RESUMING, resume(OTHER)),
            (CHANGING, change_plan(OTHER, BIG_PLAN)),
            (ENDING, terminate(OTHER, None)),
            (NEW_CARD, replace_sim("no-check", number=OTHER)),
            (SUBSCRIBING, subscribe(OTHER, THIRD)),
            (UNSUBSCRIBING, unsubscribe(OTHER, THIRD)),
        )
    ),
    row(
        SUBSCRIBING,
        "productOrderItem",
        [{**item, "id": "1"} for item in items_of(SUBSCRIBING, subscribe(ONE, ONLY_WITH_PLAN))],
        ("item-not-fitting", f"{SECOND}.id"),
    ),
    row(
        UNSUBSCRIBING,
        "productOrderItem",
        [{**item, "id": "1"} for item in items_of(UNSUBSCRIBING, unsubscribe(ONE, ONLY_WITH_PLAN))],
        ("item-not-fitting", f"{SECOND}.id"),
    ),
    row(
        SUSPENDING,
        "productOrderItem",
        items_of(SUSPENDING, resume(ONE)),
        ("business-mixed", "productOrderItem"),
    ),
]


@pytest.mark.parametrize(
    ("body", "where", "value", "reasons"),
    MALFORMED,
    ids=[f"{one[0]['category']} {one[1]} {str(one[2])[:24]}" for one in MALFORMED],
)
async def test_what_cannot_be_understood_is_refused_and_changes_nothing(
    counter: Counter, body: dict[str, Any], where: str, value: Any, reasons: Reasons
) -> None:
    before = await counter.rows()
    answer = await counter.post(ORDERS, changed(body, where, value))
    assert answer.status_code == 400, answer.text
    told = answer.json()
    assert [(reason["code"], reason.get("path")) for reason in told["reasons"]] == reasons
    assert (told["code"], told["status"], told["@type"]) == (reasons[0][0], "400", "Error")
    assert await counter.rows() == before
