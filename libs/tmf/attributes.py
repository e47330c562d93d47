"""What a model declares: which dotted names lead to a value, of which kind, and through which arrays."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, FutureDate, FutureDatetime, JsonValue, PastDate, PastDatetime
from typing_extensions import TypeAliasType

Kind = Literal["text", "number", "boolean", "instant", "date", "any"]
"""How values compare: by letters, by size, as moments, as days; `any` is JSON of whatever sort."""

DEEPEST = 8
"""A dotted name has so many steps at most; models may contain themselves."""


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path, and whether an array stands there."""

    name: str
    many: bool


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value that a representation may hold."""

    path: tuple[Step, ...]
    kind: Kind
    choices: frozenset[str] | None = None
    """The only texts that the model allows; None where any is."""

    @property
    def name(self) -> str:
        return ".".join(step.name for step in self.path)

    @property
    def many(self) -> bool:
        """Whether a record may hold several values of it."""
        return any(step.many for step in self.path)


@dataclass(frozen=True, slots=True)
class _Field:
    many: bool
    models: tuple[type[BaseModel], ...]
    kind: Kind | None
    choices: frozenset[str] | None


def find_attribute(model: type[BaseModel], name: str) -> Attribute | None:
    """The value that a dotted name leads to; None where the model declares none, or names a part and no value."""
    names = name.split(".")
    return _walk(model, names, ()) if len(names) <= DEEPEST else None


def _walk(model: type[BaseModel], names: list[str], before: tuple[Step, ...]) -> Attribute | None:
    field = fields_of(model).get(names[0])
    if field is None:
        return None
    path = (*before, Step(names[0], field.many))
    if len(names) == 1:
        return Attribute(path, field.kind, field.choices) if field.kind else None
    found = (_walk(part, names[1:], path) for part in field.models)
    return next((attribute for attribute in found if attribute), None)


@lru_cache(maxsize=2048)
def fields_of(model: type[BaseModel]) -> Mapping[str, _Field]:
    """The fields of a model by the names that they have in JSON."""
    return {field.alias or name: _look(field.annotation) for name, field in model.model_fields.items()}


_KINDS: tuple[tuple[type, Kind], ...] = (
    (bool, "boolean"),
    (int, "number"),
    (float, "number"),
    (Decimal, "number"),
    (datetime, "instant"),
    (date, "date"),
    # Pydantic's own are classes beside datetime and date, not below them.
    (AwareDatetime, "instant"),
    (PastDatetime, "instant"),
    (FutureDatetime, "instant"),
    (PastDate, "date"),
    (FutureDate, "date"),
)


def _look(annotation: Any) -> _Field:
    """What a field's type says. Of a union, every branch counts; several kinds of value are `any`."""
    annotation = _bare(annotation)
    if annotation is JsonValue or annotation is Any or isinstance(annotation, TypeVar):
        return _Field(False, (), "any", None)
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _look_at_union([_look(branch) for branch in get_args(annotation) if branch is not type(None)])
    if origin in (list, tuple, set, frozenset):
        inner = _look(get_args(annotation)[0])
        return _Field(True, inner.models, inner.kind, inner.choices)
    if origin is Literal:
        values = get_args(annotation)
        texts = frozenset(value for value in values if isinstance(value, str))
        return (
            _Field(False, (), "text", texts) if len(texts) == len(values) else _Field(False, (), "any", None)
        )
    if isinstance(annotation, type) and origin is None:
        return _look_at_class(annotation)
    # A mapping of names that nobody declared: to be read, not to be searched.
    return _Field(False, (), None, None)


def _bare(annotation: Any) -> Any:
    """A type without what it is called, and without what Annotated says of it."""
    while annotation is not JsonValue:
        if isinstance(annotation, TypeAliasType):
            annotation = annotation.__value__
        elif get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        else:
            break
    return annotation


def _look_at_union(branches: list[_Field]) -> _Field:
    models = tuple(model for branch in branches for model in branch.models)
    kinds = {branch.kind for branch in branches if branch.kind}
    choices = [branch.choices for branch in branches]
    mixed = len({branch.many for branch in branches}) > 1
    if mixed and models:
        raise TypeError(f"an attribute is an array, or it is not: {models}")
    return _Field(
        many=not mixed and branches[0].many,
        models=models,
        kind=kinds.pop() if len(kinds) == 1 and not mixed else "any" if kinds else None,
        choices=frozenset[str]().union(*(one for one in choices if one)) if all(choices) else None,
    )


def _look_at_class(annotation: type) -> _Field:
    if issubclass(annotation, BaseModel):
        return _Field(False, (annotation,), None, None)
    if issubclass(annotation, Enum):
        values = [member.value for member in annotation]
        if all(isinstance(value, str) for value in values):
            return _Field(False, (), "text", frozenset(values))
        return _Field(False, (), "any", None)
    if issubclass(annotation, dict | list):
        return _Field(False, (), None, None)
    if annotation is object:
        return _Field(False, (), "any", None)
    # UUIDs, addresses and the like are strings in JSON.
    return _Field(False, (), next((kind for of, kind in _KINDS if issubclass(annotation, of)), "text"), None)
