"""JSON of plain values: what documents, rows and messages are made of before the database or the network has them.

orjson writes what it writes as Pydantic does, and many times as fast where there are enumerations in it. What it
would refuse or write otherwise (integers beyond 64 bits, moments, amounts, models) Pydantic writes.
"""

import json
import math
from typing import Any

import orjson
from pydantic_core import to_json

_LEFT_TO_PYDANTIC = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


class NotFinite(ValueError):
    """JSON has no such number, or no program a place for it; the text is the literal."""


def json_bytes(value: Any) -> bytes:
    """A value as JSON, in UTF-8. Raises PydanticSerializationError for what neither can write.

    No float in it is infinite or not a number: `only_finite` lets none in, and orjson would make it null.
    """
    try:
        return orjson.dumps(value, None, _LEFT_TO_PYDANTIC)
    except TypeError:
        return to_json(value)


def json_text(value: Any) -> str:
    """As `json_bytes`, for the database."""
    return json_bytes(value).decode()


def only_finite(raw: bytes) -> None:
    """Look through JSON for numbers that Pydantic would take and PostgreSQL would not: NaN, Infinity, 1e999.

    Raises NotFinite. Other faults of what may be no JSON at all are not told here.
    """
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        # It refuses more than that, as lone surrogates: whether it was for a number is looked into slowly.
        try:
            json.loads(raw, parse_constant=_finite, parse_float=_finite)
        except NotFinite:
            raise
        except (ValueError, RecursionError):
            return


def _finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        raise NotFinite(literal[:50])
    return value
