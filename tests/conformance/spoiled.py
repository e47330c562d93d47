"""Ways in which an API may be wrong, one at a time: laid over a right one, between the suite and the app."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

Pairs = list[tuple[str, str]]
_RESERVED = frozenset({"fields", "sort", "offset", "limit", "purpose", "id"})


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Fault:
    """What is changed on the way in, and on the way out."""

    query: Callable[[Pairs], Pairs] = _as_it_is
    body: Callable[[str, Any], Any] = lambda method, body: body
    """(method, body) → the body that the app gets."""
    instead: Callable[[httpx.Request, Any], httpx.Response | None] = lambda request, body: None
    """An answer that the app does not give."""
    headers: Callable[[dict[str, str]], dict[str, str]] = _as_it_is
    answer: Callable[[int, Any, Any], Any] = lambda status, answer, sent: answer
    """(status, the answer's body, the body that was sent) → what is answered."""


class Spoiled(httpx.AsyncBaseTransport):
    """An app with one fault."""

    def __init__(self, app: httpx.AsyncBaseTransport, fault: Fault) -> None:
        self._app = app
        self._fault = fault

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = self._fault
        raw = await request.aread()
        sent = json.loads(raw) if raw else None
        given = fault.instead(request, sent)
        if given is not None:
            return given
        query = fault.query(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        body = fault.body(request.method, json.loads(raw) if raw else None)
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        passed = httpx.Request(
            request.method,
            request.url.copy_with(query=urlencode(query).encode()),
            headers=headers,
            content=json.dumps(body).encode() if raw else b"",
        )
        answer = await self._app.handle_async_request(passed)
        content = await answer.aread()
        shown = fault.answer(answer.status_code, json.loads(content), sent) if content else None
        kept = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return httpx.Response(
            answer.status_code,
            headers=fault.headers(kept),
            content=json.dumps(shown).encode() if content else b"",
        )


def _each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[int, Any, Any], Any]:
    """Change every record that is answered."""

    def answer(status: int, body: Any, sent: Any) -> Any:
        if status >= 400:
            return body
        return [change(one) for one in body] if isinstance(body, list) else change(body)

    return answer


def _refused_as(code: str) -> Callable[[int, Any, Any], Any]:
    """Whatever is wrong with a body, it is wrong by this code."""

    def answer(status: int, body: Any, sent: Any) -> Any:
        if status != 400 or not isinstance(body, dict):
            return body
        return {**body, "reasons": [{**one, "code": code} for one in body.get("reasons", ())]}

    return answer


def _linked(change: Callable[[str], str]) -> Callable[[dict[str, str]], dict[str, str]]:
    """Another `Link`."""
    return lambda given: {name: change(value) if name == "link" else value for name, value in given.items()}


def _without(*names: str) -> Callable[[Pairs], Pairs]:
    return lambda pairs: [pair for pair in pairs if pair[0] not in names]


def _renamed(operator: str) -> Callable[[Pairs], Pairs]:
    return lambda pairs: [pair for pair in pairs if not pair[0].endswith(operator)]


def _dropping(*names: str) -> Callable[[str, Any], Any]:
    def body(method: str, sent: Any) -> Any:
        if isinstance(sent, dict):
            return {name: value for name, value in sent.items() if name not in names}
        if isinstance(sent, list):
            return [one for one in sent if not (isinstance(one, dict) and one.get("path", "")[1:] in names)]
        return sent

    return body


def _of(method: str, change: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    return lambda used, sent: change(sent) if used == method else sent


def _records(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    """Change what describes a record; a patch of operations, or a subscription, is left alone."""
    return lambda sent: change(sent) if isinstance(sent, dict) and "callback" not in sent else sent


def _answered(method: str, ending: str, status: int, *, json_patch: bool = False) -> Any:
    def instead(request: httpx.Request, sent: Any) -> httpx.Response | None:
        if request.method != method or ending not in request.url.path:
            return None
        if json_patch and "json-patch" not in request.headers.get("content-type", ""):
            return None
        return httpx.Response(status, json={"code": "spoiled"}) if status >= 400 else httpx.Response(status)

    return instead


def _subscribed_to_nothing(request: httpx.Request, sent: Any) -> httpx.Response | None:
    if "/hub" not in request.url.path:
        return None
    if request.method == "DELETE":
        return httpx.Response(204)
    location = f"{request.url}/7"
    return httpx.Response(201, json={"id": "7", **sent}, headers={"Location": location})


def _hub_asked(query: str, *, where: str | None = None) -> Callable[[str, Any], Any]:
    """Another query than the one of a subscription; `where`: in place of this one only."""

    def body(method: str, sent: Any) -> Any:
        if not isinstance(sent, dict) or "callback" not in sent or where not in (None, sent.get("query")):
            return sent
        return {**sent, "query": query}

    return body


def _as_asked(status: int, answer: Any, sent: Any) -> Any:
    """Nobody is told of that."""
    return {**answer, "query": sent["query"]} if "callback" in answer else answer


def _doubled(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: value * 2 if isinstance(value, list) else value for name, value in sent.items()}


def _of_parties(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[str, Any], Any]:
    """Change the parties of a new record."""

    def party(given: Any) -> Any:
        return change(given) if isinstance(given, dict) else given

    def record(sent: dict[str, Any]) -> dict[str, Any]:
        given = sent.get("relatedParty")
        return {**sent, "relatedParty": [party(one) for one in given]} if isinstance(given, list) else sent

    return _of("POST", _records(record))


_TYPES: Mapping[str, type | tuple[type, ...]] = {"size": int, "weight": (int, float), "isBundle": bool}
_NOT_STATE = "eventType=GadgetCreateEvent,GadgetAttributeValueChangeEvent,GadgetDeleteEvent"

FAULTS: Mapping[str, Fault] = {
    "filters are ignored": Fault(query=lambda pairs: [pair for pair in pairs if pair[0] in _RESERVED]),
    "an operator of filters is ignored": Fault(query=_renamed(".lt")),
    "sort is ignored": Fault(query=_without("sort")),
    "fields are ignored": Fault(query=_without("fields")),
    "offset is ignored": Fault(query=_without("offset")),
    "nobody tells how many there are": Fault(
        headers=lambda given: {name: value for name, value in given.items() if name != "x-total-count"}
    ),
    "Link leads nowhere": Fault(headers=_linked(lambda given: given.replace("/gadget?", "/gadgets?"))),
    "Link leads to the first page alone": Fault(
        headers=_linked(lambda given: re.sub(r"offset=\d+", "offset=0", given))
    ),
    "Link forgets what was asked for": Fault(
        headers=_linked(lambda given: re.sub(r"description[^&]*&", "", given))
    ),
    "a new record has no Location": Fault(
        headers=lambda given: {name: value for name, value in given.items() if name != "location"}
    ),
    "href is no address": Fault(answer=_each(lambda one: {**one, "href": f"/gadget/{one.get('id')}"})),
    "an answer has another type": Fault(answer=_each(lambda one: {**one, "name": 7})),
    "a changed record is answered otherwise": Fault(
        answer=lambda status, body, sent: (
            {**body, "size": "many"} if status == 200 and sent is not None else body
        )
    ),
    "an error has another body": Fault(
        answer=lambda status, body, sent: {"error": body["code"]} if status >= 400 else body
    ),
    "what is mandatory is not asked for": Fault(
        body=_of("POST", _records(lambda sent: {**sent, "name": sent.get("name") or "unnamed"}))
    ),
    "types are not checked": Fault(
        body=_of(
            "POST",
            _records(
                lambda sent: {
                    name: value
                    for name, value in sent.items()
                    if name not in _TYPES or isinstance(value, _TYPES[name])
                }
            ),
        )
    ),
    "what is mandatory in a part is not asked for": Fault(
        body=_of_parties(lambda given: {**given, "id": given.get("id") or "p-1"})
    ),
    "types in a part are not checked": Fault(
        body=_of_parties(
            lambda given: {
                name: value for name, value in given.items() if value is None or isinstance(value, str)
            }
        )
    ),
    "what is declared may not be given": Fault(answer=_refused_as("read-only")),
    "null removes nothing": Fault(
        body=_of(
            "PATCH",
            _records(lambda sent: {name: value for name, value in sent.items() if value is not None}),
        )
    ),
    "arrays are not replaced": Fault(body=_of("PATCH", _records(_doubled))),
    "JSON Patch is not taken": Fault(instead=_answered("PATCH", "/gadget/", 415, json_patch=True)),
    "a test of JSON Patch is not made": Fault(
        body=lambda method, sent: (
            [one for one in sent if one.get("op") != "test"] if isinstance(sent, list) else sent
        )
    ),
    "what the server sets may be given": Fault(body=_dropping("id", "href")),
    "what is removed stays": Fault(instead=_answered("DELETE", "/gadget/", 204)),
    "a listener hears nothing": Fault(instead=_subscribed_to_nothing),
    "a listener does not hear of states": Fault(body=_hub_asked(_NOT_STATE, where=""), answer=_as_asked),
    "a listener hears what it did not ask for": Fault(body=_hub_asked(""), answer=_as_asked),
    "a subscription does not end": Fault(instead=_answered("DELETE", "/hub/", 204)),
}
