"""A question about who saw subscribers that makes no sense is refused: by which code, and for which parameter."""

import pytest

from services.order_acceptance.tests.counter import Counter

VIEWS = "/api/order-acceptance/v1/subscriberViews"


@pytest.mark.parametrize(
    ("query", "reasons"),
    [
        ("colour=red", [("unknown-parameter", "colour")]),
        ("sort=at", [("unknown-parameter", "sort")]),
        ("purpose=audit", [("unknown-parameter", "purpose")]),
        ("number=13012345678&number=13012345679", [("repeated-parameter", "number")]),
        ("actor=a&actor=b", [("repeated-parameter", "actor")]),
        ("number=1%00", [("malformed", None)]),
        ("limit=0", [("invalid", "limit")]),
        ("limit=ten", [("invalid", "limit")]),
        ("limit=101", [("page-too-large", "limit")]),
        ("limit=1&limit=2", [("repeated-parameter", "limit")]),
        ("offset=-1", [("invalid", "offset")]),
        ("offset=99999999", [("page-too-large", "offset")]),
        ("offset=x&limit=0", [("invalid", "offset"), ("invalid", "limit")]),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    counter: Counter, query: str, reasons: list[tuple[str, str | None]]
) -> None:
    headers = counter.service.bearer("auditor")
    answer = await counter.service.client.get(f"{VIEWS}?{query}", headers=headers)
    body = answer.json()
    assert (answer.status_code, body["code"], body["@type"]) == (400, reasons[0][0], "Error")
    assert [(one["code"], one.get("path")) for one in body["reasons"]] == reasons
