"""Accounts that are no customer's subscription: of parties, of partners, of accounting."""

from typing import Any

import pytest

from libs.ids import new_id
from services.customer.tests.hall import ACCOUNT, PHONE, Hall, account_of, created, reasons

BASE = "/tmf-api/accountManagement/v4"
FOREVER = {"startDateTime": "2026-01-01T00:00:00+08:00"}
KINDS = ("partyAccount", "settlementAccount", "financialAccount")
PARTNER = {"id": "dealer-7", "role": "dealer", "name": "代理商", "@referredType": "Dealer"}


def body(**more: Any) -> dict[str, Any]:
    return {
        "name": "结算",
        "relatedParty": [PARTNER],
        "contact": [
            {
                "contactType": "bill",
                "validFor": FOREVER,
                "contactMedium": [{"mediumType": "mobile", "characteristic": {"phoneNumber": PHONE}}],
            }
        ],
        **more,
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_an_account_is_opened_read_changed_and_closed_with_its_contacts_masked(
    hall: Hall, kind: str
) -> None:
    path = f"{BASE}/{kind}"
    made = await hall.post(path, body(), "supervisor", key=new_id())
    id = created(made)
    shown = made.json()
    assert made.headers["Location"] == shown["href"]
    assert (shown["@type"], shown["state"]) == (kind[0].upper() + kind[1:], "active")
    assert shown["contact"][0]["contactMedium"][0]["characteristic"]["phoneNumber"] == "130****5678"
    assert (await hall.get(f"{path}/{id}")).json() == shown
    assert [one["id"] for one in (await hall.get(path, params={"state": "active"})).json()] == [id]
    full = await hall.get(f"{path}/{id}", params={"purpose": "counter-service"})
    assert full.json()["contact"][0]["contactMedium"][0]["characteristic"]["phoneNumber"] == PHONE
    limit = {"unit": "CNY", "value": 500.00}
    changed = await hall.patch(f"{path}/{id}", {"creditLimit": limit, "state": "suspended"}, "supervisor")
    assert (changed.status_code, changed.json()["creditLimit"]) == (200, limit)
    assert (await hall.patch(f"{path}/{id}", {"state": "closed"}, "supervisor")).status_code == 200
    again = await hall.patch(f"{path}/{id}", {"state": "active"}, "supervisor")
    assert reasons(again) == [("status-not-reachable", "state")]
    assert reasons(await hall.delete(f"{path}/{id}", "supervisor")) == [("not-deletable", None)]
    assert PHONE not in await hall.everything_stored()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_draft_can_be_removed(hall: Hall, kind: str) -> None:
    path = f"{BASE}/{kind}"
    id = created(await hall.post(path, body(state="initialized"), "supervisor"))
    assert (await hall.delete(f"{path}/{id}", "supervisor")).status_code == 204
    assert (await hall.get(f"{path}/{id}")).status_code == 404


@pytest.mark.parametrize("kind", ["settlementAccount", "financialAccount"])
async def test_with_whom_is_settled_no_counter_decides(hall: Hall, kind: str) -> None:
    path = f"{BASE}/{kind}"
    assert (await hall.post(path, body())).status_code == 403
    id = created(await hall.post(path, body(), "supervisor"))
    assert (await hall.patch(f"{path}/{id}", {"name": "x"})).status_code == 403
    assert (await hall.delete(f"{path}/{id}")).status_code == 403


@pytest.mark.parametrize(
    ("kind", "more", "status", "expected"),
    [
        ("partyAccount", {"name": None}, 400, [("missing", "name")]),
        ("partyAccount", {"relatedParty": None}, 400, [("missing", "relatedParty")]),
        ("settlementAccount", {"relatedParty": []}, 400, [("invalid", "relatedParty")]),
        ("financialAccount", {"billStructure": {}}, 400, [("unknown-attribute", "billStructure")]),
        ("financialAccount", {"state": "lost"}, 400, [("invalid", "state")]),
        ("partyAccount", {"state": "closed"}, 409, [("status-not-reachable", "state")]),
        (
            "partyAccount",
            {"relatedParty": [PARTNER, {**PARTNER, "id": "nobody", "@referredType": "Individual"}]},
            400,
            [("party-unknown", "relatedParty[1].id")],
        ),
        (
            "settlementAccount",
            {
                "accountBalance": [
                    {"balanceType": "due", "amount": {"unit": "CNY", "value": 1.00}, "validFor": FOREVER}
                ]
            },
            409,
            [("by-order-only", "accountBalance")],
        ),
    ],
)
async def test_what_is_wrong_is_refused(
    hall: Hall, kind: str, more: dict[str, Any], status: int, expected: list[tuple[str, str]]
) -> None:
    answer = await hall.post(f"{BASE}/{kind}", body(**more), "supervisor")
    assert (answer.status_code, reasons(answer)) == (status, expected)
    assert (await hall.get(f"{BASE}/{kind}")).json() == []


async def test_what_an_account_names_cannot_be_removed(hall: Hall) -> None:
    financial = created(await hall.post(f"{BASE}/financialAccount", body(state="initialized"), "supervisor"))
    party = await hall.individual()
    owner = {"id": party, "role": "owner", "name": "张三", "@referredType": "Individual"}
    naming = body(relatedParty=[owner], financialAccount={"id": financial}, state="initialized")
    account = created(await hall.post(f"{BASE}/partyAccount", naming))
    for path in (f"{BASE}/financialAccount/{financial}", f"/tmf-api/party/v4/individual/{party}"):
        assert reasons(await hall.delete(path, "supervisor")) == [("not-deletable", None)]
    assert (await hall.delete(f"{BASE}/partyAccount/{account}")).status_code == 204
    for path in (f"{BASE}/financialAccount/{financial}", f"/tmf-api/party/v4/individual/{party}"):
        assert (await hall.delete(path, "supervisor")).status_code == 204


async def test_an_account_is_seen_within_the_bounds_of_whoever_asks(hall: Hall) -> None:
    party = await hall.individual(role="dealer-clerk", claims={"dealer": "d-1"})
    owner = {"id": party, "role": "owner", "name": "张三", "@referredType": "Individual"}
    made = await hall.post(f"{BASE}/partyAccount", body(relatedParty=[owner]), "dealer-clerk", dealer="d-1")
    path = f"{BASE}/partyAccount/{created(made)}"
    assert (await hall.get(path, "dealer-clerk", dealer="d-1")).status_code == 200
    assert (await hall.get(path, "dealer-clerk", dealer="d-2")).status_code == 404
    foreign = await hall.post(
        f"{BASE}/partyAccount", body(relatedParty=[owner]), "dealer-clerk", dealer="d-2"
    )
    assert reasons(foreign) == [("party-unknown", "relatedParty[0].id")]


async def test_a_billing_account_that_names_a_financial_one_keeps_it(hall: Hall) -> None:
    financial = created(await hall.post(f"{BASE}/financialAccount", body(state="initialized"), "supervisor"))
    named = account_of(await hall.customer()) | {"financialAccount": {"id": financial}}
    account = created(await hall.post(ACCOUNT, named))
    path = f"{BASE}/financialAccount/{financial}"
    assert reasons(await hall.delete(path, "supervisor")) == [("not-deletable", None)]
    assert (await hall.patch(f"{ACCOUNT}/{account}", {"financialAccount": None})).status_code == 200
    assert (await hall.delete(path, "supervisor")).status_code == 204
