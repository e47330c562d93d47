"""The values of filters: what a caller wrote, read by the kind of the attribute."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from libs.clock import SHANGHAI
from libs.tmf.attributes import Kind
from libs.tmf.model import parse_instant

LONGEST_VALUE = 1_000
LONGEST_REGEX = 200

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_LOST_PLUS = re.compile(r"(\d\d:\d\d(:\d\d(\.\d+)?)?) (\d\d:?\d\d)$")


def split(text: str) -> list[str]:
    """`a,b\\,c` is `a` and `b,c`: values are separated by commas, a backslash keeps one."""
    if "," not in text:
        return [text]
    parts = [""]
    escaped = False
    for letter in text:
        if escaped:
            parts[-1] += letter if letter == "," else "\\" + letter
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == ",":
            parts.append("")
        else:
            parts[-1] += letter
    if escaped:
        parts[-1] += "\\"
    return parts


def parse(text: str, kind: Kind) -> Any:
    """The value: str, Decimal, bool, an aware datetime, or a date. Raises ValueError, which says what was expected."""
    if len(text) > LONGEST_VALUE:
        raise ValueError(f"at most {LONGEST_VALUE} characters")
    match kind:
        case "number":
            if not _NUMBER.fullmatch(text):
                raise ValueError("expected a number")
            return Decimal(text)
        case "boolean":
            if text not in ("true", "false"):
                raise ValueError("expected true or false")
            return text == "true"
        case "instant":
            return _instant(text)
        case "date":
            return _day(text)
        case _:
            return text


def number_of(text: str) -> Decimal | None:
    """The number that a text may also be read as."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _instant(text: str) -> datetime:
    """A day alone is its first moment in Asia/Shanghai. A plus sign that was not escaped in the address is a blank."""
    if _DAY.fullmatch(text):
        return datetime.combine(_day(text), time(), SHANGHAI)
    return parse_instant(_LOST_PLUS.sub(r"\1+\4", text))


def _day(text: str) -> date:
    if not _DAY.fullmatch(text) or text.startswith("000"):
        raise ValueError("expected a date, 2026-11-24")
    return date.fromisoformat(text)
