import json
from typing import Any

import pytest

from libs.ids import new_id
from services.customer.personal.rules import masked
from services.customer.tests.hall import (
    EMAIL,
    INDIVIDUAL,
    PHONE,
    STREET,
    Hall,
    created,
    person,
    reasons,
    resident_id,
)


def shows_nothing_personal(record: dict[str, Any], number: str) -> None:
    """A representation as everybody may see it."""
    text = json.dumps(record, ensure_ascii=False)
    for secret in (number, PHONE, STREET, EMAIL, "c2VjcmV0", "1990-03-07"):
        assert secret not in text
    (document,) = record["individualIdentification"]
    assert document["identificationId"] == f"{number[:3]}{'*' * 11}{number[-4:]}"
    assert "attachment" not in document
    media = [one["characteristic"] for one in record["contactMedium"]]
    assert media == [
        {"phoneNumber": "130****5678"},
        {"emailAddress": "z****@example.com"},
        {"street1": "广东省广州市天河区****", "city": "广州市"},
    ]


async def test_list_detail_answers_and_fields_are_masked_alike(hall: Hall) -> None:
    number = resident_id()
    made = await hall.post(INDIVIDUAL, person(number), key=new_id())
    id = created(made)
    shows_nothing_personal(made.json(), number)
    for role in ("hall-clerk", "supervisor", "auditor", "machine", "service"):
        detail = (await hall.get(f"{INDIVIDUAL}/{id}", role)).json()
        assert detail == made.json()
        (listed,) = (await hall.get(INDIVIDUAL, role)).json()
        assert listed == detail
    chosen = await hall.get(f"{INDIVIDUAL}/{id}", params={"fields": "birthDate,individualIdentification"})
    assert chosen.json().keys() == {"id", "href", "@type", "individualIdentification"}
    changed = await hall.patch(f"{INDIVIDUAL}/{id}", {"givenName": "四"})
    shows_nothing_personal(changed.json(), number)
    again = (await hall.get(f"{INDIVIDUAL}/{id}")).json()
    assert again == changed.json()


async def test_an_identity_number_is_nowhere_in_clear(hall: Hall) -> None:
    number = resident_id()
    body = person(number, placeOfBirth=f"see {number}", **{"@note": {"copied": number}})
    id = created(await hall.post(INDIVIDUAL, body, key=new_id()))
    await hall.customer(id)
    stored = await hall.everything_stored()
    for secret in (number, PHONE, STREET, EMAIL, "c2VjcmV0"):
        assert secret not in stored
    digest = hall.service.runtime.cipher.digest("resident-id", number)
    row = await hall.db.fetchrow("SELECT party, kind FROM identities WHERE digest = $1", digest)
    assert row is not None
    assert (row["party"], row["kind"]) == (id, "resident-id")


async def test_a_purpose_shows_all_and_is_written_down(hall: Hall) -> None:
    number = resident_id()
    id = await hall.individual(number)
    answer = await hall.get(f"{INDIVIDUAL}/{id}", params={"purpose": "counter-service"}, subject="clerk-7")
    full = answer.json()
    assert full["individualIdentification"][0]["identificationId"] == number
    assert full["birthDate"] == "1990-03-07T00:00:00+08:00"
    assert full["contactMedium"][0]["characteristic"]["phoneNumber"] == PHONE
    masked_too = (await hall.get(f"{INDIVIDUAL}/{id}")).json()
    assert masked(full) == masked_too
    row = await hall.db.fetchrow("SELECT * FROM disclosures")
    assert row is not None
    assert row["actor"].endswith(" clerk-7")
    assert (row["purpose"], row["resource"], row["record"]) == ("counter-service", "Individual", id)
    assert row["at"] == hall.clock.now()
    assert json.loads(row["place"])["hall"] == "gd-hall-1"
    assert "individualIdentification.identificationId" in row["attributes"]
    assert "birthDate" in row["attributes"]


async def test_a_list_for_a_purpose_writes_one_row_for_each_record(hall: Hall) -> None:
    ids = {await hall.individual() for _ in range(3)}
    answer = await hall.get(
        INDIVIDUAL, params={"purpose": "counter-service", "fields": "birthDate", "limit": "2"}
    )
    assert all(one.keys() == {"id", "href", "@type", "birthDate"} for one in answer.json())
    rows = await hall.db.fetch("SELECT record, attributes FROM disclosures")
    assert {row["record"] for row in rows} == {one["id"] for one in answer.json()} <= ids
    assert [row["attributes"] for row in rows] == [["birthDate"], ["birthDate"]]


@pytest.mark.parametrize(
    ("role", "purpose", "status", "code"),
    [
        ("dealer-clerk", "counter-service", 403, "purpose-not-permitted"),
        ("machine", "counter-service", 403, "purpose-not-permitted"),
        ("auditor", "counter-service", 403, "purpose-not-permitted"),
        ("hall-clerk", "fraud", 403, "purpose-not-permitted"),
        ("hall-clerk", "curiosity", 400, "purpose-unknown"),
        ("hall-clerk", "", 400, "purpose-unknown"),
    ],
)
async def test_without_a_fitting_purpose_nothing_is_shown(
    hall: Hall, role: str, purpose: str, status: int, code: str
) -> None:
    id = await hall.individual(role="dealer-clerk")
    for path in (INDIVIDUAL, f"{INDIVIDUAL}/{id}"):
        answer = await hall.get(path, role, params={"purpose": purpose})
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await hall.db.fetchval("SELECT count(*) FROM disclosures") == 0


async def test_a_person_is_found_by_identity_number_only_for_a_purpose(hall: Hall) -> None:
    number = resident_id()
    id = await hall.individual(number)
    await hall.individual()
    name = "individualIdentification.identificationId"
    found = await hall.get(INDIVIDUAL, params={name: number.lower(), "purpose": "identity-verification"})
    assert [one["id"] for one in found.json()] == [id]
    none = await hall.get(INDIVIDUAL, params={name: resident_id(), "purpose": "identity-verification"})
    assert none.json() == []
    for role in ("hall-clerk", "dealer-clerk", "machine"):
        refused = await hall.get(INDIVIDUAL, role, params={name: number})
        assert (refused.status_code, reasons(refused)) == (403, [("purpose-required", name)])
    refused = await hall.get(INDIVIDUAL, "dealer-clerk", params={name: number, "purpose": "counter-service"})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "name",
    [
        "birthDate",
        "birthDate.gt",
        "contactMedium.characteristic.phoneNumber",
        "contactMedium.characteristic.phoneNumber.regex",
        "individualIdentification.identificationId.regex",
        "individualIdentification.identificationId.ne",
        "individualIdentification.attachment.content",
    ],
)
@pytest.mark.parametrize("purpose", [None, "counter-service"])
async def test_what_is_masked_cannot_be_searched(hall: Hall, name: str, purpose: str | None) -> None:
    await hall.individual()
    params = {name: "1"} | ({"purpose": purpose} if purpose else {})
    answer = await hall.get(INDIVIDUAL, params=params)
    assert (answer.status_code, reasons(answer)) == (400, [("not-filterable", name)])


async def test_sorting_by_what_is_masked_is_refused(hall: Hall) -> None:
    answer = await hall.get(INDIVIDUAL, params={"sort": "birthDate"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-sort")
