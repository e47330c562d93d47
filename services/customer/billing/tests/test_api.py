"""How, on what and when is billed: kept by supervisors, referred to by accounts."""

from typing import Any

import pytest

from libs.ids import new_id
from services.customer.tests.hall import ACCOUNT, Hall, account_of, created, reasons

BASE = "/tmf-api/accountManagement/v4"
KINDS = ("billFormat", "billPresentationMedia", "billingCycleSpecification")


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_kept_by_supervisors_and_read_by_all(hall: Hall, kind: str) -> None:
    path = f"{BASE}/{kind}"
    made = await hall.post(path, {"name": "详单", "description": "by call"}, "supervisor", key=new_id())
    one = f"{path}/{created(made)}"
    assert made.headers["Location"] == made.json()["href"]
    assert (await hall.get(one)).json() == made.json()
    assert [found["name"] for found in (await hall.get(path, params={"name": "详单"})).json()] == ["详单"]
    changed = await hall.patch(one, {"description": None}, "supervisor")
    assert "description" not in changed.json()
    for answer in (
        await hall.post(path, {"name": "x"}),
        await hall.patch(one, {"name": "x"}),
        await hall.delete(one),
    ):
        assert answer.status_code == 403
    assert (await hall.delete(one, "supervisor")).status_code == 204


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("billFormat", {}, [("missing", "name")]),
        ("billPresentationMedia", {"name": 7}, [("invalid", "name")]),
        ("billFormat", {"name": "x", "frequency": "monthly"}, [("unknown-attribute", "frequency")]),
        (
            "billingCycleSpecification",
            {"name": "x", "paymentDueDateOffset": 1000},
            [("invalid", "paymentDueDateOffset")],
        ),
    ],
)
async def test_what_is_wrong_is_refused(
    hall: Hall, kind: str, body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    answer = await hall.post(f"{BASE}/{kind}", body, "supervisor")
    assert (answer.status_code, reasons(answer)) == (400, expected)


async def test_what_an_account_is_billed_by_stays(hall: Hall) -> None:
    ids = {kind: created(await hall.post(f"{BASE}/{kind}", {"name": "n"}, "supervisor")) for kind in KINDS}
    structure = {
        "format": {"id": ids["billFormat"], "isRef": True, "name": "n"},
        "presentationMedia": [{"id": ids["billPresentationMedia"], "isRef": True, "name": "n"}],
        "cycleSpecification": {"id": ids["billingCycleSpecification"], "isRef": True, "name": "n"},
    }
    account = created(await hall.post(ACCOUNT, account_of(await hall.customer(), billStructure=structure)))
    for kind, id in ids.items():
        answer = await hall.delete(f"{BASE}/{kind}/{id}", "supervisor")
        assert (answer.status_code, reasons(answer)) == (409, [("not-deletable", None)])
    await hall.patch(f"{ACCOUNT}/{account}", {"billStructure": None})
    for kind, id in ids.items():
        assert (await hall.delete(f"{BASE}/{kind}/{id}", "supervisor")).status_code == 204
