from typing import Any

import pytest

from libs.ids import new_id
from services.customer.tests.hall import ACCOUNT, CUSTOMER, PHONE, Hall, account_of, created, reasons

FOREVER = {"startDateTime": "2026-01-01T00:00:00+08:00"}
CONTACT = {
    "contactType": "bill",
    "validFor": FOREVER,
    "contactMedium": [{"mediumType": "mobile", "characteristic": {"phoneNumber": PHONE}}],
}


async def test_an_account_is_open_at_once_and_told(hall: Hall) -> None:
    customer = await hall.customer()
    id = await hall.account(customer)
    shown = (await hall.get(f"{ACCOUNT}/{id}")).json()
    assert (shown["state"], shown["@type"]) == ("active", "BillingAccount")
    assert shown["lastModified"].startswith(f"{hall.clock.now():%Y-%m-%dT%H:%M}")
    (event,) = await hall.told(id)
    assert event.type == "unicrm.customer.billing-account-changed.v1"
    assert event.data == await hall.facts("billingAccounts", id)
    assert (event.data["customer"], event.data["state"], event.data["area"]) == (customer, "active", "020")


CUSTOMER_PARTY = {"id": "nobody", "role": "customer", "name": "x", "@referredType": "Customer"}


@pytest.mark.parametrize(
    ("more", "status", "expected"),
    [
        ({"name": None}, 400, [("missing", "name")]),
        ({"relatedParty": None}, 400, [("missing", "relatedParty")]),
        ({"relatedParty": []}, 400, [("invalid", "relatedParty")]),
        ({"relatedParty": [CUSTOMER_PARTY]}, 400, [("customer-unknown", "relatedParty[0].id")]),
        ({"relatedParty": [CUSTOMER_PARTY] * 2}, 400, [("payer-required", "relatedParty")]),
        ({"relatedParty": [CUSTOMER_PARTY | {"role": "owner"}]}, 400, [("payer-required", "relatedParty")]),
        (
            {"relatedParty": [{"id": "x", "role": "customer", "@referredType": "Customer"}]},
            400,
            [("missing", "relatedParty[0].name")],
        ),
        ({"state": "broken"}, 400, [("invalid", "state")]),
        ({"state": "closed"}, 409, [("status-not-reachable", "state")]),
        (
            {
                "accountBalance": [
                    {"balanceType": "due", "amount": {"unit": "CNY", "value": 1.00}, "validFor": FOREVER}
                ]
            },
            409,
            [("by-order-only", "accountBalance")],
        ),
        (
            {"contact": [CONTACT | {"contactMedium": [{"characteristic": {"phoneNumber": "130****5678"}}]}]},
            400,
            [("contact-invalid", "contact[0].contactMedium[0].characteristic.phoneNumber")],
        ),
        ({"creditLimit": {"unit": "CNY", "value": "lots"}}, 400, [("invalid", "creditLimit.value")]),
        ({"id": "mine"}, 400, [("read-only", "id")]),
        ({"lastModified": "2026-01-01T00:00:00Z"}, 400, [("read-only", "lastModified")]),
    ],
)
async def test_a_bad_account_is_refused_and_nothing_is_stored(
    hall: Hall, more: dict[str, Any], status: int, expected: list[tuple[str, str]]
) -> None:
    body = account_of(await hall.customer()) | more
    before = await hall.rows()
    answer = await hall.post(ACCOUNT, body, key=new_id())
    assert (answer.status_code, reasons(answer)) == (status, expected)
    assert await hall.rows() == before


async def test_a_closed_customer_gets_no_account(hall: Hall) -> None:
    customer = await hall.customer()
    await hall.patch(f"{CUSTOMER}/{customer}", {"status": "closed"})
    answer = await hall.post(ACCOUNT, account_of(customer))
    assert (answer.status_code, reasons(answer)) == (409, [("customer-closed", "relatedParty[0].id")])


async def test_a_dealer_opens_no_account_for_anothers_customer(hall: Hall) -> None:
    answer = await hall.post(ACCOUNT, account_of(await hall.customer()), "dealer-clerk", dealer="d-1")
    assert (answer.status_code, answer.json()["code"]) == (400, "customer-unknown")


