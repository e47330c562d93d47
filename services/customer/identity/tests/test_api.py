import json
from datetime import timedelta
from typing import Any

import pytest

from libs.ids import new_id
from libs.security.sealing import unseal
from services.customer.tests.hall import CHECKS, FACTS, Hall, created, reasons, resident_id


def shown(number: str, **more: Any) -> dict[str, Any]:
    return {
        "identificationType": "resident-id",
        "identificationId": number,
        "name": "张三",
        "method": "id-reader",
        **more,
    }


async def test_a_check_is_good_for_thirty_minutes_and_bound_to_the_clerk(hall: Hall) -> None:
    number = resident_id()
    answer = await hall.post(CHECKS, shown(number), key=new_id(), subject="clerk-7")
    assert answer.status_code == 201
    assert answer.json().keys() == {"id", "validUntil"}
    id = answer.json()["id"]
    facts = await hall.facts("identityChecks", id)
    assert facts["actor"] == f"{hall.service.settings.issuer} clerk-7"
    assert facts["method"] == "id-reader"
    assert facts["validUntil"] == answer.json()["validUntil"]
    until = hall.clock.now() + timedelta(minutes=30)
    assert facts["validUntil"] == until.isoformat().replace("+00:00", "Z")
    (event,) = await hall.told(id)
    assert event.type == "unicrm.customer.identity-checked.v1"
    assert event.data == facts


async def test_the_identity_travels_as_digest_and_sealed(hall: Hall) -> None:
    number = resident_id()
    id = created(await hall.post(CHECKS, shown(f" {number.lower()}", name=" 张  三 "), key=new_id()))
    facts = await hall.facts("identityChecks", id)
    runtime = hall.service.runtime
    assert facts["identityDigest"] == runtime.cipher.digest("resident-id", number)
    assert facts["nameDigest"] == runtime.cipher.digest("name", "张 三")
    assert json.loads(unseal(facts["sealed"], runtime.keys.sealing)) == {
        "identificationType": "resident-id",
        "identificationId": number,
        "name": "张 三",
    }
    stored = await hall.everything_stored()
    assert number not in stored
    assert "张 三" not in stored


async def test_the_digest_is_that_of_the_registered_customer(hall: Hall) -> None:
    number = resident_id()
    customer = await hall.customer(await hall.individual(number))
    id = created(await hall.post(CHECKS, shown(number)))
    check, owner = await hall.facts("identityChecks", id), await hall.facts("customers", customer)
    assert owner["identityDigests"] == [check["identityDigest"]]


async def test_the_same_request_again_is_the_same_check(hall: Hall) -> None:
    body, key = shown(resident_id()), new_id()
    first, again = await hall.post(CHECKS, body, key=key), await hall.post(CHECKS, body, key=key)
    assert first.json() == again.json()
    assert await hall.db.fetchval("SELECT count(*) FROM identity_checks") == 1
    assert await hall.db.fetchval("SELECT encrypted FROM idempotency_keys")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (shown("110101199003071234"), [("identity-number-invalid", "identificationId")]),
        (shown("E1", identificationType="passport"), [("identity-number-invalid", "identificationId")]),
        (shown("91440100MA5900001G", identificationType="uscc"), [("invalid", "identificationType")]),
        (shown("x", identificationType=None), [("invalid", "identificationType")]),
        (shown("E12345678", identificationType="passport", method="guess"), [("invalid", "method")]),
        (shown("E12345678", identificationType="passport", name="  "), [("invalid", "name")]),
        (shown("E12345678", identificationType="passport", name=""), [("invalid", "name")]),
        (shown("E12345678", identificationType="passport", colour="red"), [("unknown-field", "colour")]),
        (
            {},
            [
                ("missing", "identificationType"),
                ("missing", "identificationId"),
                ("missing", "name"),
                ("missing", "method"),
            ],
        ),
        (b"{", [("malformed", None)]),
    ],
)
async def test_a_bad_check_is_refused_and_nothing_is_stored(
    hall: Hall, body: Any, expected: list[tuple[str, str | None]]
) -> None:
    before = await hall.rows()
    answer = await hall.post(CHECKS, body, key=new_id())
    assert (answer.status_code, reasons(answer)) == (400, expected)
    assert await hall.rows() == before


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("hall-clerk", 201),
        ("call-centre-clerk", 201),
        ("dealer-clerk", 201),
        ("account-manager", 201),
        ("supervisor", 201),
        ("machine", 201),
        ("auditor", 403),
        ("service", 403),
        ("migration", 403),
    ],
)
async def test_who_may_check(hall: Hall, role: str, status: int) -> None:
    assert (await hall.post(CHECKS, shown(resident_id()), role)).status_code == status


async def test_a_large_body_is_not_read(hall: Hall) -> None:
    answer = await hall.post(CHECKS, shown(resident_id(), name="x" * 20_000))
    assert answer.status_code == 413


async def test_only_services_ask_for_facts(hall: Hall) -> None:
    id = created(await hall.post(CHECKS, shown(resident_id())))
    for role in ("hall-clerk", "supervisor", "machine", "auditor"):
        assert (await hall.get(f"{FACTS}/identityChecks/{id}", role)).status_code == 403
    assert (await hall.get(f"{FACTS}/identityChecks/unknown", "service")).status_code == 404
