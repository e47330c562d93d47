"""Who is let in, what an endpoint takes, and how it documents itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from libs.security.roles import Roles
from libs.web import codes
from libs.web.app import bare_app
from libs.web.call import Answer, Call
from libs.web.editing import check_if_match, etag
from libs.web.errors import Reason, Refusal
from libs.web.health import health_routes
from libs.web.paging import PAGING, page_headers, page_of
from libs.web.routes import ANY, PUBLIC, AnyQuery, QueryParameter, Routes, Undeclared
from libs.web.tests.desk import Desk, client_of


class Grant(BaseModel):
    grant_type: str
    scope: str = ""


class Card(BaseModel):
    id: str


def plain(refusal: Refusal, language: str) -> Answer:
    return Answer(refusal.status, {"error": refusal.reasons[0].code.name})


routes = Routes("/desk/v1", tag="Desk")
CLERKS = Roles("hall-clerk")


@routes.get("/card/{id}", allow=CLERKS, answer=Card, query=(QueryParameter("purpose", "Why."),))
async def read_card(call: Call[None]) -> Answer:
    """One card.

    By its ICCID.
    """
    if call.path["id"] == "lost":
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(200, Card(id=call.path["id"]), {"ETag": etag(3)})


@routes.patch("/card/{id}", allow=CLERKS, body=dict[str, Any], body_shown=Card, answer=Card)
async def change_card(call: Call[dict[str, Any]]) -> Answer:
    check_if_match(call, 3)
    return Answer(200, {"id": call.path["id"], **call.body})


@routes.delete("/card/{id}", allow=CLERKS)
async def remove_card(call: Call[None]) -> Answer:
    return Answer(204)


@routes.get("/card/free", allow=CLERKS, query=PAGING)
async def free_cards(call: Call[None]) -> Answer:
    page = page_of(call)
    shown = list(range(95))[page.offset : page.offset + page.limit]
    return Answer(200, shown, page_headers(call, page, total=95, shown=len(shown)))


@routes.get("/search", allow=CLERKS, query=AnyQuery((QueryParameter("fields", "Which."),)))
async def search(call: Call[None]) -> Answer:
    return Answer(200, dict(call.query))


@routes.post("/token", allow=PUBLIC, body=Grant, accepts_form=True, shown_as=plain)
async def token(call: Call[Grant]) -> Answer:
    return Answer(200, call.body)


@routes.get("/break", allow=PUBLIC)
async def break_down(call: Call[None]) -> Answer:
    raise ZeroDivisionError("the secret of the house")


@routes.get("/away", allow=PUBLIC)
async def engine_away(call: Call[None]) -> Answer:
    raise ConnectionRefusedError("10.0.0.7")


@routes.get("/sleep", allow=PUBLIC)
async def sleep_long(call: Call[None]) -> Answer:
    await asyncio.Event().wait()
    raise AssertionError("nobody wakes it")


@pytest.fixture
def client() -> httpx.AsyncClient:
    return client_of(routes, time_limit=0.05)


async def test_without_a_token_nobody_is_let_in_and_nothing_is_read(client: httpx.AsyncClient) -> None:
    del client.headers["Authorization"]

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    for authorization in (None, "Basic abc", "Bearer", "Bearer "):
        headers = {"Authorization": authorization} if authorization else {}
        answer = await client.patch("/desk/v1/card/1", content=never(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_that_is_over_says_so(client: httpx.AsyncClient) -> None:
    for token_text, code in (("old", "token-expired"), ("forged", "token-invalid")):
        answer = await client.get("/desk/v1/card/1", headers={"Authorization": f"Bearer {token_text}"})
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert "invalid_token" in answer.headers["www-authenticate"]


async def test_another_role_is_forbidden(client: httpx.AsyncClient) -> None:
    answer = await client.get("/desk/v1/card/1", headers={"Authorization": "bearer auditor"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_record_is_read_changed_and_removed(client: httpx.AsyncClient) -> None:
    read = await client.get("/desk/v1/card/89", params={"purpose": "fraud"})
    assert (read.json(), read.headers["etag"]) == ({"id": "89"}, '"3"')
    patch = {"Content-Type": "application/merge-patch+json"}
    changed = await client.patch("/desk/v1/card/89", content=b'{"name": "x"}', headers=patch)
    assert changed.json() == {"id": "89", "name": "x"}
    removed = await client.delete("/desk/v1/card/89")
    assert (removed.status_code, removed.content) == (204, b"")


async def test_a_literal_path_goes_before_one_with_places(client: httpx.AsyncClient) -> None:
    assert len((await client.get("/desk/v1/card/free")).json()) == 20


async def test_what_is_not_there_is_told_in_the_same_shape(client: httpx.AsyncClient) -> None:
    nowhere = await client.get("/desk/v1/nothing")
    lost = await client.get("/desk/v1/card/lost")
    nul = await client.get("/desk/v1/card/a%00b")
    assert [(one.status_code, one.json()["code"]) for one in (nowhere, lost, nul)] == [
        (404, "no-such-path"),
        (404, "not-found"),
        (404, "no-such-path"),
    ]
    wrong = await client.put("/desk/v1/card/1")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "DELETE, GET, PATCH"


async def test_an_unknown_or_repeated_parameter_is_refused_unless_the_endpoint_reads_any(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/desk/v1/card/1?colour=red&purpose=a&purpose=b")
    assert [(one["code"], one["path"]) for one in answer.json()["reasons"]] == [
        ("unknown-parameter", "colour"),
        ("repeated-parameter", "purpose"),
    ]
    assert (await client.get("/desk/v1/search?colour=red")).json() == {"colour": "red"}
    assert (await client.get("/desk/v1/search?colour=%00")).status_code == 400


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=101", "page-too-large"),
        ("limit=0", "invalid"),
        ("offset=-1", "invalid"),
        ("limit=%C2%B2", "invalid"),
    ],
)
async def test_a_page_out_of_bounds_is_refused(client: httpx.AsyncClient, query: str, code: str) -> None:
    answer = await client.get(f"/desk/v1/card/free?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_page_says_where_it_stands(client: httpx.AsyncClient) -> None:
    answer = await client.get("/desk/v1/card/free?offset=40&limit=20")
    assert (answer.headers["x-total-count"], answer.headers["x-result-count"]) == ("95", "20")
    links = {relation: link["url"].partition("?")[2] for relation, link in answer.links.items()}
    assert links == {
        "self": "offset=40&limit=20",
        "first": "offset=0&limit=20",
        "prev": "offset=20&limit=20",
        "next": "offset=60&limit=20",
        "last": "offset=80&limit=20",
    }


async def test_a_change_of_what_was_edited_meanwhile_is_refused(client: httpx.AsyncClient) -> None:
    for given, status in (
        ('"3"', 200),
        ('W/"3"', 200),
        ("*", 200),
        ('"1", "3"', 200),
        ('"2"', 409),
        ("nonsense", 409),
    ):
        answer = await client.patch("/desk/v1/card/1", json={}, headers={"If-Match": given})
        assert answer.status_code == status, given


async def test_a_form_is_read_where_it_is_asked_for_and_refusals_take_the_shape_of_the_endpoint(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.post("/desk/v1/token", data={"grant_type": "password"})).json() == {
        "grant_type": "password",
        "scope": "",
    }
    assert (await client.post("/desk/v1/token", data={})).json() == {"error": "missing"}
    assert (await client.post("/desk/v1/token", json={})).json() == {"error": "media-type-not-supported"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    twice = await client.post("/desk/v1/token", content=b"grant_type=a&grant_type=b", headers=form)
    assert twice.json() == {"error": "repeated-parameter"}


async def test_our_own_failure_shows_no_trace_and_names_the_request(client: httpx.AsyncClient) -> None:
    answer = await client.get("/desk/v1/break", headers={"X-Request-Id": "till-7"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "till-7" in answer.json()["reason"]


async def test_an_engine_that_is_away_is_503(client: httpx.AsyncClient) -> None:
    answer = await client.get("/desk/v1/away")
    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily-unavailable")
    assert "10.0.0.7" not in answer.text
    assert "retry-after" in answer.headers


async def test_a_request_that_takes_too_long_is_given_up(client: httpx.AsyncClient) -> None:
    answer = await client.get("/desk/v1/sleep")
    assert (answer.status_code, answer.json()["code"]) == (503, "took-too-long")


async def test_a_request_keeps_the_id_it_came_with_when_that_is_well_formed(
    client: httpx.AsyncClient,
) -> None:
    kept = await client.get("/desk/v1/card/1", headers={"X-Request-Id": "till-7/42"})
    made = await client.get("/desk/v1/card/1", headers={"X-Request-Id": "a b\tc"})
    assert kept.headers["x-request-id"] == "till-7/42"
    assert len(made.headers["x-request-id"]) == 36


def test_an_endpoint_that_does_not_say_who_may_call_it_cannot_be_declared() -> None:
    bare = Routes("/x")
    with pytest.raises(TypeError, match="allow"):
        bare.get("/y")  # type: ignore[call-arg]
    with pytest.raises(Undeclared, match="GET /x/y"):
        bare.get("/y", allow=None)(read_card)  # type: ignore[arg-type]


def test_an_app_does_not_start_with_a_foreign_route_or_two_of_one_name() -> None:
    twice = Routes("/x")
    twice.get("/a", allow=PUBLIC)(read_card)
    twice.get("/b", allow=PUBLIC)(read_card)
    with pytest.raises(Undeclared, match="read_card is declared twice"):
        bare_app("X", [twice])
    app = bare_app("X", [routes])
    app.add_api_route("/foreign", lambda: None)
    with pytest.raises(Undeclared, match="/foreign"):
        app.build_middleware_stack()


def test_an_endpoint_documents_itself() -> None:
    orders = Routes("/desk/v1", tag="Desk")

    @orders.post("/card", allow=CLERKS, body=Card, answer=Card, status=201, errors=(codes.EDITED_MEANWHILE,))
    async def add_card(call: Call[Card]) -> Answer:
        return Answer(201, call.body)

    document = bare_app("Desk", [routes, orders]).openapi()
    operation = document["paths"]["/desk/v1/card"]["post"]
    assert operation["operationId"] == "add_card"
    assert operation["x-roles"] == ["hall-clerk"]
    assert operation["security"] == [{"bearer": []}]
    assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}
    card = {"$ref": "#/components/schemas/Card"}
    assert operation["requestBody"]["content"]["application/json"]["schema"] == card
    assert operation["responses"]["201"]["content"]["application/json"]["schema"] == card
    assert "edited-meanwhile" in operation["responses"]["409"]["description"]
    assert "422" not in operation["responses"]
    refusal = operation["responses"]["409"]["content"]["application/json"]["schema"]
    assert refusal == {"$ref": "#/components/schemas/Error"}
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"

    read = document["paths"]["/desk/v1/card/{id}"]["get"]
    assert {(one["name"], one["in"]) for one in read["parameters"]} >= {("id", "path"), ("purpose", "query")}
    form = document["paths"]["/desk/v1/token"]["post"]
    assert list(form["requestBody"]["content"]) == ["application/x-www-form-urlencoded"]
    assert (form["security"], form["x-roles"]) == ([], ["public"])


def test_what_every_endpoint_of_a_kind_may_refuse_stands_in_its_document() -> None:
    paths = bare_app("Desk", [routes, health_routes({})]).openapi()["paths"]

    def named(path: str, method: str, status: str) -> set[str]:
        return set(paths[path][method]["responses"][status]["description"].split(", "))

    assert named("/desk/v1/break", "get", "400") == {"malformed", "unknown-parameter"}
    assert named("/desk/v1/card/free", "get", "400") == {
        "invalid",
        "malformed",
        "page-too-large",
        "repeated-parameter",
        "unknown-parameter",
    }
    assert "unknown-parameter" not in named("/desk/v1/search", "get", "400")
    assert named("/desk/v1/card/{id}", "get", "400") >= {"purpose-unknown", "repeated-parameter"}
    assert "purpose-not-permitted" in named("/desk/v1/card/{id}", "get", "403")
    assert named("/desk/v1/card/{id}", "get", "401") == {"token-expired", "token-invalid", "unauthenticated"}
    assert named("/desk/v1/card/{id}", "patch", "400") >= {"invalid", "missing", "too-many", "unknown-field"}
    assert named("/desk/v1/card/{id}", "delete", "409") == {"record-busy"}
    measured = paths["/metrics"]["get"]["responses"]
    assert list(measured["200"]["content"]) == ["text/plain"]
    assert list(measured["400"]["content"]) == ["application/json"]
    unready = paths["/health/ready"]["get"]["responses"]["503"]["content"]["application/json"]["schema"]
    assert {"$ref": "#/components/schemas/Ready"} in unready["anyOf"]


async def test_a_service_that_cannot_reach_its_database_lives_but_is_not_ready() -> None:
    async def well(runtime: Any) -> None:
        return None

    async def away(runtime: Any) -> None:
        raise ConnectionRefusedError("10.0.0.7:5432")

    client = client_of(health_routes({"broker": well, "database": away}))
    del client.headers["Authorization"]
    assert (await client.get("/health/live")).status_code == 200
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not-ready", "checks": {"broker": "ok", "database": "failed"}}


async def test_requests_are_counted_by_their_declared_path_only() -> None:
    desk = Desk()
    client = client_of(routes, health_routes({}), desk=desk)
    await client.get("/desk/v1/card/13012345678")
    await client.get("/desk/v1/13012345678")
    desk.metrics.work_orders({"running": 3, "done": 1})
    desk.metrics.work_orders({"done": 4})
    text = (await client.get("/metrics")).text
    assert 'route="/desk/v1/card/{id}",service="desk",status="200"} 1.0' in text
    assert "13012345678" not in text
    assert 'unicrm_work_orders{node="gd",service="desk",state="running"} 0.0' in text
    assert 'unicrm_work_orders{node="gd",service="desk",state="done"} 4.0' in text


def test_any_is_a_query_of_any_name() -> None:
    assert ANY.documented == ()
