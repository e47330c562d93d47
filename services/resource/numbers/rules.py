"""The life of a number: what may become of it, and what makes one of it more wanted than another."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from contracts.steps import Network
from services.resource.machine import Machine

NETWORKS: tuple[Network, ...] = ("gsm", "cdma", "lte", "nr")
COOLING = timedelta(days=90)
"""How long a number that was given up rests before somebody else gets it."""
MOST_AT_ONCE = 10_000
"""A segment of seven digits has so many numbers."""

NumberClass = Literal["premium", "fine", "ordinary"]


class NumberState(StrEnum):
    FREE = "free"
    RESERVED = "reserved"
    IN_USE = "in-use"
    COOLING = "cooling"
    FROZEN = "frozen"


class NumberEvent(StrEnum):
    RESERVE = "reserve"
    RELEASE = "release"
    BIND = "bind"
    GIVE_UP = "give-up"
    REST_OVER = "rest-over"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"


NUMBER: Machine[NumberState, NumberEvent] = Machine(
    "number",
    {
        (NumberState.FREE, NumberEvent.RESERVE): NumberState.RESERVED,
        (NumberState.RESERVED, NumberEvent.RELEASE): NumberState.FREE,
        (NumberState.RESERVED, NumberEvent.BIND): NumberState.IN_USE,
        (NumberState.IN_USE, NumberEvent.GIVE_UP): NumberState.COOLING,
        (NumberState.COOLING, NumberEvent.REST_OVER): NumberState.FREE,
        # Only what nobody holds can be taken out of the sale.
        (NumberState.FREE, NumberEvent.FREEZE): NumberState.FROZEN,
        (NumberState.COOLING, NumberEvent.FREEZE): NumberState.FROZEN,
        (NumberState.FROZEN, NumberEvent.UNFREEZE): NumberState.FREE,
    },
)


_PREMIUM = re.compile(r"(\d)\1{3}$|(?:0123|1234|2345|3456|4567|5678|6789)$")
_FINE = re.compile(r"(\d)\1\1$|(\d)(\d)\2\3$|(\d)\4(\d)\5$")


def class_of(digits: str) -> NumberClass:
    """How wanted a number is, by its last digits: `premium` for four alike or in a row (8888, 5678), `fine` for
    AAA, ABAB and AABB, else `ordinary`.
    """
    if _PREMIUM.search(digits):
        return "premium"
    return "fine" if _FINE.search(digits) else "ordinary"


def segment(first: str, count: int) -> list[str]:
    """`count` numbers from `first` on, in national digits.

    Raises ValueError where the last would have more digits than the first.
    """
    last = int(first) + count - 1
    if len(str(last)) > len(first):
        raise ValueError(f"{count} numbers from {first} on leave the segment")
    return [str(number).zfill(len(first)) for number in range(int(first), last + 1)]
