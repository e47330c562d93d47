"""One record: created, read, changed, removed; in TM Forum's way, and told to others."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from libs.tmf import put_resource
from libs.tmf.tests.conftest import Ask
from libs.tmf.tests.gadget import BASE, GADGET

Make = Callable[..., Awaitable[dict[str, Any]]]
MERGE = {"Content-Type": "application/merge-patch+json"}
OPERATIONS = {"Content-Type": "application/json-patch+json"}


def codes(answer: Any) -> set[tuple[str, str]]:
    body = answer.json()
    assert body["status"] == str(answer.status_code)
    return {(reason["code"], reason.get("path", "")) for reason in body["reasons"]}


async def told(store: Any) -> list[dict[str, Any]]:
    rows = await store.db.fetch("SELECT topic, key, payload FROM outbox ORDER BY id")
    return [json.loads(row["payload"]) | {"topic": row["topic"], "key": row["key"]} for row in rows]


@pytest.fixture
def unsent(store: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The relay sleeps, so that what was written for it can be looked at."""
    monkeypatch.setattr(store.runtime.outbox, "wake", lambda: None)
    return store


async def test_a_new_record_is_answered_whole_with_its_address(ask: Ask, store: Any) -> None:
    sent = {
        "name": "bell",
        "size": 3,
        "@baseType": "Thing",
        "validFor": {"startDateTime": "2026-01-01T08:00:00+08:00"},
    }
    answer = await ask("POST", "gadget", json=sent)
    assert answer.status_code == 201
    body = answer.json()
    assert body.items() >= sent.items()
    assert (
        body["href"] == f"{store.settings.public_url}{BASE}/gadget/{body['id']}" == answer.headers["Location"]
    )
    assert (body["@type"], body["lifecycleStatus"]) == ("Gadget", "draft")
    assert body["lastUpdate"] == store.clock.now().isoformat().replace("+00:00", "Z")
    read = await ask("GET", f"gadget/{body['id']}")
    assert (read.status_code, read.json()) == (200, body)
    assert read.headers["ETag"] == answer.headers["ETag"] == '"1"'


async def test_what_the_client_says_is_kept_byte_for_byte(make: Make, ask: Ask) -> None:
    sent = {"lastUpdate": "2020-02-29T23:59:59.100+08:00", "lifecycleStatus": "active", "@type": "Bell"}
    body = await make(**sent)
    assert {name: body[name] for name in sent} == sent
    found = await ask("GET", "gadget", params={"lastUpdate": sent["lastUpdate"]})
    assert [one["id"] for one in found.json()] == [body["id"]]


