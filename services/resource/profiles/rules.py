"""SIM profiles: the identity (IMSI) that a card shows to the network, and the secret (ki) that proves it."""

import re
from enum import StrEnum

from services.resource.machine import Machine

MOST_AT_ONCE = 5_000


class ProfileState(StrEnum):
    WAITING = "waiting"
    """Loaded by one person, not yet approved by a second."""
    FREE = "free"
    RESERVED = "reserved"
    IN_USE = "in-use"
    RETIRED = "retired"


class ProfileEvent(StrEnum):
    APPROVE = "approve"
    RESERVE = "reserve"
    RELEASE = "release"
    BIND = "bind"
    RETIRE = "retire"


PROFILE: Machine[ProfileState, ProfileEvent] = Machine(
    "profile",
    {
        (ProfileState.WAITING, ProfileEvent.APPROVE): ProfileState.FREE,
        (ProfileState.FREE, ProfileEvent.RESERVE): ProfileState.RESERVED,
        (ProfileState.RESERVED, ProfileEvent.RELEASE): ProfileState.FREE,
        (ProfileState.RESERVED, ProfileEvent.BIND): ProfileState.IN_USE,
        # An IMSI is never given to a second subscriber.
        (ProfileState.IN_USE, ProfileEvent.RETIRE): ProfileState.RETIRED,
    },
)


_IMSI = re.compile(r"460[0-9]{12}")
_KI = re.compile(r"[0-9A-Fa-f]{32}")


def is_imsi(text: str) -> bool:
    """Whether this is an IMSI of a Chinese network: 15 digits behind the country code 460."""
    return _IMSI.fullmatch(text) is not None


def is_ki(text: str) -> bool:
    """Whether this is a ki: 128 bits, in hexadecimal."""
    return _KI.fullmatch(text) is not None


def may_approve(brought_in: tuple[str, str], approves: tuple[str, str]) -> bool:
    """Whether this is the second person. Each is an issuer and a subject."""
    return brought_in != approves
