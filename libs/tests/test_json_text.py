"""What is written is JSON as Pydantic writes it, to the byte; and no number comes in that could not go out again."""

import enum
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

from libs.json_text import NotFinite, json_bytes, json_text, only_finite


class State(enum.StrEnum):
    HELD = "held"


class Model(BaseModel):
    at: datetime


NOW = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | FINITE
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(State)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=30,
)


@given(VALUES)
def test_plain_values_are_written_as_pydantic_writes_them(value: Any) -> None:
    assert json_bytes(value) == to_json(value)
    assert json.loads(json_text(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        10**30,
        Decimal("1.20"),
        NOW,
        date(2026, 2, 28),
        Model(at=NOW),
        {"at": NOW},
        {1: "one"},
        {"a": {"b"}},
        (1, 2),
    ],
    ids=repr,
)
def test_what_the_quick_way_does_not_know_is_written_as_pydantic_writes_it(value: Any) -> None:
    assert json_bytes(value) == to_json(value)


@pytest.mark.parametrize(
    "value", ["\ud800", object(), [b"\xff"]], ids=["half a character", "an object", "bytes"]
)
def test_what_is_no_json_is_refused_as_by_pydantic(value: Any) -> None:
    for write in (to_json, json_bytes, json_text):
        with pytest.raises((PydanticSerializationError, UnicodeError)):
            write(value)


NUMBERS: list[Callable[[str], str]] = [
    lambda number: number,
    lambda number: f"[{number}]",
    lambda number: f'{{"a": [1, {{"b":{number}}}]}}',
    lambda number: f'["\\ud800", {number}]',
]


@pytest.mark.parametrize("around", NUMBERS)
@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "-1E+400", "9" * 310 + ".0"])
def test_numbers_beyond_all_bounds_are_found_wherever_they_are(
    literal: str, around: Callable[[str], str]
) -> None:
    with pytest.raises(NotFinite) as found:
        only_finite(around(literal).encode())
    assert literal.startswith(str(found.value))


@pytest.mark.parametrize("around", NUMBERS)
@pytest.mark.parametrize("literal", ["0", "-1e308", "1e-999", "9" * 310, '"NaN"', '"1e999"'])
def test_every_other_number_is_let_in_and_texts_are_no_numbers(
    literal: str, around: Callable[[str], str]
) -> None:
    only_finite(around(literal).encode())


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":1,}'])
def test_what_is_no_json_is_for_others_to_tell(raw: bytes) -> None:
    only_finite(raw)


@given(FINITE)
def test_a_finite_number_is_let_in_however_it_is_written(value: float) -> None:
    only_finite(json.dumps({"a": value}).encode())
