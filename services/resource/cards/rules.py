"""The life of a SIM card, and what its number must look like."""

import re
from enum import StrEnum

from contracts.steps import CardKind
from services.resource.machine import Machine

KINDS: tuple[CardKind, ...] = ("personalised", "blank", "esim")
MOST_AT_ONCE = 10_000


class CardState(StrEnum):
    IN_STOCK = "in-stock"
    RESERVED = "reserved"
    BOUND = "bound"
    RETIRED = "retired"


class CardEvent(StrEnum):
    RESERVE = "reserve"
    RELEASE = "release"
    BIND = "bind"
    RETIRE = "retire"


CARD: Machine[CardState, CardEvent] = Machine(
    "card",
    {
        (CardState.IN_STOCK, CardEvent.RESERVE): CardState.RESERVED,
        (CardState.RESERVED, CardEvent.RELEASE): CardState.IN_STOCK,
        (CardState.RESERVED, CardEvent.BIND): CardState.BOUND,
        (CardState.BOUND, CardEvent.RETIRE): CardState.RETIRED,
    },
)


_ICCID = re.compile(r"8986[0-9]{15,16}")


def check_digit(body: str) -> str:
    """The digit that makes `body` and itself pass Luhn's test, as ITU-T E.118 asks of an ICCID."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def is_iccid(text: str) -> bool:
    """Whether this is the ICCID of a Chinese card: 8986, 19 or 20 digits in all, the last one Luhn's."""
    return _ICCID.fullmatch(text) is not None and check_digit(text[:-1]) == text[-1]
