import asyncio
from typing import Any

import pytest

from libs.ids import new_id
from services.customer.tests.hall import (
    INDIVIDUAL,
    ORGANIZATION,
    PHONE,
    Hall,
    credit_code,
    person,
    reasons,
    resident_id,
)


def with_document(**entry: Any) -> dict[str, Any]:
    given = {"identificationType": "resident-id", "identificationId": resident_id(), **entry}
    return person() | {"individualIdentification": [given]}


ID = "individualIdentification[0].identificationId"
TYPE = "individualIdentification[0].identificationType"
BAD = [
    (with_document(identificationId="110101199003071234"), [("identity-number-invalid", ID)]),
    (with_document(identificationId="440***********1234"), [("identity-number-invalid", ID)]),
    (with_document(identificationType="passport", identificationId="E1"), [("identity-number-invalid", ID)]),
    (with_document(identificationType="uscc"), [("identification-type-not-allowed", TYPE)]),
    (with_document(identificationType="library-card"), [("identification-type-not-allowed", TYPE)]),
    (with_document(identificationId=""), [("invalid", ID)]),
    (with_document(identificationId=None), [("invalid", ID)]),
    (person() | {"individualIdentification": [{"identificationType": "passport"}]}, [("missing", ID)]),
    (person() | {"birthDate": "1991-03-07T00:00:00Z"}, [("birth-date-differs", "birthDate")]),
    (person() | {"birthDate": "yesterday"}, [("invalid", "birthDate")]),
    (
        person() | {"contactMedium": [{"characteristic": {"phoneNumber": "130****5678"}}]},
        [("contact-invalid", "contactMedium[0].characteristic.phoneNumber")],
    ),
    (
        person() | {"contactMedium": [{"characteristic": {"phoneNumber": "call me"}}]},
        [("contact-invalid", "contactMedium[0].characteristic.phoneNumber")],
    ),
    ({"givenName": "三"}, [("missing", "familyName")]),
    (person() | {"status": "unborn"}, [("invalid", "status")]),
    (person() | {"shoeSize": 43}, [("unknown-attribute", "shoeSize")]),
    (person() | {"id": "mine"}, [("read-only", "id")]),
    ([], [("invalid", None)]),
]


@pytest.mark.parametrize(("body", "expected"), BAD)
async def test_a_bad_person_is_refused_and_nothing_is_stored(
    hall: Hall, body: Any, expected: list[tuple[str, str | None]]
) -> None:
    before = await hall.rows()
    answer = await hall.post(INDIVIDUAL, body, key=new_id())
    assert (answer.status_code, reasons(answer)) == (400, expected)
    assert await hall.rows() == before


async def test_every_reason_is_told_at_once(hall: Hall) -> None:
    body = with_document(identificationId="1" * 18) | {
        "contactMedium": [{"characteristic": {"phoneNumber": "x"}}],
    }
    answer = await hall.post(INDIVIDUAL, body)
    assert [code for code, _ in reasons(answer)] == ["identity-number-invalid", "contact-invalid"]
    chinese = await hall.post(INDIVIDUAL, body, headers={"Accept-Language": "zh-CN"})
    assert "证件号码无效" in chinese.json()["reason"]


async def test_one_identity_belongs_to_one_party(hall: Hall) -> None:
    number = resident_id()
    first = await hall.individual(number)
    before = await hall.rows()
    second = await hall.post(INDIVIDUAL, person(f" {number.lower()} "), key=new_id())
    assert (second.status_code, reasons(second)) == (409, [("identity-already-registered", ID)])
    assert first not in second.text
    assert await hall.rows() == before
    twice = person(number) | {"individualIdentification": person(number)["individualIdentification"] * 2}
    assert reasons(await hall.post(INDIVIDUAL, twice)) == [
        ("identity-repeated", "individualIdentification[1].identificationId")
    ]


