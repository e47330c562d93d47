"""What is wrong with an order is said at once and in full, and changes nothing."""

from typing import Any

import pytest

from services.order_acceptance.tests.bodies import (
    LEFT_OUT,
    ORDERS,
    changed,
    characteristics,
    open_account,
    replace_sim,
)
from services.order_acceptance.tests.counter import Counter, fresh_number
from services.order_acceptance.tests.owners import OPTION

ITEM = "productOrderItem[0]"
AT = f"{ITEM}.product.productCharacteristic"
OPENING = open_account("no-check", number="13011110000")
NEW_CARD = replace_sim("no-check", number="13011110000")

MALFORMED: list[tuple[dict[str, Any], str, Any, list[tuple[str, str | None]]]] = [
    (OPENING, "productOrderItem", LEFT_OUT, [("missing", "productOrderItem")]),
    (OPENING, "productOrderItem", [], [("invalid", "productOrderItem")]),
    (OPENING, "productOrderItem", {}, [("invalid", "productOrderItem")]),
    (OPENING, "productOrderItem.0.id", LEFT_OUT, [("missing", f"{ITEM}.id")]),
    (OPENING, "productOrderItem.0.action", LEFT_OUT, [("missing", f"{ITEM}.action")]),
    (OPENING, "productOrderItem.0.action", "ad", [("invalid", f"{ITEM}.action")]),
    (OPENING, "productOrderItem.0.quantity", "one", [("invalid", f"{ITEM}.quantity")]),
    (OPENING, "productOrderItem.0.quantity", 0, [("invalid", f"{ITEM}.quantity")]),
    (OPENING, "productOrderItem.0.quantity", 2, [("item-not-fitting", f"{ITEM}.quantity")]),
    (
        OPENING,
        "productOrderItem.0.productOffering",
        LEFT_OUT,
        [("item-not-fitting", f"{ITEM}.productOffering")],
    ),
    (OPENING, "productOrderItem.0.productOffering.id", LEFT_OUT, [("missing", f"{ITEM}.productOffering.id")]),
    (OPENING, "productOrderItem.0.productOffering.id", 7, [("invalid", f"{ITEM}.productOffering.id")]),
    (
        OPENING,
        "productOrderItem.0.product",
        LEFT_OUT,
        [("characteristic-missing", AT), ("characteristic-missing", AT)],
    ),
    (
        OPENING,
        "productOrderItem.0.product.productCharacteristic.0.name",
        LEFT_OUT,
        [("missing", f"{AT}[0].name")],
    ),
    (
        OPENING,
        "productOrderItem.0.product.productCharacteristic.0.value",
        "130",
        [("characteristic-invalid", AT)],
    ),
    (
        OPENING,
        "productOrderItem.0.product.productCharacteristic.0.value",
        13,
        [("characteristic-missing", AT)],
    ),
    (
        OPENING,
        "productOrderItem.0.product.productCharacteristic.1.value",
        "x",
        [("characteristic-invalid", AT)],
    ),
    (OPENING, "productOrderItem.1.id", "1", [("item-not-fitting", "productOrderItem[1].id")]),
    (OPENING, "productOrderItem.1.productOffering", LEFT_OUT, [("item-not-fitting", "productOrderItem[1]")]),
    (
        OPENING,
        "productOrderItem.1.productOrderItemRelationship.0.id",
        "3",
        [("item-not-fitting", "productOrderItem[1].productOrderItemRelationship")],
    ),
    (
        OPENING,
        "relatedParty",
        LEFT_OUT,
        [("customer-required", "relatedParty"), ("presenter-required", "relatedParty")],
    ),
    (OPENING, "relatedParty.0.id", LEFT_OUT, [("missing", "relatedParty[0].id")]),
    (OPENING, "relatedParty.0.role", LEFT_OUT, [("missing", "relatedParty[0].role")]),
    (OPENING, "relatedParty.0.@referredType", LEFT_OUT, [("missing", "relatedParty[0].@referredType")]),
    (OPENING, "relatedParty.0.@referredType", "Individual", [("customer-required", "relatedParty")]),
    (OPENING, "relatedParty.1.@referredType", "Individual", [("presenter-required", "relatedParty")]),
    (OPENING, "payment", [{}], [("missing", "payment[0].id")]),
    (OPENING, "payment", "cash", [("invalid", "payment")]),
    (OPENING, "priority", "9", [("invalid", "priority")]),
    (OPENING, "description", "x" * 4001, [("invalid", "description")]),
    (OPENING, "requestedStartDate", "tomorrow", [("invalid", "requestedStartDate")]),
    (OPENING, "requestedStartDate", "2099-01-01T00:00:00Z", [("cannot-be-set", "requestedStartDate")]),
    (OPENING, "category", "buy", [("business-not-recognised", "category")]),
    (OPENING, "category", "replace-sim", [("business-not-recognised", "category")]),
    (OPENING, "colour", "red", [("unknown-attribute", "colour")]),
    (OPENING, "productOrderItem.0.colour", "red", [("unknown-attribute", f"{ITEM}.colour")]),
    (OPENING, "state", "completed", [("unknown-attribute", "state")]),
    (
        NEW_CARD,
        "productOrderItem.0.product.productSerialNumber",
        LEFT_OUT,
        [("number-required", f"{ITEM}.product")],
    ),
    (
        NEW_CARD,
        "productOrderItem.0.product.productSerialNumber",
        "13 0",
        [("characteristic-invalid", f"{ITEM}.product.productSerialNumber")],
    ),
    (
        NEW_CARD,
        "productOrderItem.0.product.productCharacteristic",
        [],
        [("business-not-recognised", "category")],
    ),
    (
        NEW_CARD,
        "productOrderItem.0.product.productCharacteristic",
        characteristics(iccid="8986"),
        [("characteristic-invalid", AT)],
    ),
    (NEW_CARD, "productOrderItem.0.product.productCharacteristic.0", "iccid", [("invalid", f"{AT}[0]")]),
    (NEW_CARD, "relatedParty", [], [("presenter-required", "relatedParty")]),
    (NEW_CARD, "productOrderItem.0.action", "noChange", [("business-not-recognised", "category")]),
]


