"""How records are made, changed and removed."""

from copy import deepcopy
from typing import Any

from tests.conformance.checks_reading import _is_error
from tests.conformance.facts import Place
from tests.conformance.subject import MERGE, OPERATIONS, Subject


async def a_new_record_has_its_address(subject: Subject) -> None:
    body = await subject.body()
    answer = await subject.ask("POST", role=subject.maker, json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers.get("Location") == made["href"], "Location is the record's address"
    assert made["href"].endswith(f"{subject.path}/{made['id']}"), "href ends with the id"
    read = await subject.follow(made["href"])
    assert (read.status_code, read.json()["id"]) == (200, made["id"])
    said = {name: value for name, value in body.items() if isinstance(value, str)}
    assert {name: made.get(name) for name in said} == said, "what the client said is kept"


async def what_is_mandatory_is_asked_for(subject: Subject) -> None:
    create = subject.facts.resource(subject.name)["create"]
    for name in sorted(set(create["required"]) - subject.lacks):
        for lacking in ("left out", "null"):
            body = await subject.body()
            assert name in body, f"the sample has no {name}"
            if lacking == "null":
                body[name] = None
            else:
                del body[name]
            answer = await subject.ask("POST", role=subject.maker, json=body)
            assert answer.status_code == 400, f"{name} {lacking}: {answer.status_code} {answer.text[:200]}"
            _is_error(answer, 400)


async def another_type_is_refused(subject: Subject) -> None:
    create = subject.facts.resource(subject.name)["create"]
    for name, kind in create["fields"].items():
        wrong = subject.facts.wrong_for(kind)
        if wrong is None:
            continue
        answer = await subject.ask("POST", role=subject.maker, json=await subject.body() | {name: wrong})
        assert answer.status_code == 400, f"{name}={wrong!r}: {answer.status_code} {answer.text[:200]}"
    answer = await subject.ask("POST", role=subject.maker, json=[await subject.body()])
    assert answer.status_code == 400, "an array is no record"


async def what_is_mandatory_in_a_part_is_asked_for(subject: Subject) -> None:
    """As deep as the sample goes; what we do without is taken without it."""
    seen = set()
    for place, part in subject.facts.parts_of(subject.name, await subject.body()):
        for name in part["required"]:
            dotted = dotted_name((*place, name))
            seen.add(dotted)
            spared = dotted in subject.spares
            for lacking in ("left out", "null"):
                body = deepcopy(await subject.body())
                inner = _at(body, place)
                inner.pop(name, None)
                if lacking == "null":
                    inner[name] = None
                answer = await subject.ask("POST", role=subject.maker, json=body)
                told = f"{dotted} {lacking}: {answer.status_code} {answer.text[:200]}"
                assert answer.status_code == (201 if spared else 400), told
    assert seen >= subject.spares, f"not in the sample: {subject.spares - seen}"


async def another_type_in_a_part_is_refused(subject: Subject) -> None:
    for place, part in subject.facts.parts_of(subject.name, await subject.body()):
        for name, kind in part["fields"].items():
            wrong = subject.facts.wrong_for(kind)
            if wrong is None:
                continue
            body = deepcopy(await subject.body())
            _at(body, place)[name] = wrong
            answer = await subject.ask("POST", role=subject.maker, json=body)
            told = f"{answer.status_code} {answer.text[:200]}"
            assert answer.status_code == 400, f"{dotted_name((*place, name))}={wrong!r}: {told}"


def dotted_name(place: Place) -> str:
    """As attributes are named in queries: `productOrderItem.product`."""
    return ".".join(step for step in place if isinstance(step, str))


def _at(body: Any, place: Place) -> Any:
    for step in place:
        body = body[step]
    return body


async def what_is_declared_is_taken(subject: Subject) -> None:
    """No attribute of the document is refused as such, but for those that stand among the deviations."""
    create = subject.facts.resource(subject.name)["create"]
    for name in sorted(create["fields"]):
        answer = await subject.ask("POST", role=subject.maker, json=await subject.body() | {name: {"a": [1]}})
        refused = [
            reason["path"]
            for reason in answer.json().get("reasons", ())
            if reason["code"] in ("unknown-attribute", "unknown-field", "read-only")
        ]
        assert (name in refused) == (name in subject.lacks), f"{name}: {answer.text[:200]}"


async def what_the_server_gives_is_not_asked_for(subject: Subject) -> None:
    for name in ("id", "href"):
        body = await subject.body() | {name: "http://elsewhere.example.com/1"}
        answer = await subject.ask("POST", role=subject.maker, json=body)
        assert answer.status_code == 400, f"{name} is the server's to give"


async def merge_patch_replaces_and_removes(subject: Subject) -> None:
    text = subject.text or ""
    made = await subject.settled(**{text: "before"})
    path = f"/{made['id']}"
    for media_type in (MERGE, "application/json"):
        answer = await subject.ask("PATCH", path, json={text: f"by {media_type}"}, media_type=media_type)
        assert answer.status_code == 200, answer.text
        assert answer.json()[text] == f"by {media_type}"
        assert set(answer.json()) >= set(made), "the answer is the whole record"
    assert (await subject.seen(made["id"])) == answer.json(), "what was answered is what is kept"
    if subject.array:
        name, value = subject.array
        for wanted in (value * 2, value):
            answer = await subject.ask("PATCH", path, json={name: wanted}, media_type=MERGE)
            assert answer.status_code == 200, answer.text
            assert len(answer.json()[name]) == len(wanted), "an array is replaced whole"
    answer = await subject.ask("PATCH", path, json={text: None}, media_type=MERGE)
    assert (answer.status_code, text in answer.json()) == (200, False), "null removes"
    assert text not in await subject.seen(made["id"]), "null removes for good"


async def json_patch_does_one_operation_after_another(subject: Subject) -> None:
    text = subject.text or ""
    made = await subject.settled(**{text: "before"})
    path = f"/{made['id']}"

    async def operated(*operations: Any) -> Any:
        return await subject.ask("PATCH", path, json=list(operations), media_type=OPERATIONS)

    changed = await operated(
        {"op": "test", "path": f"/{text}", "value": "before"},
        {"op": "replace", "path": f"/{text}", "value": "after"},
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()[text] == "after"
    failed = await operated(
        {"op": "replace", "path": f"/{text}", "value": "third"},
        {"op": "test", "path": f"/{text}", "value": "before"},
    )
    _is_error(failed, 409)
    assert (await subject.seen(made["id"]))[text] == "after", "all operations are done, or none"
    _is_error(await operated({"op": "remove", "path": "/noSuchAttribute"}), 400)
    _is_error(await operated({"op": "append", "path": f"/{text}", "value": "x"}), 400)
    if subject.array:
        name, value = subject.array
        added = await operated(
            {"op": "add", "path": f"/{name}", "value": []},
            {"op": "add", "path": f"/{name}/-", "value": value[0]},
            {"op": "add", "path": f"/{name}/0", "value": value[0]},
            {"op": "remove", "path": f"/{name}/1"},
        )
        assert (added.status_code, len(added.json()[name])) == (200, 1), added.text
    removed = await operated({"op": "remove", "path": f"/{text}"})
    assert (removed.status_code, text in removed.json()) == (200, False), removed.text


async def what_the_server_sets_is_not_patched(subject: Subject) -> None:
    made = await subject.settled()
    path = f"/{made['id']}"
    read_only = {"id": "another", "href": "http://elsewhere.example.com/1"}
    fields = subject.facts.resource(subject.name)["read"]["fields"]
    if "lastUpdate" in fields:
        read_only["lastUpdate"] = "2026-01-01T00:00:00Z"
    for name, value in read_only.items():
        _is_error(await subject.ask("PATCH", path, json={name: value}, media_type=MERGE), 400)
        operation = {"op": "replace", "path": f"/{name}", "value": value}
        _is_error(await subject.ask("PATCH", path, json=[operation], media_type=OPERATIONS), 400)
    assert await subject.seen(made["id"]) == made


async def a_patch_is_checked_as_a_new_record_is(subject: Subject) -> None:
    made = await subject.settled()
    path = f"/{made['id']}"
    _is_error(await subject.ask("PATCH", path, json={subject.text: {"a": 1}}, media_type=MERGE), 400)
    _is_error(await subject.ask("PATCH", path, json={"noSuchAttribute": 1}, media_type=MERGE), 400)
    assert await subject.seen(made["id"]) == made


async def what_is_removed_is_gone(subject: Subject) -> None:
    made = await subject.settled(**subject.draft)
    answer = await subject.ask("DELETE", f"/{made['id']}")
    if not subject.removable:
        _is_error(answer, 409)
        assert (await subject.seen(made["id"]))["id"] == made["id"]
        return
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    _is_error(await subject.ask("GET", f"/{made['id']}"), 404)
    _is_error(await subject.ask("DELETE", f"/{made['id']}"), 404)
    assert (await subject.ask("GET", params={"id": made["id"]})).json() == []


OF_POST = (
    a_new_record_has_its_address,
    what_is_mandatory_is_asked_for,
    another_type_is_refused,
    what_is_mandatory_in_a_part_is_asked_for,
    another_type_in_a_part_is_refused,
    what_is_declared_is_taken,
    what_the_server_gives_is_not_asked_for,
)
OF_PATCH = (
    merge_patch_replaces_and_removes,
    json_patch_does_one_operation_after_another,
    what_the_server_sets_is_not_patched,
    a_patch_is_checked_as_a_new_record_is,
)
OF_DELETE = (what_is_removed_is_gone,)
