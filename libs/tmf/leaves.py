"""Where a value lies in the database: a column, or a place in the document; and how it compares there."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Float, Integer, Numeric

from libs.tmf.attributes import Kind, Step
from libs.tmf.condition import Condition, either, literal, quoted
from libs.tmf.resource import Resource
from libs.tmf.values import number_of

CASTS: dict[Kind, str] = {
    "text": "text",
    "number": "numeric",
    "boolean": "boolean",
    "instant": "timestamptz",
    "date": "date",
    "any": "text",
}
# Texts compare by their letters' numbers, whatever the locale of a server.
_COLLATION = {"text": ' COLLATE "C"', "any": ' COLLATE "C"'}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value that stands by itself in a row: a column, or an expression."""

    sql: str
    kind: Kind
    cast: str
    choices: frozenset[str] | None = None
    sortable: bool = True
    nullable: bool = True

    def equal(self, values: Sequence[Any]) -> Condition:
        if self.cast == "bigint" and all(value == int(value) and abs(value) < 2**63 for value in values):
            return Condition(f"{self.sql} = ANY({{}}::bigint[])", [int(value) for value in values])
        return Condition(f"{self.sql} = ANY({{}}::{CASTS[self.kind]}[])", list(values))

    def compared(self, operator: str, value: Any) -> Condition:
        return Condition(
            f"{self.sql}{_COLLATION.get(self.kind, '')} {operator} {{}}::{CASTS[self.kind]}", value
        )

    def matching(self, pattern: str) -> Condition:
        return Condition(f"({self.sql})::text ~ {{}}::text", pattern)

    @property
    def sort_key(self) -> str | None:
        if not self.sortable:
            return None
        # The primary key keeps its own order, so that its index serves.
        return self.sql if self.sql == '"id"' else self.sql + _COLLATION.get(self.kind, "")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the document, on the way to which arrays may lie: a row may hold several values there."""

    steps: tuple[Step, ...]
    kind: Kind
    choices: frozenset[str] | None = None
    characteristic: str | None = None
    """The value of the characteristic of this name; `steps` then lead to the array."""

    def equal(self, values: Sequence[Any]) -> Condition:
        """Any element equals any of the values."""
        if self.kind in ("instant", "date"):
            # One moment has many spellings.
            return self._some(f"{_typed(self.kind)} = ANY({{}}::{CASTS[self.kind]}[])", list(values))
        readings = [reading for value in values for reading in _readings(value, self.kind)]
        return either(Condition("document @> {}::jsonb", self._containing(one)) for one in readings)

    def compared(self, operator: str, value: Any) -> Condition:
        kind = self.kind
        if kind == "any" and (number := number_of(value)) is not None:
            return self._some(f"{_NUMERAL} {operator} {{}}::numeric", number)
        return self._some(f"{_typed(kind)}{_COLLATION.get(kind, '')} {operator} {{}}::{CASTS[kind]}", value)

    def matching(self, pattern: str) -> Condition:
        return self._some(f"{_TEXT} ~ {{}}::text", pattern)

    @property
    def sort_key(self) -> str | None:
        if self.characteristic is None and any(step.many for step in self.steps):
            return None
        first = f"(SELECT {_typed(self.kind)} FROM {self._found()} LIMIT 1)"
        return Condition(first + _COLLATION.get(self.kind, "")).sql.format()

    def _some(self, test: str, value: Any) -> Condition:
        return Condition(f"EXISTS (SELECT FROM {self._found()} WHERE {test})", value)

    def _found(self) -> str:
        return f"jsonb_path_query(document, {literal(self._path())}) AS found(value)"

    def _path(self) -> str:
        path = "$" + "".join(f".{json.dumps(step.name)}[*]" for step in self.steps)
        if self.characteristic is None:
            return path
        return f'{path} ? (@."name" == {json.dumps(self.characteristic)})."value"[*]'

    def _containing(self, value: Any) -> str:
        """What a document must contain to have this value here."""
        inner = _json(value)
        if self.characteristic is not None:
            inner = f'{{"name": {_json(self.characteristic)}, "value": {inner}}}'
        for step in reversed(self.steps):
            inner = f"{{{_json(step.name)}: {f'[{inner}]' if step.many else inner}}}"
        return inner


Leaf = Scalar | Place

_TEXT = "CASE WHEN jsonb_typeof(value) IN ('string', 'number', 'boolean') THEN value #>> '{{}}' END"
_NUMERAL = (
    "CASE WHEN jsonb_typeof(value) = 'number' OR jsonb_typeof(value) = 'string'"
    " AND value #>> '{{}}' ~ '^[+-]?[0-9]{{1,30}}([.][0-9]{{1,30}})?$' THEN (value #>> '{{}}')::numeric END"
)


def _typed(kind: Kind) -> str:
    match kind:
        case "number":
            return "CASE WHEN jsonb_typeof(value) = 'number' THEN value::numeric END"
        case "boolean":
            return "CASE WHEN jsonb_typeof(value) = 'boolean' THEN value::boolean END"
        case "instant" | "date":
            cast = CASTS[kind]
            text = "(value #>> '{{}}')"
            return f"CASE WHEN pg_input_is_valid({text}, '{cast}') THEN {text}::{cast} END"
        case _:
            return _TEXT


def _readings(value: Any, kind: Kind) -> list[Any]:
    """What in JSON a value of the query may stand for."""
    if kind != "any":
        return [value]
    found: list[Any] = [value]
    if (number := number_of(value)) is not None:
        found.append(number)
    if value in ("true", "false"):
        found.append(value == "true")
    return [*found, *([one] for one in found)]


def _json(value: Any) -> str:
    """A value of the query as JSON; a number with every digit that was given."""
    if isinstance(value, list):
        return f"[{', '.join(_json(one) for one in value)}]"
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def column_kind(column: Column[Any]) -> tuple[Kind, str]:
    """How a column compares, and the type of its values."""
    of = column.type
    if isinstance(of, Boolean):
        return "boolean", "boolean"
    if isinstance(of, BigInteger | Integer):
        return "number", "bigint"
    if isinstance(of, Numeric | Float):
        return "number", "numeric"
    if isinstance(of, DateTime):
        return "instant", "timestamptz"
    if isinstance(of, Date):
        return "date", "date"
    return "text", "text"


def _column(resource: Resource, name: str, choices: frozenset[str] | None = None) -> Scalar:
    column = resource.table.c[name]
    kind, cast = column_kind(column)
    return Scalar(quoted(name), kind, cast, choices, nullable=bool(column.nullable))


def leaf_of(resource: Resource, name: str) -> Leaf | None:
    """Where the value of this name lies; None where the resource has no such value."""
    if name == "id":
        return _column(resource, "id")
    attribute = resource.attribute(name)
    if name in resource.columns:
        return _column(resource, resource.columns[name], attribute.choices if attribute else None)
    if name in resource.characteristics:
        column = resource.characteristics[name]
        if column is not None:
            return _column(resource, column)
        assert resource.characteristic_path is not None
        return Place((Step(resource.characteristic_path, True),), "any", None, name)
    if name == "@type":
        return Scalar(f"coalesce(document->>'@type', {literal(resource.type)})", "text", "text")
    if attribute is None:
        return None
    return Place(attribute.path, attribute.kind, attribute.choices)
