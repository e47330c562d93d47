"""Whose records an actor sees: the same in list, count, filter, retrieval and change, for every resource."""

from dataclasses import dataclass
from typing import Any

import pytest

from libs.ids import new_id
from services.customer.tests.hall import ACCOUNT, CUSTOMER, INDIVIDUAL, ORGANIZATION, Hall, created, reasons

BLACKLIST = "/api/customer/v1/blacklist"
DISCLOSURES = "/api/customer/v1/disclosures"
HERE, THERE = {"area": "020"}, {"area": "0755"}
OURS = {"dealer": "dealer-a", "subject": "clerk-of-a"} | HERE
MANAGED = {"subject": "manager-1"} | HERE


@dataclass(frozen=True)
class Someone:
    """Who asks, and whose records (of a dealer's, a manager's and another area's customer) they see."""

    role: str
    claims: dict[str, Any]
    sees: str


EVERYBODY = {
    "the dealer's clerk": Someone("dealer-clerk", OURS, "D"),
    "another clerk of the dealer": Someone("dealer-clerk", OURS | {"subject": "another"}, "D"),
    "another dealer's clerk": Someone("dealer-clerk", OURS | {"dealer": "dealer-b"}, ""),
    "the dealer's clerk, bound to another area": Someone(
        "dealer-clerk", OURS | THERE | {"area_bound": True}, ""
    ),
    "the account manager": Someone("account-manager", MANAGED, "M"),
    "another account manager": Someone("account-manager", MANAGED | {"subject": "manager-2"}, ""),
    "a hall clerk of the area": Someone("hall-clerk", HERE | {"area_bound": True}, "DM"),
    "a hall clerk of another area": Someone("hall-clerk", THERE | {"area_bound": True}, "A"),
    "a hall clerk of the whole node": Someone("hall-clerk", HERE, "DMA"),
    "a supervisor of an area": Someone("supervisor", THERE | {"area_bound": True}, "A"),
    "a supervisor": Someone("supervisor", HERE, "DMA"),
    "an auditor": Someone("auditor", HERE, "DMA"),
    "a partner": Someone("machine", HERE, "DMA"),
}
RESOURCES = [CUSTOMER, ACCOUNT, INDIVIDUAL, ORGANIZATION]
WRITERS = {"hall-clerk", "dealer-clerk", "account-manager", "supervisor"}


@pytest.fixture
async def records(hall: Hall) -> dict[str, dict[str, str]]:
    """By path of the resource, the ids of three records: D, M and A."""
    makers = {"D": ("dealer-clerk", OURS), "M": ("account-manager", MANAGED), "A": ("hall-clerk", THERE)}
    made: dict[str, dict[str, str]] = {path: {} for path in [*RESOURCES, BLACKLIST]}
    for name, (role, claims) in makers.items():
        made[INDIVIDUAL][name] = await hall.individual(role=role, claims=claims)
        made[CUSTOMER][name] = await hall.customer(made[INDIVIDUAL][name], role=role, claims=claims)
        made[ACCOUNT][name] = await hall.account(made[CUSTOMER][name])
        body = {"tradingName": "云帆公司"}
        made[ORGANIZATION][name] = created(await hall.post(ORGANIZATION, body, role, key=new_id(), **claims))
        entry = {"customer": {"id": made[CUSTOMER][name]}, "reason": "arrears"}
        made[BLACKLIST][name] = created(await hall.post(BLACKLIST, entry, "supervisor", key=new_id()))
    return made


@pytest.mark.parametrize("path", RESOURCES)
async def test_list_count_filter_and_retrieval_agree(
    hall: Hall, records: dict[str, dict[str, str]], path: str
) -> None:
    ids = records[path]
    for who, someone in EVERYBODY.items():
        expected = {ids[name] for name in someone.sees}

        async def listed(params: dict[str, str], someone: Someone = someone) -> tuple[set[str], int]:
            answer = await hall.get(path, someone.role, params=params, **someone.claims)
            assert answer.status_code == 200, answer.text
            return {one["id"] for one in answer.json()}, int(answer.headers["X-Total-Count"])

        found = await listed({"id": ",".join(ids.values())})
        assert found == (expected, len(expected)), (who, path)
        assert (await listed({"id": ",".join(ids.values()), "limit": "1"}))[1] == len(expected), (who, path)
        assert (await listed({"id": ",".join(ids.values()), "offset": "50"})) == (set(), len(expected))
        for id in ids.values():
            one = await hall.get(f"{path}/{id}", someone.role, **someone.claims)
            assert one.status_code == (200 if id in expected else 404), (who, path)
            assert (await listed({"id": id}))[1] == (id in expected), (who, path)
            if someone.role in WRITERS:
                patched = await hall.patch(f"{path}/{id}", {"@note": who}, someone.role, **someone.claims)
                assert patched.status_code == (200 if id in expected else 404), (who, path, patched.text)
        removed = [id for id in ids.values() if id not in expected]
        if someone.role in ("hall-clerk", "supervisor"):
            for id in removed:
                assert (await hall.delete(f"{path}/{id}", someone.role, **someone.claims)).status_code == 404


