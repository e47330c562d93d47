from typing import Any

import pytest

from services.resource.tests.counter import Counter, iccid

PATH = "/api/resource/v1/profileLoads"
KI = "00112233445566778899aabbccddeeff"


def profile(serial: int = 1, **more: Any) -> dict[str, Any]:
    return {"imsi": f"46001{serial:010d}", "ki": KI} | more


def load(*profiles: dict[str, Any]) -> dict[str, Any]:
    return {"network": "nr", "profile": list(profiles) or [profile()]}


async def test_keys_come_in_by_two_persons(counter: Counter) -> None:
    made = await counter.post(PATH, load(profile(1), profile(2)), "supervisor", subject="sup-1")
    assert made.status_code == 201
    body = made.json()
    assert (body["profiles"], body["state"]) == (2, "waiting")
    assert await counter.profile_state("460010000000001") == "waiting"
    approve = f"{PATH}/{body['id']}/approve"
    alone = await counter.post(approve, None, "supervisor", subject="sup-1")
    assert (alone.status_code, alone.json()["code"]) == (409, "second-person-needed")
    second = await counter.post(approve, None, "supervisor", subject="sup-2")
    assert (second.status_code, second.json()["state"]) == (200, "approved")
    assert await counter.profile_state("460010000000001") == "free"
    again = await counter.post(approve, None, "supervisor", subject="sup-3")
    assert (again.status_code, again.json()["code"]) == (409, "load-approved")
    shown = await counter.get(f"{PATH}/{body['id']}", "auditor")
    assert shown.json()["state"] == "approved"
    row = await counter.db.fetchrow("SELECT actor, approved_by FROM profile_loads")
    assert row is not None
    assert row["actor"] == "sup-1"
    assert row["approved_by"].endswith(" sup-2")


async def test_no_ki_is_kept_in_clear_or_read_back(counter: Counter) -> None:
    made = await counter.post(PATH, load(), "supervisor")
    shown = await counter.get(f"{PATH}/{made.json()['id']}", "supervisor")
    for text in (made.text, shown.text):
        assert KI not in text
    for table in ("profiles", "profile_loads", "idempotency_keys", "outbox"):
        rows = await counter.db.fetch(f"SELECT t::text AS line FROM {table} t")
        assert not [row for row in rows if KI in row["line"]], table
    kept = await counter.db.fetchval("SELECT ki FROM profiles")
    assert counter.service.runtime.cipher.decrypt(kept) == KI


async def test_a_profile_may_belong_to_a_personalised_card(counter: Counter) -> None:
    (card,) = await counter.cards(1, kind="personalised")
    made = await counter.post(PATH, load(profile(iccid=card)), "supervisor")
    assert made.status_code == 201
    assert await counter.db.fetchval("SELECT iccid FROM profiles") == card


async def test_all_of_a_load_comes_in_or_nothing(counter: Counter) -> None:
    await counter.post(PATH, load(profile(1)), "supervisor")
    answer = await counter.post(PATH, load(profile(2), profile(1)), "supervisor")
    assert (answer.status_code, answer.json()["reasons"][0]["path"]) == (409, "profile[1]")
    assert answer.json()["code"] == "resource-known"
    await counter.cards(7, kind="blank")
    foreign = await counter.post(PATH, load(profile(3), profile(4, iccid=iccid(7))), "supervisor")
    assert (foreign.status_code, foreign.json()["code"]) == (400, "card-not-personalised")
    assert await counter.db.fetchval("SELECT count(*) FROM profiles") == 1
    assert await counter.db.fetchval("SELECT count(*) FROM profile_loads") == 1


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({}, ["missing", "missing"]),
        ({"network": "nr", "profile": []}, ["invalid"]),
        (load(profile(imsi="310150123456789"), profile(2, ki="abc")), ["imsi-invalid", "ki-invalid"]),
        (load(profile(1), profile(1)), ["invalid"]),
        ({"network": "wifi", "profile": [profile()]}, ["invalid"]),
        (load(profile(pin="1234")), ["unknown-field"]),
    ],
)
async def test_a_bad_load_changes_nothing(shared: Counter, body: Any, codes: list[str]) -> None:
    answer = await shared.post(PATH, body, "supervisor")
    assert (answer.status_code, [one["code"] for one in answer.json()["reasons"]]) == (400, codes)
    assert KI not in answer.text
    assert await shared.db.fetchval("SELECT count(*) FROM profiles") == 0


@pytest.mark.parametrize("role", ["hall-clerk", "dealer-clerk", "machine", "migration", "auditor"])
async def test_only_supervisors_bring_keys_in(shared: Counter, role: str) -> None:
    assert (await shared.post(PATH, load(), role)).status_code == 403
    assert (await shared.post(f"{PATH}/x/approve", None, role)).status_code == 403
    assert (await shared.service.client.post(PATH, json=load())).status_code == 401


async def test_a_load_that_is_not_there(shared: Counter) -> None:
    assert (await shared.get(f"{PATH}/x", "supervisor")).status_code == 404
    assert (await shared.post(f"{PATH}/x/approve", None, "supervisor")).status_code == 404
