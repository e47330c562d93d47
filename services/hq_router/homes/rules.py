"""Where a number lives: by its segment, unless it was ported; a fixed line by its area code.

The segments are those of the national numbering plan as `phonenumbers` knows them: which operator a prefix belongs
to, and in which province it was handed out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from libs.node import NODES, PROVINCES, province_of_area

UNICOM = "unicom"
Operator = Literal["unicom", "mobile", "telecom", "broadnet"]
OPERATORS: Mapping[str, Operator] = {
    "China Unicom": "unicom",
    "China Mobile": "mobile",
    "China Telecom": "telecom",
    "China Broadnet": "broadnet",
}

SHORTEST_PREFIX = 2
LONGEST_PREFIX = 7

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_FIXED = re.compile(r"(0(?:10|2[0-9]|[3-9][0-9]{2}))[2-9][0-9]{6,7}")
_MOBILE_PREFIX = re.compile(r"1[3-9][0-9]{0,5}")

# Every name has two characters or three, and none begins another.
_BY_NAME = {NODES[code].name_zh: code for code in PROVINCES}


@dataclass(frozen=True, slots=True)
class Segment:
    """Numbers that begin alike: whose they are, and the province they were handed out in.

    Without a province it says only whose the numbers around it are: nobody has been given this one.
    """

    prefix: str
    operator: str
    node: str | None


@dataclass(frozen=True, slots=True)
class Override:
    """A ported number: from `valid_from` until `valid_until` (not included; None: open) the operator serves it.

    `node` is the province that serves it, where the operator is ours; None for another's.
    """

    number: str
    operator: str
    node: str | None
    valid_from: datetime
    valid_until: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class Home:
    """The node where the number lives."""

    node: str


@dataclass(frozen=True, slots=True)
class NoHome:
    """No node of ours: `number-not-ours` (another operator's) or `number-unknown` (malformed, or nobody's)."""

    code: Literal["number-not-ours", "number-unknown"]
    operator: str | None = None


def home_of(
    number: str,
    segment: Segment | None,
    override: Override | None,
    at: datetime,
    tried: Iterable[str] = (),
) -> Home | NoHome:
    """Where work for this number goes.

    `segment` is the longest that the number begins with, `override` the entry of the ported numbers for it; it
    counts while it is in force at `at`. `tried` are nodes that have said the number is not theirs: the next route
    is looked for, and where there is none the number is unknown.
    """
    if (area := area_of(number)) is not None:
        return _first([province_of_area(area)], tried)
    if not is_mobile(number):
        return NoHome("number-unknown")
    ported = override is not None and override.in_force(at)
    if ported and override is not None and override.operator != UNICOM:
        return NoHome("number-not-ours", override.operator)
    handed_out = segment.node if segment is not None and segment.operator == UNICOM else None
    if ported and override is not None:
        return _first([override.node, handed_out], tried)
    if segment is not None and segment.operator != UNICOM:
        return NoHome("number-not-ours", segment.operator)
    return _first([handed_out], tried)


def is_mobile(number: str) -> bool:
    """Whether this is a mobile number: eleven national digits."""
    return _MOBILE.fullmatch(number) is not None


def area_of(number: str) -> str | None:
    """The area code that a fixed line begins with (`"02088886666"` → `"020"`); None for any other number."""
    line = _FIXED.fullmatch(number)
    return line[1] if line else None


def segments_of(carriers: Mapping[str, str], places: Mapping[str, str]) -> Iterator[Segment]:
    """The segments of mobile numbers, from operators by prefix and Chinese place names by prefix.

    Both in national digits; a shorter prefix stands for all that begin with it. A place whose operator nobody knows
    is left out: its numbers are nobody's. Raises ValueError for a place in none of our provinces.
    """
    operators = {prefix: OPERATORS[name] for prefix, name in carriers.items() if name in OPERATORS}
    for prefix, place in places.items():
        operator = _operator_of(prefix, operators)
        if _MOBILE_PREFIX.fullmatch(prefix) and operator is not None:
            yield Segment(prefix, operator, province_of_place(place))
    for prefix, operator in operators.items():
        if prefix not in places:
            yield Segment(prefix, operator, None)


def province_of_place(place: str) -> str:
    """`"广东省广州市"` → `"gd"`. Raises ValueError where no province's name begins the place's."""
    for length in (2, 3):
        if place[:length] in _BY_NAME:
            return _BY_NAME[place[:length]]
    raise ValueError(f"{place} lies in no province that has a node")


def _operator_of(prefix: str, operators: Mapping[str, Operator]) -> Operator | None:
    for length in range(len(prefix), 0, -1):
        if prefix[:length] in operators:
            return operators[prefix[:length]]
    return None


def _first(nodes: Iterable[str | None], tried: Iterable[str]) -> Home | NoHome:
    refused = set(tried)
    for node in nodes:
        if node is not None and node not in refused:
            return Home(node)
    return NoHome("number-unknown")
