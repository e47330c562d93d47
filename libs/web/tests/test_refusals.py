"""What a caller reads when a request is refused."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from libs.security.roles import Roles
from libs.web import codes
from libs.web.body import reasons_of
from libs.web.call import Answer, Call
from libs.web.errors import Code, Reason, Refusal, error_body, refuse
from libs.web.routes import Routes
from libs.web.tests.desk import client_of
from libs.web.texts import completeness, language_of


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    quantity: Annotated[int, Field(ge=1)] = 1
    action: str = "add"

    @field_validator("action")
    @classmethod
    def _known(cls, action: str) -> str:
        if action == "fly":
            raise codes.PURPOSE_UNKNOWN.wrong(asked=action)
        return action


class Order(BaseModel):
    productOrderItem: Annotated[list[Item], Field(max_length=3)]
    note: str | None = None
    extra: Any = None


routes = Routes("/desk/v1", tag="Desk")


@routes.post("/order", allow=Roles("hall-clerk"), body=Order, answer=Order, status=201, max_body=2000)
async def place_order(call: Call[Order]) -> Answer:
    if call.body.note == "three":
        raise Refusal(
            Reason(codes.EDITED_MEANWHILE, path="note", version=7),
            Reason(codes.MISSING, path="payment"),
            Reason(codes.TOO_MANY, most=2),
        )
    return Answer(201, call.body)


@pytest.fixture
def client() -> httpx.AsyncClient:
    return client_of(routes)


async def test_every_fault_of_an_order_is_named_at_once_with_its_place(client: httpx.AsyncClient) -> None:
    sent = {
        "productOrderItem": [
            {"id": "1", "quantity": 0},
            {"quantity": 1, "colour": "red"},
            {"id": "3", "action": "fly"},
        ]
    }
    answer = await client.post("/desk/v1/order", json=sent)
    assert answer.status_code == 400
    found = {(reason["code"], reason["path"]) for reason in answer.json()["reasons"]}
    assert found == {
        ("invalid", "productOrderItem[0].quantity"),
        ("missing", "productOrderItem[1].id"),
        ("unknown-field", "productOrderItem[1].colour"),
        ("purpose-unknown", "productOrderItem[2].action"),
    }


async def test_a_refusal_has_tm_forums_shape_and_the_status_of_its_first_reason(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/desk/v1/order", json={"productOrderItem": [], "note": "three"})
    body = answer.json()
    assert answer.status_code == 409
    assert (body["code"], body["status"], body["@type"]) == ("edited-meanwhile", "409", "Error")
    assert body["reason"] == "The record was changed meanwhile and is at version 7. Please read it again."
    assert [reason["code"] for reason in body["reasons"]] == ["edited-meanwhile", "missing", "too-many"]
    assert "path" not in body["reasons"][2]
    assert body["message"].splitlines()[1].startswith("payment: ")


async def test_texts_come_in_the_language_asked_for(client: httpx.AsyncClient) -> None:
    wish = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
    answer = await client.post("/desk/v1/order", json={"productOrderItem": [{}]}, headers=wish)
    assert answer.json()["reason"] == "缺少必填项。"
    assert answer.headers["content-language"] == "zh-CN"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"productOrderItem": [], "extra": NaN}',
        b'{"productOrderItem": [], "extra": 1e999}',
        b'{"productOrderItem": [], "extra": 1' + b"0" * 320 + b".0}",
        b'{"productOrderItem": [], "note": "a\\u0000b"}',
        b'{"productOrderItem": [], "note": "\\ud800"}',
        b"[" * 1500,
    ],
)
async def test_what_is_no_json_that_can_be_kept_is_malformed(client: httpx.AsyncClient, sent: bytes) -> None:
    answer = await client.post("/desk/v1/order", content=sent)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_text_that_only_looks_like_a_forbidden_character_is_taken(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/desk/v1/order", content=b'{"productOrderItem": [], "note": "\\\\u0000 NaN 1e999"}'
    )
    assert answer.status_code == 201
    assert answer.json()["note"] == "\\u0000 NaN 1e999"


async def test_too_many_items_are_named_as_such(client: httpx.AsyncClient) -> None:
    answer = await client.post("/desk/v1/order", json={"productOrderItem": [{"id": "1"}] * 4})
    assert answer.json()["code"] == "too-many"
    assert "3" in answer.json()["reason"]


async def test_a_body_of_another_kind_is_refused_before_it_is_parsed(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/desk/v1/order", content=b"<order/>", headers={"Content-Type": "application/xml"}
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "media-type-not-supported")


async def test_a_body_beyond_its_limit_is_refused_announced_or_not(client: httpx.AsyncClient) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    announced = await client.post("/desk/v1/order", content=b" " * 3000)
    streamed = await client.post("/desk/v1/order", content=trickle())
    assert [announced.status_code, streamed.status_code] == [413, 413]
    assert announced.json()["code"] == "body-too-large"


def test_the_branches_of_a_union_are_not_taken_for_fields() -> None:
    class Cat(BaseModel):
        lives: int

    class Dog(BaseModel):
        name: str

    class Owner(BaseModel):
        pets: list[Cat | Dog]

    sent = {"pets": [{"lives": "many"}]}
    with pytest.raises(ValidationError) as raised:
        Owner.model_validate(sent)
    assert {reason.path for reason in reasons_of(raised.value, sent)} == {"pets[0].lives", "pets[0].name"}


def test_a_refusal_without_reason_is_none() -> None:
    refuse([])
    with pytest.raises(Refusal) as raised:
        refuse(
            [
                Reason(codes.MISSING, path="a"),
                Reason(codes.MISSING, path="a"),
                Reason(codes.MISSING, path="b"),
            ]
        )
    assert [reason.path for reason in raised.value.reasons] == ["a", "b"]
    with pytest.raises(ValueError, match="reason"):
        Refusal()


def test_a_code_is_a_stable_word_with_the_status_of_an_error() -> None:
    for name, status in (("Not-Available", 409), ("not_available", 409), ("fine", 200)):
        with pytest.raises(ValueError, match="not a code"):
            Code(name, status)


def test_every_code_of_the_web_has_its_texts_in_both_languages() -> None:
    assert [fault for fault in completeness() if "libs/web/texts" in fault] == []


def test_a_place_without_a_value_stays_readable() -> None:
    assert b"{most}" in error_body(Refusal(Reason(codes.TOO_MANY)), "en")


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("", "en"),
        ("zh", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("fr, zh;q=0.3, en;q=0.2", "zh-CN"),
        ("en, zh", "en"),
        ("zh;q=0", "en"),
        ("*;;;q=x", "en"),
    ],
)
def test_the_preferred_language_of_ours_is_spoken(wish: str, language: str) -> None:
    assert language_of(wish) == language