async def test_the_lists_show_a_bounded_supervisor_the_entries_of_his_customers(
    hall: Hall, records: dict[str, dict[str, str]]
) -> None:
    ids = records[BLACKLIST]
    bound = THERE | {"area_bound": True}
    answer = await hall.get(BLACKLIST, "supervisor", **bound)
    assert [one["id"] for one in answer.json()] == [ids["A"]]
    assert answer.headers["X-Total-Count"] == "1"
    for name, id in ids.items():
        assert (await hall.get(f"{BLACKLIST}/{id}", "supervisor", **bound)).status_code == (
            200 if name == "A" else 404
        )
    assert (await hall.delete(f"{BLACKLIST}/{ids['D']}", "supervisor", **bound)).status_code == 404
    strange = {"customer": {"id": records[CUSTOMER]["D"]}, "reason": "arrears"}
    refused = await hall.post("/api/customer/v1/redlist", strange, "supervisor", **bound)
    assert (refused.status_code, reasons(refused)) == (400, [("customer-unknown", "customer.id")])
    identity = {"identificationType": "passport", "identificationId": "E12345678", "reason": "fraud"}
    whoever = await hall.post(BLACKLIST, identity, "supervisor", **bound)
    assert (whoever.status_code, whoever.json()["code"]) == (403, "forbidden")
    assert (await hall.delete(f"{BLACKLIST}/{ids['A']}", "supervisor", **bound)).status_code == 204


async def test_what_a_body_names_has_to_be_seen(hall: Hall, records: dict[str, dict[str, str]]) -> None:
    """A record that one does not see is unknown, whichever body names it."""
    clerk = ("dealer-clerk", OURS | {"dealer": "dealer-b"})
    person, customer = records[INDIVIDUAL]["D"], records[CUSTOMER]["D"]
    party = {"name": "张三", "engagedParty": {"id": person, "@referredType": "Individual"}}
    payer = [{"id": customer, "role": "customer", "name": "张三", "@referredType": "Customer"}]
    agent = [{"id": person, "role": "agent", "@referredType": "Individual"}]
    for path, body, code in (
        (CUSTOMER, party, "party-unknown"),
        (ACCOUNT, {"name": "张三", "relatedParty": payer}, "customer-unknown"),
        (ORGANIZATION, {"tradingName": "云帆公司", "relatedParty": agent}, "agent-unknown"),
    ):
        answer = await hall.post(path, body, clerk[0], **clerk[1])
        assert (answer.status_code, reasons(answer)[0][0]) == (400, code), path
    own = created(await hall.post(ORGANIZATION, {"tradingName": "云帆公司"}, clerk[0], **clerk[1]))
    later = await hall.patch(f"{ORGANIZATION}/{own}", {"relatedParty": agent}, clerk[0], **clerk[1])
    assert (later.status_code, reasons(later)[0][0]) == (400, "agent-unknown")


async def test_an_agent_that_was_named_by_another_does_not_stand_in_the_way(
    hall: Hall, records: dict[str, dict[str, str]]
) -> None:
    company = records[ORGANIZATION]["D"]
    agent = [{"id": records[INDIVIDUAL]["A"], "role": "agent", "@referredType": "Individual"}]
    named = await hall.patch(f"{ORGANIZATION}/{company}", {"relatedParty": agent}, "supervisor")
    assert named.status_code == 200, named.text
    changed = await hall.patch(f"{ORGANIZATION}/{company}", {"name": "新"}, "dealer-clerk", **OURS)
    assert changed.status_code == 200, changed.text


async def test_an_auditor_of_an_area_sees_what_was_disclosed_there(
    hall: Hall, records: dict[str, dict[str, str]]
) -> None:
    person = records[INDIVIDUAL]["A"]
    for place in (HERE, THERE):
        shown = await hall.get(
            f"{INDIVIDUAL}/{person}", "hall-clerk", params={"purpose": "counter-service"}, **place
        )
        assert shown.status_code == 200, shown.text
    everywhere = await hall.get(DISCLOSURES, "auditor", params={"record": person})
    there = await hall.get(DISCLOSURES, "auditor", params={"record": person}, **THERE, area_bound=True)
    assert {one["place"]["area"] for one in everywhere.json()} == {"020", "0755"}
    assert {one["place"]["area"] for one in there.json()} == {"0755"}
    assert int(there.headers["X-Total-Count"]) == len(there.json()) == 1