@pytest.mark.parametrize(
    ("body", "where", "value", "reasons"),
    MALFORMED,
    ids=[f"{row[0]['category']} {row[1]} {str(row[2])[:12]}" for row in MALFORMED],
)
async def test_an_order_that_cannot_be_understood_is_refused_and_changes_nothing(
    counter: Counter, body: dict[str, Any], where: str, value: Any, reasons: list[tuple[str, str | None]]
) -> None:
    before = await counter.rows()
    answer = await counter.post(ORDERS, changed(body, where, value))
    assert answer.status_code == 400, answer.text
    told = answer.json()
    assert [(reason["code"], reason.get("path")) for reason in told["reasons"]] == reasons
    assert (told["code"], told["status"], told["@type"]) == (reasons[0][0], "400", "Error")
    assert await counter.rows() == before


async def test_a_body_that_is_no_order_is_refused(counter: Counter) -> None:
    headers = counter.service.bearer("hall-clerk", key="malformed")
    client = counter.service.client
    before = await counter.rows()
    for content, kind, status, code in (
        (b"{", "application/json", 400, "malformed"),
        (b"[]", "application/json", 400, "invalid"),
        (b"", "application/json", 400, "malformed"),
        (
            b'{"description": "\\u0000", "productOrderItem": [{"id": "1", "action": "add"}]}',
            "application/json",
            400,
            "malformed",
        ),
        (b"<order/>", "application/xml", 415, "media-type-not-supported"),
        (b'{"description": "%s"}' % (b"x" * 256 * 1024), "application/json", 413, "body-too-large"),
    ):
        answer = await client.post(ORDERS, content=content, headers=headers | {"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (status, code), content[:40]
    assert await counter.rows() == before


async def test_an_order_has_at_most_two_hundred_items(counter: Counter) -> None:
    items = [
        {
            "id": str(i),
            "action": "add",
            "productOffering": {"id": OPTION},
            "productOrderItemRelationship": [{"id": "1", "relationshipType": "reliesOn"}],
        }
        for i in range(2, 202)
    ]
    body = open_account("no-check", number=fresh_number())
    body["productOrderItem"] = [body["productOrderItem"][0], *items]
    assert len(body["productOrderItem"]) == 201
    answer = await counter.post(ORDERS, body)
    assert answer.status_code == 400
    assert [(one["code"], one["path"]) for one in answer.json()["reasons"]] == [
        ("too-many", "productOrderItem")
    ]
