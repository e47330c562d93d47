"""One request: a valid one, and then mostly not quite."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, quote_from_bytes

from libs.ids import new_id
from libs.web.routes import MIB
from tests.fuzz.asked import Asked
from tests.fuzz.bodies import body_of
from tests.fuzz.judging import Operation
from tests.fuzz.mutations import NUMBERS, mutated, spoiled, text, to_bytes
from tests.fuzz.world import Document

MERGE = "application/merge-patch+json"
OPERATIONS = "application/json-patch+json"
LINES = "application/x-ndjson"
FORM = "application/x-www-form-urlencoded"
COMPARISONS = ("", "", "", ".gt", ".gte", ".lt", ".lte", ".ne", ".eq", ".regex", ".like", ".nothing")
LANGUAGES = ("zh-CN", "en", "fr", "*", "zh;q=0.9,en;q=banana", "-", "x" * 300, ";;;,,,q=", "\xff")
MEDIA_TYPES = (
    "text/plain",
    "application/xml",
    "application/json; charset=utf-16",
    "application/x+json",
    "/",
    "\xff",
    "",
)


@dataclass(frozen=True)
class Request:
    """As it is sent."""

    operation: Operation
    target: str
    """Path and query, encoded."""
    headers: dict[str, str]
    content: bytes | None = None
    elsewhere: bool = False
    """Its path may lead to no operation, or to another one."""
    made: str = "as it should be"

    def curl(self, url: str) -> str:
        """What sends it again; its token has to be a new one."""
        parts = ["curl", "-i", "-X", self.operation.method, shlex.quote(f"{url}{self.target}")]
        for name, value in self.headers.items():
            shown = "Bearer $TOKEN" if name == "Authorization" and len(value) > 100 else value
            parts += ["-H", shlex.quote(f"{name}: {shown}")]
        if self.content is not None:
            shown_body = self.content[:4000].decode("utf-8", "backslashreplace").replace("\0", "\\0")
            more = f"  # {len(self.content)} bytes" if len(self.content) > 4000 else ""
            parts += ["--data-binary", shlex.quote(shown_body) + more]
        return " ".join(parts)


def valid(operation: Operation, asked: Asked, token: str) -> Request:
    """What somebody who knows the service would send."""
    place, found = _place(operation, asked)
    content, media_type = _content(operation, asked, found, 0)
    headers = _headers(operation, token, media_type)
    return Request(operation, place, headers, content)


def spoilt(operation: Operation, asked: Asked, token: str, sent: Sequence[Request]) -> Request:
    """One that is spoilt in one to three ways. `sent`: what went before it, for what is repeated."""
    chance = asked.chance
    place, found = _place(operation, asked)
    times = chance.choice((0, 1, 1, 1, 2, 3))
    content, media_type = _content(operation, asked, found, times)
    request = Request(operation, place, _headers(operation, token, media_type), content)
    if content is not None and times:
        request = replace(request, made=f"its body changed in {times} places")
    if operation.method == "GET" and chance.random() < 0.8:
        request = replace(request, target=f"{place}{_query(operation, asked, found)}", made="with a query")
    while chance.random() < (0.25 if content is not None else 0.3):
        request = _spoil_further(request, asked, sent)
    return request


# -- where to


def _place(operation: Operation, asked: Asked) -> tuple[str, Document | None]:
    """A path with ids of records that are there, and the record."""
    world, chance = asked.world, asked.chance
    found = world.pick(world.behind(operation.path), chance)
    if "{number}" in operation.path:
        return operation.path.replace("{number}", asked.subscriber), None
    id = str(found["id"]) if found and "id" in found else new_id()
    return operation.path.replace("{id}", quote(id, safe="")), found


def _query(operation: Operation, asked: Asked, found: Document | None) -> str:
    """Parameters that are documented, filters on what the record says, and what nobody has heard of."""
    chance = asked.chance
    pairs: list[tuple[str, str]] = []
    for parameter in operation.parameters("query"):
        if parameter.get("required") or chance.random() < 0.3:
            pairs.append((parameter["name"], _argument(parameter, asked, found)))
    for _ in range(chance.choice((0, 0, 1, 1, 2, 40))):
        name, value = _filter(asked, found)
        pairs.append((name, value))
    if pairs and chance.random() < 0.1:
        pairs.append(chance.choice(pairs))
    if not pairs:
        return ""
    joined = "&".join(f"{_quoted(name, asked)}={_quoted(value, asked)}" for name, value in pairs)
    return f"?{joined}"[:20_000]


def _argument(parameter: Document, asked: Asked, found: Document | None) -> str:
    chance, name = asked.chance, parameter["name"]
    if chance.random() < 0.25:
        return chance.choice((text(chance), str(chance.choice(NUMBERS))))
    schema = parameter["schema"]
    known = [*found] if found else ["id", "name"]
    match name:
        case "offset":
            return str(chance.choice((0, 1, 5, 1_000_000)))
        case "limit":
            return str(chance.choice((1, 20, 100)))
        case "fields":
            return ",".join(chance.sample(known, min(len(known), 3))) if chance.random() < 0.8 else "none"
        case "sort":
            return f"{chance.choice(('', '-', '+'))}{chance.choice(known)}"
        case "purpose":
            return chance.choice(("identity-check", "complaint", "audit", "nothing"))
    if found and name in found and isinstance(found[name], str):
        return str(found[name])
    if "enum" in schema:
        return str(chance.choice(schema["enum"]))
    if schema.get("type") == "integer":
        return str(chance.choice((0, 1, 100)))
    return chance.choice(("gd", "bj", "2026-11-26", "2026-11-26T00:00:00Z", "true", "13000402001", "pay"))


def _filter(asked: Asked, found: Document | None) -> tuple[str, str]:
    chance = asked.chance
    if not found or chance.random() < 0.15:
        return text(chance)[:200], text(chance)[:200]
    leaves = [(way, value) for way, value in _leaves(found) if not isinstance(value, dict | list)]
    way, value = chance.choice(leaves)
    shown = value if isinstance(value, str) else json.dumps(value)
    if chance.random() < 0.3:
        shown = text(chance)[:3000]
    if chance.random() < 0.1:
        shown = ",".join([shown] * chance.choice((2, 200)))
    return way + chance.choice(COMPARISONS), shown


def _leaves(value: Any, way: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in _leaves(one, f"{way}.{key}" if way else key)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(one, way)]
    return [(way, value)]


def _segment(id: str, asked: Asked) -> str:
    """An id in a path: a client takes a segment of dots for a way, and goes it, unless they are encoded too."""
    quoted = _quoted(id, asked)
    return quoted.replace(".", "%2E") if quoted in (".", "..") else quoted


def _quoted(value: str, asked: Asked) -> str:
    raw = value.encode("utf-8", "surrogatepass")
    if asked.chance.random() < 0.02:
        raw += b"\xff\xfe"
    return quote_from_bytes(raw, safe="")


# -- with what


def _headers(operation: Operation, token: str, media_type: str | None) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {token}"}
    if any(one["name"] == "Idempotency-Key" for one in operation.parameters("header")):
        headers["Idempotency-Key"] = new_id()
    if media_type is not None:
        headers["Content-Type"] = media_type
    return headers


def _content(
    operation: Operation, asked: Asked, found: Document | None, times: int
) -> tuple[bytes | None, str | None]:
    """The body, with so many changes, and its media type."""
    chance, known = asked.chance, operation.media_types
    if not known:
        return None, None
    body = body_of(operation.method, operation.path, asked)
    media_type = known[0]
    if body is None and found is not None:
        body = dict(found) if operation.method == "PUT" else _patch_of(found, asked)
        if MERGE in known:
            media_type = chance.choice((MERGE, "application/json"))
        if OPERATIONS in known and chance.random() < 0.4:
            media_type, body = OPERATIONS, _operations_of(found, asked)
    body = mutated({} if body is None else body, chance, times) if times else body
    if media_type == LINES:
        lines = body if isinstance(body, list) else [body]
        return b"".join(to_bytes(line) + b"\n" for line in lines), media_type
    if media_type == FORM:
        fields = body if isinstance(body, dict) else {"grant_type": body}
        pairs = (f"{_quoted(str(key), asked)}={_quoted(str(value), asked)}" for key, value in fields.items())
        return "&".join(pairs).encode(), media_type
    return to_bytes({} if body is None else body), media_type


def _patch_of(found: Document, asked: Asked) -> Document:
    """A few of a record's own attributes, and something that may be changed."""
    chance = asked.chance
    own = chance.sample([*found], min(len(found), chance.choice((0, 1, 1, 2))))
    told = {name: found[name] for name in own if name not in ("id", "href")}
    changed = chance.choice(
        (
            {"description": "changed"},
            {"name": "changed"},
            {"note": [{"text": "noted"}]},
            {"lifecycleStatus": "Retired"},
            {"status": "active"},
            {"state": "active"},
            {"validFor": {"endDateTime": "2031-01-01T00:00:00Z"}},
            {"relatedParty": None},
            {"name": None},
        )
    )
    return {**told, **changed}