async def test_two_clerks_at_the_same_moment_register_a_person_once(hall: Hall) -> None:
    number = resident_id()
    answers = await asyncio.gather(*(hall.post(INDIVIDUAL, person(number), key=new_id()) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert await hall.db.fetchval("SELECT count(*) FROM individuals") == 1


async def test_a_repeated_request_is_answered_from_what_was_kept_encrypted(hall: Hall) -> None:
    key, body = new_id(), person()
    first = await hall.post(INDIVIDUAL, body, key=key)
    again = await hall.post(INDIVIDUAL, body, key=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert await hall.db.fetchval("SELECT count(*) FROM individuals") == 1
    other = await hall.post(INDIVIDUAL, person(), key=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    kept = await hall.db.fetchrow("SELECT encrypted, answer FROM idempotency_keys")
    assert kept is not None
    assert kept["encrypted"]
    assert "张" not in kept["answer"]


async def test_a_patch_changes_only_what_it_names(hall: Hall) -> None:
    number = resident_id()
    id = await hall.individual(number)
    answer = await hall.patch(
        f"{INDIVIDUAL}/{id}", {"gender": "male", "nationality": None, "status": "validated"}
    )
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'
    full = (await hall.get(f"{INDIVIDUAL}/{id}", params={"purpose": "counter-service"})).json()
    assert full["individualIdentification"][0]["identificationId"] == number
    assert (full["gender"], full["status"]) == ("male", "validated")


async def test_a_new_document_replaces_the_old_which_is_free_again(hall: Hall) -> None:
    old, new = resident_id(), "E12345678"
    id = await hall.individual(old)
    entry = [{"identificationType": "passport", "identificationId": "e1234 5678"}]
    assert (await hall.patch(f"{INDIVIDUAL}/{id}", {"individualIdentification": entry})).status_code == 200
    full = (await hall.get(f"{INDIVIDUAL}/{id}", params={"purpose": "counter-service"})).json()
    assert full["individualIdentification"][0]["identificationId"] == new
    other = await hall.individual(old)
    refused = await hall.patch(
        f"{INDIVIDUAL}/{other}",
        {"individualIdentification": [{"identificationType": "passport", "identificationId": new}]},
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "identity-already-registered")


@pytest.mark.parametrize(
    ("patch", "status", "code"),
    [
        ({"familyName": None}, 400, "missing"),
        ({"status": "closed"}, 400, "invalid"),
        ({"id": "other"}, 400, "read-only"),
        ({"birthDate": "1991-01-01T00:00:00Z"}, 400, "birth-date-differs"),
        (
            {"individualIdentification": [{"identificationType": "resident-id", "identificationId": "440"}]},
            400,
            "identity-number-invalid",
        ),
        ({"contactMedium": [{"characteristic": {"street1": "广东省****"}}]}, 400, "contact-invalid"),
        ([], 400, "invalid"),
    ],
)
async def test_a_bad_patch_changes_nothing(hall: Hall, patch: Any, status: int, code: str) -> None:
    id = await hall.individual()
    before = (await hall.get(f"{INDIVIDUAL}/{id}")).json()
    answer = await hall.patch(f"{INDIVIDUAL}/{id}", patch)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await hall.get(f"{INDIVIDUAL}/{id}")).json() == before


async def test_the_dead_do_not_come_back(hall: Hall) -> None:
    id = await hall.individual(status="validated")
    assert (await hall.patch(f"{INDIVIDUAL}/{id}", {"status": "deceaded"})).status_code == 200
    answer = await hall.patch(f"{INDIVIDUAL}/{id}", {"status": "validated"})
    assert (answer.status_code, reasons(answer)) == (409, [("status-not-reachable", "status")])


async def test_an_edit_of_an_older_version_is_refused(hall: Hall) -> None:
    id = await hall.individual()
    tag = (await hall.get(f"{INDIVIDUAL}/{id}")).headers["etag"]
    assert (
        await hall.patch(f"{INDIVIDUAL}/{id}", {"gender": "male"}, headers={"If-Match": tag})
    ).status_code == 200
    answer = await hall.patch(f"{INDIVIDUAL}/{id}", {"gender": "female"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (409, "edited-meanwhile")


async def test_only_what_nobody_needs_is_removed(hall: Hall) -> None:
    number = resident_id()
    free, engaged, agent = await hall.individual(number), await hall.individual(), await hall.individual()
    validated = await hall.individual(status="validated")
    await hall.customer(engaged)
    await hall.organization(None, agent)
    for id in (engaged, agent, validated):
        answer = await hall.delete(f"{INDIVIDUAL}/{id}")
        assert (answer.status_code, answer.json()["code"]) == (409, "not-deletable")
    assert (await hall.delete(f"{INDIVIDUAL}/{free}")).status_code == 204
    assert (await hall.get(f"{INDIVIDUAL}/{free}")).status_code == 404
    assert (await hall.delete(f"{INDIVIDUAL}/{free}")).status_code == 404
    await hall.individual(number)


async def test_who_may_write(hall: Hall) -> None:
    id = await hall.individual()
    for role in ("machine", "auditor", "hq-operator", "service"):
        issuer = "hq" if role == "hq-operator" else None
        claims: dict[str, Any] = {"issuer": issuer} if issuer else {}
        for method, path in (
            ("POST", INDIVIDUAL),
            ("PATCH", f"{INDIVIDUAL}/{id}"),
            ("DELETE", f"{INDIVIDUAL}/{id}"),
        ):
            answer = await hall.ask(method, path, person(), role, **claims)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await hall.delete(f"{INDIVIDUAL}/{id}", "dealer-clerk")).status_code == 403
    nobody = await hall.service.client.get(INDIVIDUAL)
    assert nobody.status_code == 401


async def test_an_organization_has_its_credit_code_and_agents(hall: Hall) -> None:
    code, agent = credit_code(), await hall.individual()
    id = await hall.organization(code, agent)
    shown = (await hall.get(f"{ORGANIZATION}/{id}")).json()
    assert shown["organizationIdentification"][0]["identificationId"] == f"914{'*' * 11}{code[-4:]}"
    assert shown["relatedParty"][0]["id"] == agent
    assert code not in await hall.everything_stored()
    name = "organizationIdentification.identificationId"
    found = await hall.get(ORGANIZATION, params={name: code, "purpose": "counter-service"})
    assert [one["id"] for one in found.json()] == [id]


@pytest.mark.parametrize(
    ("more", "status", "expected"),
    [
        (
            {"organizationIdentification": [{"identificationType": "uscc", "identificationId": "9" * 18}]},
            400,
            [("identity-number-invalid", "organizationIdentification[0].identificationId")],
        ),
        (
            {
                "organizationIdentification": [
                    {"identificationType": "resident-id", "identificationId": resident_id()}
                ]
            },
            400,
            [("identification-type-not-allowed", "organizationIdentification[0].identificationType")],
        ),
        (
            {"relatedParty": [{"id": "nobody", "role": "agent", "@referredType": "Individual"}]},
            400,
            [("agent-unknown", "relatedParty[0].id")],
        ),
        (
            {"relatedParty": [{"id": "x", "@referredType": "Individual"}]},
            400,
            [("missing", "relatedParty[0].role")],
        ),
        ({"tradingName": None}, 400, [("missing", "tradingName")]),
    ],
)
async def test_a_bad_organization_is_refused_and_nothing_is_stored(
    hall: Hall, more: dict[str, Any], status: int, expected: list[tuple[str, str]]
) -> None:
    before = await hall.rows()
    answer = await hall.post(ORGANIZATION, {"tradingName": "云帆公司", **more}, key=new_id())
    assert (answer.status_code, reasons(answer)) == (status, expected)
    assert await hall.rows() == before


OPERATIONS = {"Content-Type": "application/json-patch+json"}


async def test_operations_change_what_is_personal_and_never_read_it(hall: Hall) -> None:
    id = await hall.individual()
    path = f"{INDIVIDUAL}/{id}"
    number = "/contactMedium/0/characteristic/phoneNumber"
    probed = [{"op": "test", "path": number, "value": PHONE}]
    copied = [{"op": "copy", "from": "/individualIdentification/0/identificationId", "path": "/title"}]
    for patch in (probed, copied):
        refused = await hall.patch(path, patch, headers=OPERATIONS)
        assert (refused.status_code, refused.json()["code"]) == (400, "patch-reads-personal")
    changed = await hall.patch(
        path, [{"op": "replace", "path": number, "value": "13099990000"}], headers=OPERATIONS
    )
    assert changed.status_code == 200, changed.text
    shown = changed.json()["contactMedium"]
    assert shown[0]["characteristic"]["phoneNumber"] == "130****0000"
    assert len(shown) == 3
