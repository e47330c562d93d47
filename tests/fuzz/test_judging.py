"""What `make fuzz` is worth: its judge sees what is wrong, and a seed sends the same again."""

import json
from random import Random
from typing import Any

import pytest

from tests.fuzz.asked import Asked
from tests.fuzz.asking import spoilt
from tests.fuzz.judging import Judge
from tests.fuzz.mutations import mutated, to_bytes
from tests.fuzz.world import World

ERROR = {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}}
THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}


def _answer(schema: dict[str, Any], description: str = "Done") -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


JUDGE = Judge(
    {
        "paths": {
            "/thing/{id}": {
                "get": {
                    "x-roles": ["auditor"],
                    "responses": {
                        "200": _answer({"$ref": "#/components/schemas/Thing"}),
                        "404": _answer(ERROR, "not-found, gone"),
                        "default": _answer(ERROR),
                    },
                },
                "patch": {
                    "x-roles": ["auditor"],
                    "requestBody": {"content": {"application/json": {"schema": THING}}},
                    "responses": {"200": _answer(THING), "204": {"description": "Done"}},
                },
            }
        },
        "components": {"schemas": {"Thing": THING}},
    }
)
READ, CHANGE = JUDGE.operations
JSON = "application/json"


@pytest.mark.parametrize(
    ("status", "media_type", "content", "wrong"),
    [
        (200, JSON, {"id": "1"}, ""),
        (404, JSON, {"code": "gone"}, ""),
        (500, JSON, {"code": "gone"}, "answered 500"),
        (200, JSON, {"id": 1}, "outside of its schema, at id"),
        (200, JSON, {}, "outside of its schema, at the top"),
        (200, "text/plain", {"id": "1"}, "answered text/plain"),
        (409, JSON, {"code": "gone"}, "answered 409, which its document does not name"),
        (404, JSON, {"code": "lost"}, "answered 404 lost, its document names"),
        (404, JSON, {"code": "no-such-path"}, "answered 404 no-such-path"),
    ],
)
def test_an_answer_is_held_to_the_document(status: int, media_type: str, content: Any, wrong: str) -> None:
    found = JUDGE.wrong(READ, status, media_type, json.dumps(content).encode())
    assert wrong in found
    assert bool(wrong) == bool(found)


def test_what_leads_elsewhere_may_find_nothing() -> None:
    said = {"code": "no-such-path", "reason": "", "message": "", "status": "404", "reasons": []}
    assert not JUDGE.wrong(READ, 404, JSON, json.dumps(said).encode(), elsewhere=True)
    assert JUDGE.wrong(READ, 404, JSON, b'{"code": "no-such-path"}', elsewhere=True)


def test_no_content_is_no_content() -> None:
    assert not JUDGE.wrong(CHANGE, 204, "", b"")
    assert JUDGE.wrong(CHANGE, 204, "", b"{}") == "answered 204 with a body"


def test_a_seed_sends_the_same_again() -> None:
    def sent(seed: int) -> list[Any]:
        asked = Asked(World("gd"), "auditor", Random(seed))
        return [spoilt(CHANGE, asked, "token", []).content for _ in range(50)]

    assert sent(1) == sent(1)
    assert sent(1) != sent(2)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_mutated_can_be_sent_and_is_another(seed: int) -> None:
    body = {"a": [1, {"b": "c"}], "d": None}
    chance = Random(seed)
    made = [to_bytes(mutated(body, chance, times)) for times in (1, 2, 3)]
    assert all(made)
    assert any(one != to_bytes(body) for one in made)
    assert body == {"a": [1, {"b": "c"}], "d": None}