async def test_the_contact_of_an_account_is_masked_everywhere(hall: Hall) -> None:
    id = await hall.account(contact=[CONTACT])
    changed = (await hall.patch(f"{ACCOUNT}/{id}", {"description": "monthly"})).json()
    (listed,) = (await hall.get(ACCOUNT)).json()
    assert changed == listed == (await hall.get(f"{ACCOUNT}/{id}")).json()
    assert listed["contact"][0]["contactMedium"][0]["characteristic"]["phoneNumber"] == "130****5678"
    full = (await hall.get(f"{ACCOUNT}/{id}", params={"purpose": "counter-service"})).json()
    assert full["contact"] == [CONTACT]
    assert PHONE not in await hall.everything_stored()


async def test_states_follow_their_ways_and_are_told_in_order(hall: Hall) -> None:
    id = await hall.account(state="initialized")
    for state in ("active", "suspended", "active", "closed"):
        assert (await hall.patch(f"{ACCOUNT}/{id}", {"state": state})).status_code == 200
    refused = await hall.patch(f"{ACCOUNT}/{id}", {"state": "active"})
    assert (refused.status_code, reasons(refused)) == (409, [("status-not-reachable", "state")])
    events = await hall.told(id, 5)
    assert [(one.data["version"], one.data["state"]) for one in events] == [
        (1, "initialized"),
        (2, "active"),
        (3, "suspended"),
        (4, "active"),
        (5, "closed"),
    ]


async def test_who_pays_changes_by_order_only(hall: Hall) -> None:
    id, other = await hall.account(), await hall.customer()
    answer = await hall.patch(f"{ACCOUNT}/{id}", {"relatedParty": account_of(other)["relatedParty"]})
    assert (answer.status_code, reasons(answer)) == (409, [("by-order-only", "relatedParty[0].id")])
    balance = {"balanceType": "due", "amount": {"unit": "CNY", "value": 1.00}, "validFor": FOREVER}
    answer = await hall.patch(f"{ACCOUNT}/{id}", {"accountBalance": [balance]})
    assert (answer.status_code, reasons(answer)) == (409, [("by-order-only", "accountBalance")])
    read_only = await hall.patch(f"{ACCOUNT}/{id}", {"lastModified": "2026-01-01T00:00:00Z"})
    assert (read_only.status_code, read_only.json()["code"]) == (400, "read-only")
    assert (await hall.facts("billingAccounts", id))["version"] == 1


async def test_only_an_account_that_never_opened_is_removed(hall: Hall) -> None:
    open_one, new = await hall.account(), await hall.account(state="initialized")
    assert (await hall.delete(f"{ACCOUNT}/{open_one}")).json()["code"] == "not-deletable"
    assert (await hall.delete(f"{ACCOUNT}/{new}")).status_code == 204
    last = (await hall.told(new, 2))[-1].data
    assert (last["version"], last["deleted"]) == (2, True)
    assert (await hall.get(f"{ACCOUNT}/{new}")).status_code == 404


@pytest.mark.parametrize("role", ["machine", "service", "auditor"])
async def test_programs_and_auditors_read_and_do_not_write(hall: Hall, role: str) -> None:
    id = await hall.account()
    assert (await hall.get(f"{ACCOUNT}/{id}", role)).status_code == 200
    for method, path in (("POST", ACCOUNT), ("PATCH", f"{ACCOUNT}/{id}"), ("DELETE", f"{ACCOUNT}/{id}")):
        assert (await hall.ask(method, path, {"name": "x"}, role)).status_code == 403


async def test_the_same_request_again_opens_no_second_account(hall: Hall) -> None:
    body, key = account_of(await hall.customer()), new_id()
    assert created(await hall.post(ACCOUNT, body, key=key)) == created(
        await hall.post(ACCOUNT, body, key=key)
    )
    assert await hall.db.fetchval("SELECT count(*) FROM billing_accounts") == 1
