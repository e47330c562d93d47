import asyncio
from typing import Any

import pytest

from libs.ids import new_id
from services.customer.tests.hall import Hall, created, reasons, resident_id

LIST = "/api/customer/v1/blacklist"
RED = "/api/customer/v1/redlist"


def identity(number: str) -> dict[str, Any]:
    return {"identificationType": "resident-id", "identificationId": number, "reason": "fraud"}


async def test_a_listed_identity_marks_its_customers_and_those_to_come(hall: Hall) -> None:
    number = resident_id()
    party = await hall.individual(number)
    known, stranger = await hall.customer(party), await hall.customer()
    answer = await hall.post(LIST, identity(number), "supervisor", key=new_id())
    entry = created(answer)
    assert answer.json()["identificationId"] == f"{number[:3]}{'*' * 11}{number[-4:]}"
    later = await hall.customer(party)
    for id, blacklisted in ((known, True), (later, True), (stranger, False)):
        assert (await hall.facts("customers", id))["blacklisted"] is blacklisted
    assert (await hall.told(known, 2))[-1].data["blacklisted"] is True
    assert number not in await hall.everything_stored()

    assert (await hall.delete(f"{LIST}/{entry}", "supervisor")).status_code == 204
    assert (await hall.told(known, 3))[-1].data["blacklisted"] is False
    assert (await hall.facts("customers", later))["blacklisted"] is False
    assert (await hall.delete(f"{LIST}/{entry}", "supervisor")).status_code == 404


async def test_the_red_list_protects_one_customer(hall: Hall) -> None:
    party = await hall.individual()
    one, other = await hall.customer(party), await hall.customer(party)
    created(await hall.post(RED, {"customer": {"id": one}, "reason": "hospital"}, "supervisor"))
    facts = await hall.facts("customers", one)
    assert (facts["redlisted"], facts["blacklisted"]) == (True, False)
    assert (await hall.facts("customers", other))["redlisted"] is False
    assert (await hall.get(LIST, "supervisor")).json() == []


async def test_entries_are_listed_and_read(hall: Hall) -> None:
    ids = [created(await hall.post(LIST, identity(resident_id()), "supervisor")) for _ in range(3)]
    page = await hall.get(LIST, "auditor", params={"limit": "2"})
    assert [one["id"] for one in page.json()] == ids[:0:-1]
    assert (page.headers["x-total-count"], page.headers["x-result-count"]) == ("3", "2")
    one = await hall.get(f"{LIST}/{ids[0]}", "auditor")
    assert one.json()["reason"] == "fraud"
    assert (await hall.get(f"{RED}/{ids[0]}", "auditor")).status_code == 404


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"reason": "x"}, [("invalid", None)]),
        ({"customer": {"id": "x"}, **identity("E1")}, [("invalid", None)]),
        ({"identificationType": "passport", "reason": "x"}, [("invalid", None)]),
        (identity("110101199003071234"), [("identity-number-invalid", "identificationId")]),
        ({"customer": {"id": "nobody"}, "reason": "x"}, [("customer-unknown", "customer.id")]),
        ({"customer": {"id": "x"}}, [("missing", "reason")]),
        ({"customer": {"id": "x"}, "reason": "x", "colour": "red"}, [("unknown-field", "colour")]),
    ],
)
async def test_a_bad_entry_is_refused_and_nothing_is_stored(
    hall: Hall, body: Any, expected: list[tuple[str, str | None]]
) -> None:
    before = await hall.rows()
    answer = await hall.post(LIST, body, "supervisor", key=new_id())
    assert (answer.status_code, reasons(answer)) == (400, expected)
    assert await hall.rows() == before


async def test_nobody_is_listed_twice(hall: Hall) -> None:
    number, customer = resident_id(), await hall.customer()
    for body in (identity(number), {"customer": {"id": customer}, "reason": "x"}):
        answers = await asyncio.gather(*(hall.post(LIST, body, "supervisor") for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
        assert {answer.json().get("code") for answer in answers} == {None, "already-listed"}


@pytest.mark.parametrize("role", ["hall-clerk", "dealer-clerk", "machine", "auditor"])
async def test_only_a_supervisor_lists(hall: Hall, role: str) -> None:
    assert (await hall.post(LIST, identity(resident_id()), role)).status_code == 403
    assert (await hall.delete(f"{LIST}/x", role)).status_code == 403
    assert (await hall.get(LIST, role)).status_code == (200 if role == "auditor" else 403)


async def test_customers_made_while_their_identity_is_listed_are_told_of_it(hall: Hall) -> None:
    number = resident_id()
    party = await hall.individual(number)
    listing = asyncio.create_task(hall.post(LIST, identity(number), "supervisor"))
    made = await asyncio.gather(*(hall.customer(party) for _ in range(6)))
    listed = await listing
    assert listed.status_code == 201
    for id in made:
        facts = await hall.facts("customers", id)
        assert facts["blacklisted"] is True
        newest = (await hall.told(id, facts["version"]))[-1].data
        assert newest == facts
