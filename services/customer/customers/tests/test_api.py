from typing import Any

import pytest

from libs.ids import new_id
from services.customer.tests.hall import ACCOUNT, CUSTOMER, INDIVIDUAL, PHONE, Hall, created, reasons

DEALER: dict[str, Any] = {"role": "dealer-clerk", "claims": {"dealer": "d-1"}}
MANAGER: dict[str, Any] = {"role": "account-manager", "claims": {"subject": "m-1"}}


async def test_a_customer_is_active_at_once_and_told_with_the_area_of_the_act(hall: Hall) -> None:
    party = await hall.individual()
    id = await hall.customer(party)
    shown = (await hall.get(f"{CUSTOMER}/{id}")).json()
    assert shown["href"].endswith(f"{CUSTOMER}/{id}")
    assert (shown["status"], shown["@type"]) == ("active", "Customer")
    assert shown["characteristic"] == [{"name": "area", "value": "020"}]
    (event,) = await hall.told(id)
    assert event.type == "unicrm.customer.customer-changed.v1"
    assert event.data == await hall.facts("customers", id)


async def test_an_organization_is_a_customer_too(hall: Hall) -> None:
    id = await hall.customer(await hall.organization(), "Organization")
    assert (await hall.facts("customers", id))["kind"] == "organization"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"engagedParty": None}, [("missing", "engagedParty")]),
        ({"name": None}, [("missing", "name")]),
        ({"engagedParty": {"id": "x"}}, [("missing", "engagedParty.@referredType")]),
        (
            {"engagedParty": {"id": "x", "@referredType": "Robot"}},
            [("invalid", "engagedParty.@referredType")],
        ),
        (
            {"engagedParty": {"id": "nobody", "@referredType": "Individual"}},
            [("party-unknown", "engagedParty.id")],
        ),
        ({"status": "asleep"}, [("invalid", "status")]),
        ({"characteristic": [{"name": "area", "value": "010"}]}, [("area-not-here", "characteristic")]),
        ({"characteristic": [{"name": "level", "value": 7}]}, [("invalid", "characteristic")]),
        (
            {"contactMedium": [{"characteristic": {"phoneNumber": "130****5678"}}]},
            [("contact-invalid", "contactMedium[0].characteristic.phoneNumber")],
        ),
        ({"colour": "red"}, [("unknown-attribute", "colour")]),
        ({"href": "http://x"}, [("read-only", "href")]),
    ],
)
async def test_a_bad_customer_is_refused_and_nothing_is_stored(
    hall: Hall, more: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    party = await hall.individual()
    before = await hall.rows()
    body = {"name": "张三", "engagedParty": {"id": party, "@referredType": "Individual"}, **more}
    answer = await hall.post(CUSTOMER, body, key=new_id())
    assert (answer.status_code, reasons(answer)) == (400, expected)
    assert await hall.rows() == before


async def test_the_kind_of_the_party_must_be_right(hall: Hall) -> None:
    party = await hall.individual()
    body = {"name": "张三", "engagedParty": {"id": party, "@referredType": "Organization"}}
    assert reasons(await hall.post(CUSTOMER, body)) == [("party-unknown", "engagedParty.id")]


@pytest.mark.parametrize("status", ["suspended", "closed"])
async def test_nobody_begins_suspended_or_closed(hall: Hall, status: str) -> None:
    body = {
        "name": "张三",
        "status": status,
        "engagedParty": {"id": await hall.individual(), "@referredType": "Individual"},
    }
    answer = await hall.post(CUSTOMER, body)
    assert (answer.status_code, reasons(answer)) == (409, [("status-not-reachable", "status")])


async def test_status_follows_its_ways_and_every_change_is_told(hall: Hall) -> None:
    id = await hall.customer(status="initialized")
    for status in ("active", "suspended", "active", "closed"):
        answer = await hall.patch(f"{CUSTOMER}/{id}", {"status": status})
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    events = await hall.told(id, 5)
    assert [event.data["version"] for event in events] == [1, 2, 3, 4, 5]
    assert [event.data["status"] for event in events] == [
        "initialized",
        "active",
        "suspended",
        "active",
        "closed",
    ]
    answer = await hall.patch(f"{CUSTOMER}/{id}", {"status": "active"})
    assert (answer.status_code, reasons(answer)) == (409, [("status-not-reachable", "status")])


async def test_a_customer_with_an_open_account_is_not_closed(hall: Hall) -> None:
    id = await hall.customer()
    account = await hall.account(id)
    answer = await hall.patch(f"{CUSTOMER}/{id}", {"status": "closed"})
    assert (answer.status_code, answer.json()["code"]) == (409, "customer-has-accounts")
    assert (await hall.patch(f"{ACCOUNT}/{account}", {"state": "closed"})).status_code == 200
    assert (await hall.patch(f"{CUSTOMER}/{id}", {"status": "closed"})).status_code == 200


async def test_who_a_customer_is_changes_by_order_only(hall: Hall) -> None:
    id, other = await hall.customer(), await hall.individual()
    answer = await hall.patch(
        f"{CUSTOMER}/{id}", {"engagedParty": {"id": other, "@referredType": "Individual"}}
    )
    assert (answer.status_code, reasons(answer)) == (409, [("by-order-only", "engagedParty")])
    assert (await hall.facts("customers", id))["version"] == 1


async def test_contact_details_are_masked_and_survive_a_patch(hall: Hall) -> None:
    id = await hall.customer(
        contactMedium=[{"mediumType": "mobile", "characteristic": {"phoneNumber": PHONE}}]
    )
    changed = await hall.patch(f"{CUSTOMER}/{id}", {"statusReason": "checked"})
    (listed,) = (await hall.get(CUSTOMER)).json()
    assert listed == changed.json() == (await hall.get(f"{CUSTOMER}/{id}")).json()
    assert listed["contactMedium"][0]["characteristic"]["phoneNumber"] == "130****5678"
    full = await hall.get(f"{CUSTOMER}/{id}", "account-manager", params={"purpose": "call-back"})
    assert full.status_code == 404
    full = await hall.get(f"{CUSTOMER}/{id}", "call-centre-clerk", params={"purpose": "call-back"})
    assert full.json()["contactMedium"][0]["characteristic"]["phoneNumber"] == PHONE
    assert await hall.db.fetchval("SELECT count(*) FROM disclosures WHERE record = $1", id) == 1


async def test_a_dealer_sees_its_own_customers_only(hall: Hall) -> None:
    mine, others = await hall.customer(**DEALER), await hall.customer()
    of_another = await hall.customer(role="dealer-clerk", claims={"dealer": "d-2"})
    answer = await hall.get(CUSTOMER, "dealer-clerk", dealer="d-1")
    assert [one["id"] for one in answer.json()] == [mine]
    assert answer.headers["x-total-count"] == "1"
    for hidden in (others, of_another):
        for method in ("GET", "PATCH"):
            refused = await hall.ask(
                method, f"{CUSTOMER}/{hidden}", {"name": "x"}, "dealer-clerk", dealer="d-1"
            )
            assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    filtered = await hall.get(CUSTOMER, "dealer-clerk", dealer="d-1", params={"dealer": "d-2"})
    assert filtered.json() == []
    assert len((await hall.get(CUSTOMER)).json()) == 3


async def test_an_account_manager_sees_own_customers_only(hall: Hall) -> None:
    mine = await hall.customer(**MANAGER)
    await hall.customer(role="account-manager", claims={"subject": "m-2"})
    answer = await hall.get(CUSTOMER, "account-manager", subject="m-1")
    assert [one["id"] for one in answer.json()] == [mine]
    moved = await hall.patch(
        f"{CUSTOMER}/{mine}",
        {"characteristic": [{"name": "accountManager", "value": "m-2"}]},
        "account-manager",
        subject="m-1",
    )
    assert (moved.status_code, moved.json()["code"]) == (403, "not-yours")
    given = await hall.patch(
        f"{CUSTOMER}/{mine}", {"characteristic": [{"name": "accountManager", "value": "m-2"}]}, "supervisor"
    )
    assert given.status_code == 200
    assert (await hall.get(f"{CUSTOMER}/{mine}", "account-manager", subject="m-1")).status_code == 404
    assert (await hall.get(f"{CUSTOMER}/{mine}", "account-manager", subject="m-2")).status_code == 200


async def test_a_clerk_of_the_hall_sees_the_province_unless_bound_to_an_area(hall: Hall) -> None:
    near = await hall.customer()
    far = await hall.customer(claims={"area": "0755"})
    assert {one["id"] for one in (await hall.get(CUSTOMER)).json()} == {near, far}
    bound = await hall.get(CUSTOMER, area="0755", area_bound=True)
    assert [one["id"] for one in bound.json()] == [far]
    assert (await hall.get(f"{CUSTOMER}/{near}", area="0755", area_bound=True)).status_code == 404


async def test_parties_and_accounts_are_as_visible_as_their_customers(hall: Hall) -> None:
    mine, others = await hall.customer(**DEALER), await hall.customer()
    account, hidden = await hall.account(mine), await hall.account(others)
    party = (await hall.get(f"{CUSTOMER}/{others}")).json()["engagedParty"]["id"]
    for path, status in (
        (f"{ACCOUNT}/{account}", 200),
        (f"{ACCOUNT}/{hidden}", 404),
        (f"{INDIVIDUAL}/{party}", 404),
    ):
        assert (await hall.get(path, "dealer-clerk", dealer="d-1")).status_code == status, path
    assert len((await hall.get(INDIVIDUAL, "dealer-clerk", dealer="d-1")).json()) == 1
    body = {"name": "x", "engagedParty": {"id": party, "@referredType": "Individual"}}
    answer = await hall.post(CUSTOMER, body, "dealer-clerk", dealer="d-1")
    assert reasons(answer) == [("party-unknown", "engagedParty.id")]


async def test_a_dealer_who_is_given_a_customer_sees_the_party(hall: Hall) -> None:
    party = await hall.individual()
    await hall.customer(party, characteristic=[{"name": "dealer", "value": "d-1"}])
    assert (await hall.get(f"{INDIVIDUAL}/{party}", "dealer-clerk", dealer="d-1")).status_code == 200


async def test_customers_are_found_by_what_decides(hall: Hall) -> None:
    party = await hall.individual()
    gold = await hall.customer(party, characteristic=[{"name": "level", "value": "gold"}])
    await hall.customer()
    for params in ({"level": "gold"}, {"engagedParty.id": party}, {"id": gold}):
        assert [one["id"] for one in (await hall.get(CUSTOMER, params=params)).json()] == [gold]
    unknown = await hall.get(CUSTOMER, params={"shoeSize": "43"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown-filter")
    masked = await hall.get(CUSTOMER, params={"contactMedium.characteristic.phoneNumber": PHONE})
    assert (masked.status_code, masked.json()["code"]) == (400, "not-filterable")


async def test_only_a_prospect_whom_nothing_refers_to_is_removed(hall: Hall) -> None:
    active, prospect = await hall.customer(), await hall.customer(status="initialized")
    used = await hall.customer(status="initialized")
    await hall.account(used)
    for id in (active, used):
        assert (await hall.delete(f"{CUSTOMER}/{id}")).json()["code"] == "not-deletable"
    assert (await hall.delete(f"{CUSTOMER}/{prospect}")).status_code == 204
    assert (await hall.get(f"{CUSTOMER}/{prospect}")).status_code == 404
    last = (await hall.told(prospect, 2))[-1].data
    assert (last["version"], last["deleted"]) == (2, True)
    gone = await hall.get(f"/api/customer/v1/facts/customers/{prospect}", "service")
    assert gone.status_code == 404


@pytest.mark.parametrize("role", ["machine", "service", "auditor"])
async def test_programs_and_auditors_read_and_do_not_write(hall: Hall, role: str) -> None:
    id = await hall.customer()
    assert (await hall.get(f"{CUSTOMER}/{id}", role)).status_code == 200
    for method, path in (("POST", CUSTOMER), ("PATCH", f"{CUSTOMER}/{id}"), ("DELETE", f"{CUSTOMER}/{id}")):
        assert (await hall.ask(method, path, {"name": "x"}, role)).status_code == 403


async def test_the_same_request_again_makes_no_second_customer(hall: Hall) -> None:
    body = {"name": "张三", "engagedParty": {"id": await hall.individual(), "@referredType": "Individual"}}
    key = new_id()
    first, again = await hall.post(CUSTOMER, body, key=key), await hall.post(CUSTOMER, body, key=key)
    assert created(first) == created(again)
    assert await hall.db.fetchval("SELECT count(*) FROM customers") == 1
