"""Whatever is stored and asked: the database finds what a plain reading of the documents finds, and nothing is run."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.tmf import Document, insert_resource
from libs.tmf.condition import Parameters
from libs.tmf.filters import ORDERED, filtering
from libs.tmf.tests.conftest import Ask
from libs.tmf.tests.gadget import GADGET

WORDS = st.sampled_from(
    ["a", "b", "ab", "B", "é", "10", "9", "true", "a,b", "a\\", "", "x'y", '"', "{}", "%"]
)
NUMBERS = st.sampled_from([0, 1, -1, 9, 10, 10.5, 0.1, 100000000000])
WHOLE = st.sampled_from([0, 1, -1, 9, 10, 10**12])
START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.builds(
    lambda seconds, hours: (
        (START + timedelta(seconds=seconds, hours=-hours)).replace(tzinfo=None).isoformat()
        + ("Z" if hours == 0 else f"-{hours:02}:00")
    ),
    st.sampled_from([0, 1, 3600, 86_400]),
    st.sampled_from([0, 8]),
)
DAYS = st.sampled_from(["2026-01-01", "2026-01-02", "2025-12-31"])
OPEN = WORDS | NUMBERS | st.booleans() | st.lists(WORDS | WHOLE, max_size=2)


def optional(**fields: Any) -> Any:
    return st.fixed_dictionaries({}, optional=fields)


PARTY = st.builds(lambda id, role: {"id": id or "-", "role": role or "-", "@referredType": "X"}, WORDS, WORDS)
CHARACTERISTIC = st.builds(
    lambda name, value: {"name": name, "value": value}, st.sampled_from(["colour", "state", "taste"]), OPEN
)
DOCUMENTS = optional(
    description=WORDS,
    lifecycleStatus=st.sampled_from(["draft", "active", "retired"]),
    size=WHOLE,
    weight=NUMBERS,
    isBundle=st.booleans(),
    lastUpdate=MOMENTS,
    releaseDate=DAYS,
    validFor=optional(startDateTime=MOMENTS),
    tag=st.lists(WORDS, max_size=3),
    extra=OPEN,
    relatedParty=st.lists(PARTY, max_size=3),
    part=st.lists(
        optional(name=WORDS, weight=NUMBERS, part=st.lists(optional(weight=NUMBERS), max_size=2)), max_size=2
    ),
    resourceCharacteristic=st.lists(CHARACTERISTIC, max_size=2),
)
KINDS: dict[str, tuple[str, Any]] = {
    "description": ("text", WORDS),
    "lifecycleStatus": ("text", st.sampled_from(["draft", "active"])),
    "size": ("number", NUMBERS),
    "weight": ("number", NUMBERS),
    "isBundle": ("boolean", st.booleans()),
    "lastUpdate": ("instant", MOMENTS),
    "releaseDate": ("date", DAYS),
    "validFor.startDateTime": ("instant", MOMENTS),
    "tag": ("text", WORDS),
    "extra": ("any", WORDS | NUMBERS),
    "relatedParty.id": ("text", WORDS),
    "part.name": ("text", WORDS),
    "part.weight": ("number", NUMBERS),
    "part.part.weight": ("number", NUMBERS),
    "colour": ("any", WORDS | NUMBERS),
}


Question = tuple[str, str, list[str]]
"""A dotted name, an operator, and the values of which one is enough."""


@st.composite
def questions(draw: Any) -> Question:
    name = draw(st.sampled_from(sorted(KINDS)))
    kind, values = KINDS[name]
    given = [
        str(value).lower() if isinstance(value, bool) else str(value)
        for value in draw(st.lists(values, min_size=1, max_size=2))
    ]
    operator = draw(st.sampled_from(["eq", "ne"] if kind == "boolean" else ["eq", "ne", *ORDERED]))
    return name, operator, given


def found_at(document: Any, steps: list[str]) -> list[Any]:
    """Every value at the end of a dotted name, through all arrays on the way."""
    if isinstance(document, list):
        return [value for one in document for value in found_at(one, steps)]
    if not steps:
        return [document]
    return (
        found_at(document[steps[0]], steps[1:]) if isinstance(document, dict) and steps[0] in document else []
    )


def number(text: Any) -> float | None:
    if isinstance(text, bool) or not re.fullmatch(r"[+-]?\d+(\.\d+)?", str(text)):
        return None
    return float(str(text))


def plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_equal(kind: str, value: Any, asked: str) -> bool:
    if kind == "any":
        if isinstance(value, str):
            return value == asked
        if isinstance(value, bool):
            return plain(value) == asked
        return bool(number(asked) == value)
    return bool(side(kind, value) == side(kind, asked))


def is_ordered(kind: str, operator: str, value: Any, asked: str) -> bool:
    if kind == "any":
        if number(asked) is not None:
            left, right = number(value), number(asked)
            if left is None:
                return False
        else:
            left, right = plain(value).encode(), asked.encode()  # type: ignore[assignment]
    else:
        left, right = side(kind, value), side(kind, asked)
    assert left is not None
    assert right is not None
    return {"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[operator]


def side(kind: str, value: Any) -> Any:
    match kind:
        case "number":
            return float(value)
        case "instant":
            return datetime.fromisoformat(value)
        case "boolean":
            return plain(value)
        case _:
            return str(value).encode()


def holds(document: Document, name: str, operator: str, asked: list[str]) -> bool:
    kind = KINDS[name][0]
    if name == "colour":
        values = [
            value
            for one in document.get("resourceCharacteristic", [])
            if one["name"] == name
            for value in found_at(one["value"], [])
        ]
    else:
        values = found_at(document, name.split("."))
    if operator in ("eq", "ne"):
        equal = any(is_equal(kind, value, one) for value in values for one in asked)
        return equal == (operator == "eq")
    return any(is_ordered(kind, operator, value, one) for value in values for one in asked)


def written(value: str) -> str:
    """As a client writes it, its own commas kept."""
    return value.replace(",", "\\,")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    documents=st.lists(DOCUMENTS, min_size=3, max_size=8),
    queries=st.lists(
        st.lists(questions(), min_size=1, max_size=2, unique_by=lambda one: one[:2]), min_size=5, max_size=10
    ),
)
async def test_the_database_finds_what_a_reader_finds(
    store: Any, ask: Ask, documents: list[Document], queries: list[list[Question]]
) -> None:
    await store.db.execute("TRUNCATE gadgets, outbox")
    async with store.db.transaction() as tx:
        for place, document in enumerate(documents):
            document |= {"id": f"g{place}", "name": f"g{place}"}
            await insert_resource(tx, store.runtime, GADGET, document, now=store.clock.now())
    for asked in queries:
        pairs = [
            (name if operator == "eq" else f"{name}.{operator}", written(value))
            for name, operator, values in asked
            for value in values
        ]
        answer = await ask("GET", f"gadget?{urlencode(pairs)}&sort=name")
        assert answer.status_code == 200, answer.text
        expected = [one["id"] for one in documents if all(holds(one, *question) for question in asked)]
        assert [one["id"] for one in answer.json()] == expected, pairs
        assert answer.headers["X-Total-Count"] == str(len(expected))


NASTY = [
    "'; DROP TABLE gadgets; --",
    '"; DROP TABLE gadgets; --',
    "$1",
    "{}",
    "{0.__class__}",
    "a') OR ('1'='1",
    "\\'; SELECT pg_sleep(10); --",
    '"}]} || true',
    "E'\\x27 OR true",
    "$.*",
    '" || $ == "',
]
Make = Callable[..., Awaitable[dict[str, Any]]]


@pytest.mark.parametrize("nasty", NASTY)
async def test_no_value_becomes_sql(ask: Ask, make: Make, nasty: str) -> None:
    body = await make(
        name=nasty,
        tag=[nasty],
        resourceCharacteristic=[{"name": "colour", "value": nasty}],
        extra=nasty,
    )
    await make(name="harmless")
    for name in ("name", "tag", "colour", "extra", "resourceCharacteristic.value", "name.gte"):
        answer = await ask("GET", "gadget?sort=name", params={name: written(nasty), "name.ne": "harmless"})
        assert [one["id"] for one in answer.json()] == [body["id"]], name
    plainly = "".join(f"\\{letter}" if letter in "\\.^$*+?()[]{}|" else letter for letter in nasty)
    matched = await ask("GET", "gadget", params={"name.regex": f"^{plainly}$"})
    assert [one["id"] for one in matched.json()] == [body["id"]]


@pytest.mark.parametrize("nasty", NASTY)
async def test_no_name_becomes_sql(ask: Ask, make: Make, nasty: str) -> None:
    await make()
    for name in (
        nasty,
        f"name.{nasty}",
        f"{nasty}.gt",
        f"part.{nasty}",
        f"relatedParty.{nasty}.id",
        f"@{nasty}",
    ):
        answer = await ask("GET", "gadget", params={name: "1"})
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown-filter"), name
    for place in ("sort", "fields"):
        assert (await ask("GET", "gadget", params={place: nasty})).status_code == 400
    for place in ("offset", "limit"):
        assert (await ask("GET", "gadget", params={place: nasty})).json()["code"] == "invalid"
    assert (await ask("GET", f"gadget/{nasty.replace('/', '')}")).status_code == 404


@given(
    value=st.text(alphabet=st.characters(exclude_characters=",\\\0", codec="utf-8"), max_size=50),
    name=st.sampled_from(["name", "tag", "colour", "extra", "@type", "relatedParty.id.ne", "name.gt"]),
)
def test_the_text_of_a_statement_does_not_depend_on_the_value(value: str, name: str) -> None:
    def sql(text: str) -> str:
        made = filtering(GADGET, None, [(name, text)])  # type: ignore[arg-type]
        return Parameters().bind(made.condition)

    # An open value may be read as a number or a truth too, which adds alternatives.
    assert sql(value) in {sql("a"), sql("1"), sql("true")}
