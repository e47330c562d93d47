"""Messages spoiled: mutated, truncated, oversized, of strangers, and sent again."""

import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from libs.ids import new_id
from libs.messaging.envelope import type_of
from tests.fuzz.examples import Json, resolved, schema_of

Fate = Literal["done", "dead", "either", "passed-over", "again"]
"""`done`: taken in; `dead`: a dead letter; `either` of both; `passed-over`: no trace is left of it; `again`: the
inbox had it before."""
Headers = list[tuple[str, bytes]]

NEAR_THE_LIMIT = 1_000_000
"""Bytes of a value that the broker still takes with its headers; ours are at most 900 KiB."""


@dataclass(frozen=True)
class Word:
    """One record to send, and what is to become of it."""

    what: str
    model: type[BaseModel]
    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    fate: Fate
    harmless: bool = True
    """Whether no row of the service may be there, or be another, because of it."""
    partition: int = 0

    @property
    def id(self) -> str:
        return dict(self.headers).get("ce_id", b"").decode("latin-1")

    @property
    def source(self) -> str:
        return dict(self.headers).get("ce_source", b"").decode("latin-1")

    def __str__(self) -> str:
        return f"{self.model.__name__} on {self.topic}, {self.what}"


@dataclass
class Spoiler:
    """Makes bad messages of good ones. Everything it chooses comes from its seed."""

    random: Random
    now: datetime
    foreign_source: Callable[[Word], str | None]
    """Who may not write on a word's topic, and is found out; None where everybody of the node may."""
    foreign_data: Callable[[Word], Json | None]
    """What another node would say there, of itself."""
    broadcast: bool = False
    """Whether types unknown to this service are another's business there."""

    def of_every_kind(self, good: Word) -> Iterator[Word]:
        """What is made of one good message: each fault once."""
        yield from self.truncated(good)
        yield from self.enveloped(good)
        yield from self.oversized(good)
        yield from self.of_strangers(good)
        yield from self.mutated(good)

    # -- mutated

    def mutated(self, good: Word) -> Iterator[Word]:
        """Each required field left out, each field with a value that it should not have, and unknown fields."""
        data = json.loads(good.value or b"{}")
        for name in schema_of(good.model).get("required", ()):
            yield self._with(good, f"without {name}", {key: data[key] for key in data if key != name})
        for name in data:
            what, value = self.random.choice(self._values(good.model, name))
            yield self._with(good, f"{name} is {what}", {**data, name: value})
        yield self._with(good, "with what nobody knows", {**data, "unheardOf": {"a": [1]}, "$ref": "#"})
        for what, raw in LITERALS:
            name = self.random.choice(list(data))
            text = json.dumps({**data, name: "@@"}).replace('"@@"', raw)
            yield self._judged(good, f"{name} is {what}", text.encode())

    def mutated_anyhow(self, good: Word) -> Word:
        """Some fields, at any depth, replaced, left out or doubled."""
        data = json.loads(good.value or b"{}")
        said = []
        for _ in range(self.random.choice((1, 1, 2, 3))):
            path = self.random.choice(_paths(data) or [()])
            if not path:
                continue
            parent: Any = data
            for step in path[:-1]:
                parent = parent[step]
            if isinstance(parent, dict) and self.random.random() < 0.15:
                del parent[path[-1]]
                said.append(f"without {_dotted(path)}")
                continue
            field_of = str(path[0]) if len(path) == 1 else ""
            what, value = self.random.choice(self._values(good.model, field_of))
            parent[path[-1]] = deepcopy(value)
            said.append(f"{_dotted(path)} is {what}")
        return self._with(good, ", ".join(said) or "as it is", data)

    def _values(self, model: type[BaseModel], name: str) -> Sequence[tuple[str, Any]]:
        """What may be put in the place of a value, named; more of it where the schema says what belongs there."""
        root = schema_of(model)
        part = resolved(root["properties"][name], root) if name in root.get("properties", {}) else {}
        likely: Sequence[tuple[str, Any]] = ()
        if part.get("format") in ("date", "date-time"):
            likely = INSTANTS if part["format"] == "date-time" else DAYS
        elif part.get("type") in ("integer", "number"):
            likely = NUMBERS
        elif part.get("type") == "string":
            likely = STRINGS
        elif part.get("type") == "object":
            likely = DOCUMENTS
        return [*ANYTHING, *likely, *likely]

    def _with(self, good: Word, what: str, data: Any) -> Word:
        return self._judged(good, what, json.dumps(data).encode())

    def _judged(self, good: Word, what: str, value: bytes) -> Word:
        """Another value for a message: dead where the contract refuses it, else the handler's to judge."""
        try:
            good.model.model_validate_json(value)
        except ValidationError:
            return self._anew(good, what, value=value, fate="dead")
        return self._anew(good, what, value=value, fate="either", harmless=False)

    # -- truncated

    def truncated(self, good: Word) -> Iterator[Word]:
        """Cut, empty, and what is no JSON object at all."""
        value = good.value or b""
        for at in sorted({1, len(value) // 2, len(value) - 1, self.random.randrange(1, len(value))}):
            yield self._anew(good, f"cut after {at} bytes", value=value[:at], fate="dead")
        for what, bad in (
            ("empty", b""),
            ("a tombstone", None),
            ("not UTF-8", value[:-1] + b"\xff\xfe}"),
            ("not JSON", b"<message/>"),
            ("a list", b"[" + value + b"]"),
            ("a number", b"42"),
            ("null", b"null"),
            ("with a byte order mark", b"\xef\xbb\xbf" + value),
            ("twice in one", value + value),
            ("zeros", bytes(64)),
            ("nested without end", b'{"a":' * 5_000),
        ):
            yield self._anew(good, what, value=bad, fate="dead")

    # -- envelopes

    def enveloped(self, good: Word) -> Iterator[Word]:
        """Headers and keys that are missing, double, wrong, or longer than anybody's."""
        for name in ("ce_id", "ce_type", "ce_source", "ce_time"):
            left = [pair for pair in good.headers if pair[0] != name]
            yield replace(good, what=f"without {name}", headers=left, fate="dead", harmless=True)
            yield self._headed(good, name, b"", "dead")
            yield self._headed(good, name, b"\xff\xfe", "dead")
            yield self._headed(good, name, b"a\0b", "dead")
        for name in ("ce_id", "ce_source", "ce_subject"):
            # Not compressible: what PostgreSQL cannot squeeze does not go into an index.
            for length in (3_000, 200_000):
                yield self._headed(good, name, self.random.randbytes(length // 2).hex().encode(), "dead")
        for at in (
            "yesterday",
            "2026-13-01T00:00:00Z",
            "2026-01-01T00:00:00",
            "0001-01-01T00:00:00+23:59",
            "1",
        ):
            yield self._headed(good, "ce_time", at.encode(), "dead")
        yield self._headed(good, "ce_time", b"9999-12-31T23:59:59-23:59", "dead")
        yield self._headed(good, "ce_time", b"0001-01-01T00:00:00Z", "dead", harmless=False)
        old = (self.now - timedelta(days=31)).isoformat().encode()
        yield self._headed(good, "ce_time", old, "dead", harmless=False)
        unknown: Fate = "passed-over" if self.broadcast else "dead"
        for type_ in ("unicrm.unheard-of.v1", f"{type_of(good.model)}9", "类型"):
            yield self._headed(good, "ce_type", type_.encode(), unknown)
        yield self._headed(good, "ce_type", b"x" * 100_000, "dead")
        yield replace(good, what="without headers", headers=[], fate="dead", harmless=True)
        yield self._anew(good, "its key not UTF-8", key=b"\xff\x00\xfe", fate="dead")
        yield self._anew(good, "its key longer than any", key=b"k" * 950_000, fate="dead")
        doubled = [*good.headers, ("ce_type", b"unicrm.unheard-of.v1"), ("ce_id", new_id().encode())]
        yield replace(good, what="headers twice", headers=doubled, fate=unknown, harmless=True)
        # What may be so, and is not to be refused for it.
        yield self._anew(good, "without a key", key=None, fate="either", harmless=False)
        yield self._anew(good, "another's key", key=b"13000000000", fate="either", harmless=False)
        strange = ("ce_specversion", b"99.9"), ("b3", b"\xff\xfe"), ("", b""), ("traceparent", b"\xff-0-0")
        yield self._anew(good, "strange headers", headers=strange, fate="either", harmless=False)
        later = self._headed(good, "ce_time", b"9999-01-01T00:00:00Z", "either", harmless=False)
        yield replace(later, what="from the year 9999")

    def _headed(self, good: Word, name: str, value: bytes, fate: Fate, *, harmless: bool = True) -> Word:
        made = self._anew(good, f"{name} is {value[:40]!r}, {len(value)} bytes", fate=fate, harmless=harmless)
        headers = [pair for pair in made.headers if pair[0] != name]
        return replace(made, headers=[*headers, (name, value)])

    # -- oversized

    def oversized(self, good: Word) -> Iterator[Word]:
        """Larger than anything of ours, in a field that nobody knows and in one that says no length."""
        value = (good.value or b"{}").decode()
        padded = f'{value[:-1]}, "padding": "{"x" * (NEAR_THE_LIMIT - len(value))}"}}'
        yield self._anew(
            good, "a megabyte nobody reads", value=padded.encode(), fate="either", harmless=False
        )
        data = json.loads(value)
        root = schema_of(good.model)
        for name in data:
            part = resolved(root["properties"][name], root)
            if part.get("type") == "object" and "properties" not in part:
                text = json.dumps({**data, name: {**(data[name] or {}), "long": "x" * 960_000}})
                yield self._judged(good, f"a megabyte in {name}", text.encode())
            elif part.get("type") == "string" and "maxLength" not in part and "pattern" not in part:
                text = json.dumps({**data, name: "x" * 960_000})
                yield self._judged(good, f"a megabyte in {name}", text.encode())
                break

    # -- of strangers

    def of_strangers(self, good: Word) -> Iterator[Word]:
        """From who may not write there, and of a node whose topic it is not."""
        source = self.foreign_source(good)
        if source is not None:
            yield self._headed(good, "ce_source", source.encode(), "dead")
        data = self.foreign_data(good)
        if data is not None:
            value = json.dumps({**json.loads(good.value or b"{}"), **data}).encode()
            yield self._anew(good, f"saying {data}", value=value, fate="dead")

    # -- again

    def again(self, good: Word) -> Iterator[Word]:
        """The same message once more, and another content under its id: the inbox knows both."""
        yield replace(good, what="again", fate="again", harmless=True)
        yield replace(good, what="another content under its id", value=b"{}", fate="again", harmless=True)

    def copied(self, good: Word) -> Word:
        """The same content under another id."""
        return self._anew(good, "its content under another id", fate="either", harmless=False)

    def older(self, good: Word) -> Word | None:
        """The version before, after it."""
        data = json.loads(good.value or b"{}")
        if not good.topic.endswith(".events") or data.get("version", 1) < 2:
            return None
        value = json.dumps({**data, "version": data["version"] - 1}).encode()
        return self._anew(good, "an older version", value=value, fate="done")

    def _anew(
        self,
        good: Word,
        what: str,
        *,
        fate: Fate,
        harmless: bool = True,
        headers: Sequence[tuple[str, bytes]] = (),
        **changed: Any,
    ) -> Word:
        """As a message of its own."""
        kept = [pair for pair in good.headers if pair[0] not in ("ce_id", *(name for name, _ in headers))]
        made = [*kept, ("ce_id", new_id().encode()), *headers]
        return replace(good, what=what, fate=fate, harmless=harmless, headers=made, **changed)


_DEEP: Any = "deep"
for _ in range(150):
    _DEEP = {"a": [_DEEP]}

ANYTHING: Sequence[tuple[str, Any]] = (
    ("null", None),
    ("a number", 7),
    ("text", "text"),
    ("a list", [1, "2"]),
    ("an object", {"a": 1}),
    ("deeply nested", _DEEP),
    ("true", True),
    ("an empty text", ""),
    ("a NUL", "a\0b"),
    ("a lone surrogate", "\ud800"),
    ("too long", "x" * 5_000),
    ("a huge number", 10**30),
)
STRINGS: Sequence[tuple[str, Any]] = (
    ("a NUL", "1\0"),
    ("a slash", "a/b"),
    ("many slashes", "/////"),
    ("64 characters", "界" * 64),
    ("blank", " "),
    ("SQL", "'; DROP TABLE inbox; --"),
    ("a path", "../../../etc/passwd"),
    ("controls", "\x01\x7f\u202e\ufeff"),
    ("outside of the plane", "\U0001f4a9" * 10),
    ("another node", "zz"),
    ("headquarters", "hq"),
    ("digits", "9" * 20),
)
NUMBERS: Sequence[tuple[str, Any]] = (
    ("nothing", 0),
    ("negative", -1),
    ("2^31", 2**31),
    ("2^63", 2**63),
    ("-2^63 - 1", -(2**63) - 1),
    ("a number in text", "12"),
    ("a fraction", 0.001),
    ("much money", 999_999_999_999.99),
    ("negative money", -999_999_999_999.99),
    ("more than money has digits", 10**14),
    ("an exponent", "1e12"),
)
INSTANTS: Sequence[tuple[str, Any]] = (
    ("the end of time", "9999-12-31T23:59:59Z"),
    ("beyond the end of time", "9999-12-31T23:59:59-23:59"),
    ("the beginning of time", "0001-01-01T00:00:00Z"),
    ("before the beginning of time", "0001-01-01T00:00:00+23:59"),
    ("the year 0", "0000-01-01T00:00:00Z"),
    ("without a zone", "2026-01-01T00:00:00"),
    ("seconds", 1e18),
    ("a day", "2026-01-01"),
    ("long ago", "1970-01-01T00:00:00Z"),
)
DAYS: Sequence[tuple[str, Any]] = (
    ("the last day", "9999-12-31"),
    ("the first day", "0001-01-01"),
    ("the year 0", "0000-01-01"),
    ("no day", "2026-02-30"),
    ("a moment", "2026-01-01T01:00:00Z"),
    ("seconds", 1e12),
)
DOCUMENTS: Sequence[tuple[str, Any]] = (
    ("empty", {}),
    ("a NUL in it", {"a": "\0"}),
    ("a NUL in a name", {"a\0b": 1}),
    ("deeply nested", {"a": _DEEP}),
    ("a huge number in it", {"a": 10**400}),
)
LITERALS: Sequence[tuple[str, str]] = (
    ("NaN", "NaN"),
    ("Infinity", "-Infinity"),
    ("1e400", "1e400"),
    ("an object with NaN", '{"a": NaN, "b": Infinity}'),
    ("an object with 1e400", '{"a": 1e400}'),
    ("an escaped lone surrogate", r'"\udfff"'),
    ("an object with an escaped lone surrogate", r'{"\ud800": "\udfff"}'),
    ("a name twice", '{"a": 1, "a": "2"}'),
)


def _paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for step, inner in steps:
        found += [(*before, step), *_paths(inner, (*before, step))]
    return found


def _dotted(path: Sequence[Any]) -> str:
    return ".".join(map(str, path))