async def test_the_same_request_again_makes_nothing_new(ask: Ask, store: Any) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await ask("POST", "gadget", json={"name": "bell"}, headers=key)
    again = await ask("POST", "gadget", json={"name": "bell"}, headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Location"] == first.headers["Location"]
    assert await store.db.fetchval("SELECT count(*) FROM gadgets") == 1


@pytest.mark.parametrize(
    ("document", "reasons"),
    [
        ({}, {("missing", "name")}),
        ({"name": None}, {("missing", "name")}),
        ({"name": "a", "id": "7", "href": "x"}, {("read-only", "id"), ("read-only", "href")}),
        ({"name": "a", "colour": "red"}, {("unknown-attribute", "colour")}),
        ({"name": "a", "part": [{"name": "b", "size": 1}]}, {("unknown-attribute", "part[0].size")}),
        ({"name": 7, "size": "7"}, {("invalid", "name"), ("invalid", "size")}),
        ({"name": "a", "isBundle": "true"}, {("invalid", "isBundle")}),
        ({"name": "a", "lifecycleStatus": "gone"}, {("invalid", "lifecycleStatus")}),
        ({"name": "a", "releaseDate": "yesterday"}, {("invalid", "releaseDate")}),
        ({"name": "a", "lastUpdate": "2026-01-01"}, {("invalid", "lastUpdate")}),
        ({"name": "a", "tag": ["x"] * 201}, {("too-many", "tag")}),
        ({"name": "a", "@more": [1] * 201}, {("too-many", "@more")}),
        ([{"name": "a"}], {("invalid", "")}),
        ("name", {("invalid", "")}),
    ],
)
async def test_a_wrong_body_is_refused_with_every_reason_and_stores_nothing(
    ask: Ask, store: Any, document: Any, reasons: set[tuple[str, str]]
) -> None:
    answer = await ask("POST", "gadget", json=document)
    assert (answer.status_code, codes(answer)) == (400, reasons)
    assert await store.db.fetchval("SELECT count(*) FROM gadgets") == 0
    assert await store.db.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_patch_replaces_what_it_names_and_null_removes(make: Make, ask: Ask, store: Any) -> None:
    before = await make(description="old", tag=["a", "b"], validFor={"startDateTime": "2026-01-01T00:00:00Z"})
    change = {
        "description": None,
        "tag": ["c"],
        "validFor": {"endDateTime": "2027-01-01T00:00:00Z"},
    }
    answer = await ask("PATCH", f"gadget/{before['id']}", json=change, headers=MERGE)
    assert answer.status_code == 200
    expected = {name: value for name, value in before.items() if name != "description"} | {
        "tag": ["c"],
        "validFor": {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2027-01-01T00:00:00Z"},
    }
    assert answer.json() == expected | {"lastUpdate": answer.json()["lastUpdate"]}
    assert answer.headers["ETag"] == '"2"'
    read = await ask("GET", f"gadget/{before['id']}")
    assert (read.json(), read.headers["ETag"]) == (answer.json(), '"2"')


async def test_plain_json_is_taken_as_merge_patch_and_columns_follow(make: Make, ask: Ask) -> None:
    body = await make(size=3)
    answer = await ask("PATCH", f"gadget/{body['id']}", json={"size": 4, "lifecycleStatus": "active"})
    assert answer.status_code == 200
    found = await ask("GET", "gadget", params={"size": "4", "lifecycleStatus": "active"})
    assert [one["id"] for one in found.json()] == [body["id"]]


async def test_a_patch_that_changes_nothing_makes_no_version(make: Make, ask: Ask, unsent: Any) -> None:
    body = await make(size=3)
    answer = await ask("PATCH", f"gadget/{body['id']}", json={"size": 3})
    assert (answer.status_code, answer.json(), answer.headers["ETag"]) == (200, body, '"1"')
    assert len(await told(unsent)) == 1


@pytest.mark.parametrize(
    ("change", "headers", "status", "reasons"),
    [
        ({"id": "7"}, MERGE, 400, {("read-only", "id")}),
        ({"href": None, "lastUpdate": "x"}, MERGE, 400, {("read-only", "href"), ("read-only", "lastUpdate")}),
        ({"name": None}, MERGE, 400, {("missing", "name")}),
        ({"colour": "red"}, MERGE, 400, {("unknown-attribute", "colour")}),
        ({"size": "big"}, MERGE, 400, {("invalid", "size")}),
        (["size"], MERGE, 400, {("invalid", "")}),
        ([{"op": "remove", "path": "/size"}], MERGE, 400, {("invalid", "")}),
        ([{"op": "remove", "path": "/size"}], {}, 400, {("invalid", "")}),
        ({"size": 4}, OPERATIONS, 400, {("patch-invalid", "")}),
        ([{"op": "remove", "path": "/size"}] * 2, OPERATIONS, 400, {("patch-invalid", "[1]")}),
        ([{"op": "remove", "path": "/size"}] * 201, OPERATIONS, 400, {("patch-invalid", "")}),
        ([{"op": "replace", "path": "/id", "value": "7"}], OPERATIONS, 400, {("read-only", "id")}),
        ([{"op": "move", "from": "/href", "path": "/name"}], OPERATIONS, 400, {("read-only", "href")}),
        ([{"op": "remove", "path": "/lastUpdate"}], OPERATIONS, 400, {("read-only", "lastUpdate")}),
        ([{"op": "replace", "path": "", "value": {}}], OPERATIONS, 400, {("read-only", "")}),
        ([{"op": "remove", "path": "/name"}], OPERATIONS, 400, {("missing", "name")}),
        ([{"op": "replace", "path": "/name", "value": None}], OPERATIONS, 400, {("missing", "name")}),
        (
            [{"op": "add", "path": "/colour", "value": "red"}],
            OPERATIONS,
            400,
            {("unknown-attribute", "colour")},
        ),
        ([{"op": "add", "path": "/size", "value": "big"}], OPERATIONS, 400, {("invalid", "size")}),
        (
            [{"op": "replace", "path": "/size", "value": 4}, {"op": "test", "path": "/name", "value": "x"}],
            OPERATIONS,
            409,
            {("patch-test-failed", "[1]")},
        ),
        (
            {"size": 1},
            {"Content-Type": "application/json-patch-query+json"},
            415,
            {("media-type-not-supported", "")},
        ),
        ({"size": 1}, {"Content-Type": "text/plain"}, 415, {("media-type-not-supported", "")}),
        ({"size": 1}, {"Content-Type": "application/vnd.x+json"}, 415, {("media-type-not-supported", "")}),
        ({"size": 1}, MERGE | {"If-Match": '"9"'}, 409, {("edited-meanwhile", "If-Match")}),
    ],
)
async def test_a_patch_that_cannot_be_is_refused_and_changes_nothing(
    make: Make, ask: Ask, change: Any, headers: dict[str, str], status: int, reasons: set[tuple[str, str]]
) -> None:
    body = await make(size=3)
    answer = await ask("PATCH", f"gadget/{body['id']}", json=change, headers=headers)
    assert (answer.status_code, codes(answer)) == (status, reasons)
    assert (await ask("GET", f"gadget/{body['id']}")).json() == body


async def test_operations_change_a_record_one_after_another(make: Make, ask: Ask) -> None:
    body = await make(size=3, tag=["a", "b"], description="old", part=[{"name": "wheel", "weight": 2.5}])
    patch = [
        {"op": "test", "path": "/size", "value": 3.0},
        {"op": "test", "path": "/href", "value": body["href"]},
        {"op": "test", "path": "/@type", "value": "Gadget"},
        {"op": "add", "path": "/tag/1", "value": "c"},
        {"op": "add", "path": "/tag/-", "value": "d"},
        {"op": "remove", "path": "/tag/0"},
        {"op": "replace", "path": "/part/0/weight", "value": 3},
        {"op": "copy", "from": "/part/0", "path": "/part/1"},
        {"op": "move", "from": "/description", "path": "/extra"},
    ]
    answer = await ask("PATCH", f"gadget/{body['id']}", json=patch, headers=OPERATIONS)
    assert answer.status_code == 200, answer.text
    wheel = {"name": "wheel", "weight": 3}
    expected = {name: value for name, value in body.items() if name != "description"}
    expected |= {"tag": ["c", "b", "d"], "part": [wheel, wheel], "extra": "old"}
    assert answer.json() == expected | {"lastUpdate": answer.json()["lastUpdate"]}
    assert answer.headers["ETag"] == '"2"'
    assert (await ask("GET", f"gadget/{body['id']}")).json() == answer.json()


async def test_operations_that_end_where_they_began_make_no_version(make: Make, ask: Ask) -> None:
    body = await make(size=3)
    patch = [{"op": "remove", "path": "/size"}, {"op": "add", "path": "/size", "value": 3}]
    answer = await ask("PATCH", f"gadget/{body['id']}", json=patch, headers=OPERATIONS)
    assert (answer.status_code, answer.json(), answer.headers["ETag"]) == (200, body, '"1"')


async def test_who_sends_another_type_is_told_which_are_taken(make: Make, ask: Ask) -> None:
    body = await make()
    answer = await ask(
        "PATCH", f"gadget/{body['id']}", json={}, headers={"Content-Type": "application/x+json"}
    )
    assert answer.headers["Accept-Patch"] == "application/merge-patch+json, application/json-patch+json"


async def test_if_match_with_the_version_lets_the_change_through_once(make: Make, ask: Ask) -> None:
    body = await make()
    first = await ask("PATCH", f"gadget/{body['id']}", json={"size": 1}, headers={"If-Match": '"1"'})
    second = await ask("PATCH", f"gadget/{body['id']}", json={"size": 2}, headers={"If-Match": '"1"'})
    late = await ask("DELETE", f"gadget/{body['id']}", headers={"If-Match": '"1"'})
    assert (first.status_code, second.status_code, late.status_code) == (200, 409, 409)


async def test_hooks_refuse_and_nothing_has_happened(make: Make, ask: Ask) -> None:
    active = await make(lifecycleStatus="active")
    retired = await make(lifecycleStatus="retired")
    assert codes(await ask("DELETE", f"gadget/{active['id']}")) == {("gadget-in-use", "")}
    refused = await ask("PATCH", f"gadget/{retired['id']}", json={"lifecycleStatus": "active"})
    assert (refused.status_code, codes(refused)) == (409, {("gadget-in-use", "lifecycleStatus")})
    for one in (active, retired):
        assert (await ask("GET", f"gadget/{one['id']}")).json() == one


async def test_a_removed_record_is_not_there(make: Make, ask: Ask) -> None:
    body = await make()
    answer = await ask("DELETE", f"gadget/{body['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    for method, more in (("GET", {}), ("PATCH", {"json": {"size": 1}}), ("DELETE", {})):
        assert codes(await ask(method, f"gadget/{body['id']}", **more)) == {("not-found", "")}


async def test_what_an_actor_may_not_see_is_not_there_whatever_is_asked(make: Make, ask: Ask) -> None:
    dealer = {"dealer": "d1"}
    own = (await ask("POST", "gadget", json={"name": "own"}, role="dealer-clerk", claims=dealer)).json()
    other = await make(name="other")
    bound = {"role": "dealer-clerk", "claims": dealer}
    listed = await ask("GET", "gadget", **bound)
    assert ([one["id"] for one in listed.json()], listed.headers["X-Total-Count"]) == ([own["id"]], "1")
    assert (await ask("GET", f"gadget/{own['id']}", **bound)).status_code == 200
    for method, more in (("GET", {}), ("PATCH", {"json": {"size": 1}}), ("DELETE", {})):
        answer = await ask(method, f"gadget/{other['id']}", **more, **bound)
        assert (answer.status_code, codes(answer)) == (404, {("not-found", "")})
    assert len((await ask("GET", "gadget")).json()) == 2


async def test_each_change_is_told_with_its_version_in_the_same_transaction(
    make: Make, ask: Ask, unsent: Any
) -> None:
    body = await make(name="one")
    await ask("PATCH", f"gadget/{body['id']}", json={"name": "two"})
    await ask("DELETE", f"gadget/{body['id']}")
    messages = await told(unsent)
    assert [(one["version"], one["name"], one["deleted"]) for one in messages] == [
        (1, "one", False),
        (2, "two", False),
        (3, "two", True),
    ]
    assert {(one["topic"], one["key"]) for one in messages} == {("gd.gadget-store.events", body["id"])}


async def test_seeding_twice_changes_and_tells_nothing(unsent: Any) -> None:
    runtime, now = unsent.runtime, unsent.clock.now()

    async def seed(**document: Any) -> int | None:
        async with unsent.db.transaction() as tx:
            given = {"id": "bell-1", "name": "bell", **document}
            stored = await put_resource(tx, runtime, GADGET, given, now=now)
            return stored.version if stored else None

    assert [await seed(), await seed(), await seed(size=4), await seed(size=4), await seed()] == [
        1,
        None,
        2,
        None,
        3,
    ]
    assert len(await told(unsent)) == 3


async def test_everything_is_in_the_openapi_document(store: Any) -> None:
    paths = store.app.openapi()["paths"]
    assert set(paths[f"{BASE}/gadget"]) == {"get", "post"}
    assert set(paths[f"{BASE}/gadget/{{id}}"]) == {"get", "patch", "delete"}
    listed = paths[f"{BASE}/gadget"]["get"]
    assert {"fields", "offset", "limit", "sort"} <= {one["name"] for one in listed["parameters"]}
    patched = paths[f"{BASE}/gadget/{{id}}"]["patch"]["requestBody"]["content"]
    assert {"application/merge-patch+json", "application/json-patch+json"} <= set(patched)
