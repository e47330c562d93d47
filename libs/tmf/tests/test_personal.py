"""Personal data: hidden alike in lists, details and answers, shown for a purpose, never found by its parts."""

from typing import Any

import pytest

from libs.tmf.tests.conftest import Ask
from libs.tmf.tests.gadget import VIEWED

PHONE = "13012345678"
MEDIUM = {"mediumType": "mobile", "characteristic": {"phoneNumber": PHONE}}
NUMBER = "contactMedium.characteristic.phoneNumber"


def phone(body: dict[str, Any]) -> str:
    number: str = body["contactMedium"][0]["characteristic"]["phoneNumber"]
    return number


@pytest.fixture
async def keeper(ask: Ask) -> dict[str, Any]:
    answer = await ask("POST", "keeper", json={"name": "Li", "contactMedium": [MEDIUM]})
    body: dict[str, Any] = answer.json()
    return body


async def test_it_is_hidden_wherever_it_is_answered(ask: Ask, keeper: dict[str, Any]) -> None:
    one = f"keeper/{keeper['id']}"
    shown = [
        keeper,
        (await ask("GET", one)).json(),
        (await ask("GET", "keeper")).json()[0],
        (await ask("GET", "keeper", params={"fields": "contactMedium"})).json()[0],
        (await ask("PATCH", one, json={"name": "Wang"})).json(),
        (await ask("PATCH", one, json={"name": "Wang"})).json(),
    ]
    assert {phone(body) for body in shown} == {"130****5678"}


async def test_what_was_hidden_in_an_answer_is_whole_in_the_record(
    ask: Ask, keeper: dict[str, Any], store: Any
) -> None:
    kept = await store.db.fetchval(
        "SELECT document->'contactMedium'->0->'characteristic'->>'phoneNumber' FROM keepers"
    )
    assert kept == PHONE
    assert PHONE not in str(await store.db.fetch("SELECT answer FROM idempotency_keys"))


async def test_a_purpose_shows_it_to_whom_may_and_is_noted(ask: Ask, keeper: dict[str, Any]) -> None:
    why = {"purpose": "counter-service"}
    assert phone((await ask("GET", f"keeper/{keeper['id']}", params=why)).json()) == PHONE
    assert phone((await ask("GET", "keeper", params=why)).json()[0]) == PHONE
    assert [("counter-service", [keeper["id"]])] * 2 == VIEWED
    refused = await ask("GET", "keeper", params={"purpose": "legal-request"})
    assert (refused.status_code, refused.json()["code"]) == (403, "purpose-not-permitted")
    unknown = await ask("GET", f"keeper/{keeper['id']}", params={"purpose": "curiosity"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "purpose-unknown")
    assert len(VIEWED) == 2


async def test_hidden_values_are_found_whole_or_not_at_all(ask: Ask, keeper: dict[str, Any]) -> None:
    assert len((await ask("GET", "keeper", params={NUMBER: PHONE})).json()) == 1
    assert (await ask("GET", "keeper", params={NUMBER: "130"})).json() == []
    for operator in ("regex", "gt", "lte", "ne"):
        answer = await ask("GET", "keeper", params={f"{NUMBER}.{operator}": "130"})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown-filter")
    why = {"purpose": "counter-service", f"{NUMBER}.regex": "^130"}
    assert len((await ask("GET", "keeper", params=why)).json()) == 1


OPERATIONS = {"Content-Type": "application/json-patch+json"}
HIDDEN = "/contactMedium/0/characteristic/phoneNumber"


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ({"op": "test", "path": HIDDEN, "value": PHONE}, "contactMedium.0.characteristic.phoneNumber"),
        ({"op": "test", "path": "/contactMedium", "value": [MEDIUM]}, "contactMedium"),
        ({"op": "test", "path": "", "value": {}}, ""),
        ({"op": "copy", "from": HIDDEN, "path": "/name"}, "contactMedium.0.characteristic.phoneNumber"),
        ({"op": "copy", "from": "", "path": "/name"}, ""),
        ({"op": "move", "from": "/contactMedium/0", "path": "/name"}, "contactMedium.0"),
    ],
)
async def test_a_patch_neither_compares_nor_copies_what_is_hidden(
    ask: Ask, keeper: dict[str, Any], operation: dict[str, Any], path: str
) -> None:
    answer = await ask("PATCH", f"keeper/{keeper['id']}", json=[operation], headers=OPERATIONS)
    assert answer.status_code == 400
    assert [(one["code"], one.get("path", "")) for one in answer.json()["reasons"]] == [
        ("patch-reads-personal", path)
    ]


async def test_a_patch_writes_what_is_hidden_and_compares_what_is_not(
    ask: Ask, keeper: dict[str, Any], store: Any
) -> None:
    patch = [
        {"op": "test", "path": "/name", "value": "Li"},
        {"op": "test", "path": "/contactMedium/0/mediumType", "value": "mobile"},
        {"op": "replace", "path": HIDDEN, "value": "13099990000"},
        {"op": "copy", "from": "/name", "path": "/@nickname"},
    ]
    answer = await ask("PATCH", f"keeper/{keeper['id']}", json=patch, headers=OPERATIONS)
    assert (answer.status_code, phone(answer.json())) == (200, "130****0000")
    kept = await store.db.fetchval(
        "SELECT document->'contactMedium'->0->'characteristic'->>'phoneNumber' FROM keepers"
    )
    assert kept == "13099990000"
