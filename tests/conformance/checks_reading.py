"""How records are read: each check raises AssertionError for what is not as the document, or TMF630, has it."""

from typing import Any

from libs.ids import new_id
from tests.conformance.subject import Subject

WORDS = ("aa1", "bb2", "cc3")


async def _three(subject: Subject) -> tuple[str, list[dict[str, Any]]]:
    """Three records that a text of theirs tells from all others, and apart."""
    mark = new_id()[-12:]
    made = []
    for word in WORDS:
        made.append(await subject.make(**{subject.text or "": f"{mark} {word}"}))
    return mark, made


async def _list(subject: Subject, **params: Any) -> Any:
    answer = await subject.ask("GET", params=params)
    assert answer.status_code == 200, answer.text
    assert isinstance(answer.json(), list), "a list is an array"
    return answer


async def answers_are_as_declared(subject: Subject) -> None:
    made = await subject.make()
    settled = await subject.at_rest(made)
    for document in (made, settled):
        faults = subject.facts.faults(subject.name, document, ours=subject.ours)
        assert faults == [], faults
        for name in ("id", "href", "@type"):
            assert isinstance(document.get(name), str), f"{name} is missing"
        assert document["href"].startswith("http"), "href is absolute"
    listed = (await _list(subject, id=made["id"])).json()
    assert listed == [settled], "a list shows a record as it is by itself"


async def lists_tell_how_many_there_are(subject: Subject) -> None:
    mark, _ = await _three(subject)
    answer = await _list(subject, **{f"{subject.text}.regex": f"^{mark}", "limit": "2"})
    assert answer.headers.get("X-Total-Count") == "3", "X-Total-Count"
    assert answer.headers.get("X-Result-Count") == "2" == str(len(answer.json())), "X-Result-Count"


async def fields_select(subject: Subject) -> None:
    made = await subject.make(**{subject.text or "": "some"})
    always = {"id", "href", "@type"}
    for path, params in ((f"/{made['id']}", {}), ("", {"id": made["id"]})):
        for fields, expected in ((subject.text, always | {subject.text}), ("none", always)):
            answer = await subject.ask("GET", path, params={**params, "fields": fields})
            assert answer.status_code == 200, answer.text
            found = answer.json() if path else answer.json()[0]
            assert set(found) == expected, f"fields={fields} answers {sorted(found)}"
    unknown = await subject.ask("GET", params={"fields": "noSuchAttribute"})
    assert unknown.status_code == 400, "an unknown field is refused"


async def filters_filter(subject: Subject) -> None:
    mark, made = await _three(subject)
    text = subject.text or ""
    ids = [one["id"] for one in made]
    value = made[1][text]
    for params, expected in (
        ({text: value}, ids[1:2]),
        ({text: f"{value},{made[2][text]}"}, ids[1:]),
        ({text: f"{mark} none"}, []),
        ({f"{text}.regex": f"^{mark} (aa|cc)"}, [ids[0], ids[2]]),
        ({f"{text}.gt": made[0][text], f"{text}.lt": made[2][text]}, ids[1:2]),
        ({f"{text}.gte": made[0][text], f"{text}.lte": made[1][text]}, ids[:2]),
        ({f"{text}.ne": value, f"{text}.regex": mark}, [ids[0], ids[2]]),
        ({"id": ids[0], text: value}, []),
    ):
        found = [one["id"] for one in (await _list(subject, **params)).json()]
        assert sorted(found) == sorted(expected), f"{params} found {found}"
    unknown = await subject.ask("GET", params={"noSuchAttribute": "1"})
    assert unknown.status_code == 400, "an unknown filter is refused, not ignored"


async def sort_sorts(subject: Subject) -> None:
    mark, made = await _three(subject)
    ids = [one["id"] for one in made]
    among = {f"{subject.text}.regex": f"^{mark}"}
    for sort, expected in ((subject.text, ids), (f"-{subject.text}", ids[::-1])):
        found = [one["id"] for one in (await _list(subject, **among, sort=sort)).json()]
        assert found == expected, f"sort={sort}"


async def pages_divide(subject: Subject) -> None:
    mark, made = await _three(subject)
    among = {f"{subject.text}.regex": f"^{mark}", "sort": subject.text}
    found = []
    for offset in range(3):
        answer = await _list(subject, **among, offset=str(offset), limit="1")
        found += [one["id"] for one in answer.json()]
        assert answer.headers.get("X-Total-Count") == "3"
    assert found == [one["id"] for one in made], "each page goes on where the last one ended"
    beyond = await _list(subject, **among, offset="3", limit="1")
    assert (beyond.json(), beyond.headers.get("X-Total-Count")) == ([], "3"), "beyond the end"


async def links_lead_to_the_pages(subject: Subject) -> None:
    """From page to page by `Link` alone, forth and back; what filters and sorts goes along."""
    mark, made = await _three(subject)
    ids = [one["id"] for one in made]
    among = {f"{subject.text}.regex": f"^{mark}", "sort": subject.text}
    page = await _list(subject, **among, limit="1")
    for relation, expected in (
        ("next", ids[1:2]),
        ("next", ids[2:]),
        ("prev", ids[1:2]),
        ("last", ids[2:]),
        ("first", ids[:1]),
    ):
        assert relation in page.links, f"Link names no {relation}: {page.headers.get('Link')}"
        address = page.links[relation]["url"]
        page = await subject.follow(address)
        assert page.status_code == 200, f"{relation} leads to {address}: {page.status_code}"
        found = [one["id"] for one in page.json()]
        assert found == expected, f"{relation} leads to {address}, which shows {found}"
    assert "prev" not in page.links, "before the first page is none"
    page = await _list(subject, **among, limit="2")
    last = await subject.follow(page.links["last"]["url"])
    assert [one["id"] for one in last.json()] == ids[2:], "the last page begins where a page begins"
    assert "next" not in last.links, "after the last page is none"


def _is_error(answer: Any, status: int) -> None:
    assert answer.status_code == status, f"{answer.status_code} instead of {status}: {answer.text[:300]}"
    body = answer.json()
    for name in ("code", "reason"):
        assert isinstance(body.get(name), str), f"an error has a {name}"
        assert body[name], f"an error has a {name}"
    assert body.get("status") == str(status), "status is the status, as a string"
    assert body.get("@type") == "Error", "@type"


async def errors_say_what_is_wrong(subject: Subject) -> None:
    nobody = f"/{new_id()}"
    _is_error(await subject.ask("GET", nobody), 404)
    _is_error(await subject.ask("GET", params={"limit": "x"}), 400)
    without = await subject.client.get(subject.path)
    _is_error(without, 401)
    if subject.offers("PATCH"):
        _is_error(await subject.ask("PATCH", nobody, json={}), 404)
    if subject.offers("DELETE"):
        _is_error(await subject.ask("DELETE", nobody), 404)
    _is_error(
        await subject.client.request("TRACE", subject.path, headers=subject.bearer(subject.editor)), 405
    )


async def every_answer_was_as_declared(subject: Subject) -> None:
    """Whatever was asked in the checks before, to see something else."""
    await subject.settled()
    assert subject.outside == [], "\n".join(sorted(set(subject.outside)))


CHECKS = (
    answers_are_as_declared,
    lists_tell_how_many_there_are,
    fields_select,
    filters_filter,
    sort_sorts,
    pages_divide,
    links_lead_to_the_pages,
    errors_say_what_is_wrong,
)
