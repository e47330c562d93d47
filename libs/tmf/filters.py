"""Filters of a query: `name=value`, `name.gte=value`, each a condition over the rows of a resource."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from libs.tmf import codes
from libs.tmf.attributes import Kind
from libs.tmf.condition import NOTHING, Condition, both, either, negated
from libs.tmf.leaves import Leaf, leaf_of
from libs.tmf.resource import RESERVED, Resource
from libs.tmf.values import LONGEST_REGEX, parse, split
from libs.web.call import Call
from libs.web.errors import Reason, refuse

MOST_FILTERS = 30
MOST_VALUES = 100

ORDERED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
OPERATORS = frozenset({"eq", "ne", "regex", *ORDERED})
# Without these PostgreSQL never backtracks: a search takes as long as the text is, whatever the expression.
_BACK_REFERENCE = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]")
_WITHOUT_ORDER: frozenset[Kind] = frozenset({"boolean"})


@dataclass(frozen=True, slots=True)
class Filtering:
    """What the filters of a query amount to."""

    condition: Condition
    patterns: tuple[tuple[str, str], ...] = ()
    """Regular expressions among them, each with the name in the query: to be tried out before they are used."""


def filtering(
    resource: Resource, call: Call[Any], given: Iterable[tuple[str, str]], *, full: bool = False
) -> Filtering:
    """The filters among the pairs of a query, all of which must hold. Repeated names and commas are alternatives.

    `full`: the caller sees personal data, and may search by parts of it.
    Raises Refusal 400 with every reason: unknown-filter, invalid-filter, too-many-filters.
    """
    together: dict[str, list[str]] = {}
    for name, value in given:
        if name not in RESERVED:
            together.setdefault(name, []).append(value)
    reader = _Reader(resource, call, full)
    if len(together) > MOST_FILTERS:
        refuse([Reason(codes.TOO_MANY_FILTERS, most=MOST_FILTERS)])
    conditions = [reader.read(name, texts) for name, texts in together.items()]
    refuse(reader.reasons)
    return Filtering(both(*conditions), tuple(reader.patterns))


class _Reader:
    def __init__(self, resource: Resource, call: Call[Any], full: bool) -> None:
        self.resource = resource
        self.call = call
        self.full = full
        self.reasons: list[Reason] = []
        self.patterns: list[tuple[str, str]] = []

    def read(self, name: str, texts: list[str]) -> Condition:
        """One filter as a condition; what is wrong with it goes to the reasons."""
        if (search := self.resource.searches.get(name)) is not None:
            values = self._values(name, [value for text in texts for value in split(text)])
            return either(search(self.call, value) for value in values)
        if name == "href":
            return self._by_address(texts)
        attribute, operator, leaf = self._find(name)
        if leaf is None or (operator != "eq" and not self.full and self.resource.is_personal(attribute)):
            self.reasons.append(Reason(codes.UNKNOWN_FILTER, path=name[:200], name=name[:200]))
            return NOTHING
        if operator == "regex":
            return either(self._matching(name, leaf, pattern) for pattern in self._values(name, texts))
        if operator in ORDERED and leaf.kind in _WITHOUT_ORDER:
            return self._wrong(name, "true and false have no order")
        return self._comparing(name, leaf, operator, [value for text in texts for value in split(text)])

    def _find(self, name: str) -> tuple[str, str, Leaf | None]:
        """A model may have an attribute that is called like an operator: the whole name goes first."""
        leaf = leaf_of(self.resource, name)
        stem, _, last = name.rpartition(".")
        if leaf is None and stem and last in OPERATORS:
            return stem, last, leaf_of(self.resource, stem)
        return name, "eq", leaf

    def _comparing(self, name: str, leaf: Leaf, operator: str, texts: Sequence[str]) -> Condition:
        values: list[Any] = []
        for text in self._values(name, texts):
            try:
                value = parse(text, leaf.kind)
            except ValueError as error:
                return self._wrong(name, str(error))
            if leaf.choices is not None and operator in ("eq", "ne") and value not in leaf.choices:
                return self._wrong(name, f"one of {', '.join(sorted(leaf.choices))}")
            values.append(value)
        if operator in ORDERED:
            return either(leaf.compared(ORDERED[operator], value) for value in values)
        equal = leaf.equal(values)
        return negated(equal) if operator == "ne" else equal

    def _matching(self, name: str, leaf: Leaf, pattern: str) -> Condition:
        if len(pattern) > LONGEST_REGEX:
            return self._wrong(name, f"at most {LONGEST_REGEX} characters")
        if _BACK_REFERENCE.search(pattern):
            return self._wrong(name, "no references to what was matched before")
        if leaf.kind not in ("text", "any"):
            return self._wrong(name, "only texts match regular expressions")
        self.patterns.append((name, pattern))
        return leaf.matching(pattern)

    def _by_address(self, texts: list[str]) -> Condition:
        start = self.call.url(self.resource.path) + "/"
        ids = [text.removeprefix(start) for text in self._values("href", texts) if text.startswith(start)]
        return Condition('"id" = ANY({}::text[])', ids)

    def _values(self, name: str, texts: Sequence[str]) -> Sequence[str]:
        if len(texts) > MOST_VALUES:
            self.reasons.append(Reason(codes.TOO_MANY_FILTERS, path=name[:200], most=MOST_VALUES))
            return ()
        return texts

    def _wrong(self, name: str, detail: str) -> Condition:
        self.reasons.append(Reason(codes.INVALID_FILTER, path=name[:200], name=name[:200], detail=detail))
        return NOTHING