def _operations_of(found: Document, asked: Asked) -> list[Document]:
    chance = asked.chance
    ways = list(_pointers(found))
    made = []
    for _ in range(chance.choice((1, 1, 2, 3, 210))):
        way, value = chance.choice(ways)
        op = chance.choice(("add", "replace", "replace", "remove", "test", "move", "copy"))
        one: Document = {"op": op, "path": way}
        if op in ("add", "replace", "test"):
            one["value"] = value if op == "test" or chance.random() < 0.5 else "changed"
        elif op in ("move", "copy"):
            one["from"] = chance.choice(ways)[0]
        made.append(one)
    return made


def _pointers(value: Any) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = [("/description", "d")]

    def walk(here: Any, way: str) -> None:
        members = (
            here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
        )
        for key, one in members:
            step = f"{way}/{str(key).replace('~', '~0').replace('/', '~1')}"
            found.append((step, one))
            walk(one, step)
        if isinstance(here, list):
            found.append((f"{way}/-", None))

    walk(value, "")
    return found


# -- further


def _spoil_further(request: Request, asked: Asked, sent: Sequence[Request]) -> Request:
    chance, headers = asked.chance, dict(request.headers)
    way = chance.randrange(10)
    if way == 0 and request.content is not None:
        return replace(request, content=spoiled(request.content, chance, MIB), made="its bytes spoilt")
    if way == 1 and request.content is not None:
        headers["Content-Type"] = chance.choice(MEDIA_TYPES)
        return replace(request, headers=headers, made="of another media type")
    if way == 2 and "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = chance.choice(("", "x" * 255, "x" * 256, "x" * 5000, "\xff", "a b", '"'))
        return replace(request, headers=headers, made="with a strange key")
    if way == 3 and (before := [one for one in sent if one.operation.method == "POST"]):
        return _again(request, chance.choice(before), asked)
    if way == 4:
        headers["Accept-Language"] = chance.choice(LANGUAGES)
    elif way == 5:
        headers["If-Match"] = chance.choice(('"1"', '"0"', "*", 'W/"1"', '"', "x" * 5000, "\xff", '"1", "2"'))
    elif way == 6:
        name = chance.choice(
            ("X-Request-Id", "traceparent", "tracestate", "Accept", "Cookie", "X-Forwarded-For")
        )
        headers[name] = chance.choice(
            ("", "\xff", "x" * 3000, "00-0-0-00", "application/xml", "1;2;3", "=;=")
        )
    elif way == 7 and chance.random() < 0.3:
        headers["Authorization"] = chance.choice(
            ("", "Bearer", "Bearer a.b.c", "Basic YTpi", "Basic \xff", "x" * 5000)
        )
    elif way == 8 and "{" in request.operation.path:
        id = chance.choice((text(chance)[:2000], new_id(), "0", "%2f", "x" * 4000))
        before, _, rest = request.operation.path.partition("{")
        target = before + _segment(id, asked) + rest.partition("}")[2]
        return replace(request, target=target, elsewhere=True, made="about something else")
    elif way == 9:
        joint = "&" if "?" in request.target else "?"
        target = f"{request.target}{joint}{_quoted(text(chance)[:200], asked)}={_quoted(text(chance)[:200], asked)}"
        return replace(request, target=target, made="with a query of its own")
    return replace(request, headers=headers, made="with strange headers")


def _again(request: Request, before: Request, asked: Asked) -> Request:
    """The key of a request that was sent before: with the same body, or with another."""
    if asked.chance.random() < 0.5 or "Idempotency-Key" not in request.headers:
        return replace(
            before, headers=before.headers | {"Authorization": request.headers["Authorization"]}, made="again"
        )
    key = before.headers.get("Idempotency-Key", "k")
    return replace(
        request, headers=request.headers | {"Idempotency-Key": key}, made="with a key that was used"
    )
