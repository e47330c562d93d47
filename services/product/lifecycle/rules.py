"""The life of everything in the catalogue, as TMF620 names its states.

    In study → In design → In test → Active → Launched → Retired → Obsolete

What is found wanting in a test goes back to design, and before it is Active it may be Rejected. What is Active (in
order, but not yet sold) may be launched, or retired unsold. Obsolete and Rejected are ends.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

State = Literal["In study", "In design", "In test", "Active", "Launched", "Retired", "Obsolete", "Rejected"]
FIRST: Final[State] = "In study"
SOLD: Final[State] = "Launched"

NEXT: Mapping[str, frozenset[State]] = MappingProxyType(
    {
        "In study": frozenset({"In design", "Rejected"}),
        "In design": frozenset({"In test", "Rejected"}),
        "In test": frozenset({"In design", "Active", "Rejected"}),
        "Active": frozenset({"Launched", "Retired"}),
        "Launched": frozenset({"Retired"}),
        "Retired": frozenset({"Obsolete"}),
        "Obsolete": frozenset(),
        "Rejected": frozenset(),
    }
)

DRAFT: frozenset[State] = frozenset({"In study", "In design", "In test"})
"""Nobody can have bought it yet: it may be incomplete, and it may be deleted."""

INITIAL: frozenset[State] = DRAFT | {"Active", "Launched"}
"""Where a record may begin: a catalogue that was designed elsewhere arrives ready for sale."""

IN_USE: frozenset[State] = frozenset({"Active", "Launched"})


def may_follow(before: str, after: str) -> bool:
    """Whether a record may go from one state to the other; staying where it is, it always may."""
    return before == after or after in NEXT.get(before, frozenset())


def may_be_incomplete(state: str) -> bool:
    """Whether a record in this state may lack what is needed to sell it: a draft may, and what came of none."""
    return state in DRAFT or state == "Rejected"


def valid_at(start: datetime | None, end: datetime | None, now: datetime) -> bool:
    """Whether a moment lies in a period: its start belongs to it, its end no longer does."""
    return (start is None or start <= now) and (end is None or now < end)
