"""What a billing account may be and become."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

AccountState = Literal["initialized", "active", "suspended", "closed"]

FIRST: AccountState = "initialized"
ACTIVE: AccountState = "active"
CLOSED: AccountState = "closed"
CUSTOMER_ROLE = "customer"
CUSTOMER_TYPE = "Customer"

_NEXT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        FIRST: frozenset({ACTIVE, CLOSED}),
        ACTIVE: frozenset({"suspended", CLOSED}),
        "suspended": frozenset({ACTIVE, CLOSED}),
        CLOSED: frozenset(),
    }
)


def may_become(now: str, wanted: str) -> bool:
    """Whether an account may go from one state to another; staying is always allowed."""
    return wanted == now or wanted in _NEXT.get(now, frozenset())


def may_begin(state: str) -> bool:
    return state in (FIRST, ACTIVE)


def refers_to(document: Mapping[str, Any]) -> list[str] | None:
    """The ids of formats, media, cycles and accounts that an account names, sorted; None where it names none."""
    structure = document.get("billStructure") or {}
    named = [
        document.get("financialAccount"),
        structure.get("cycleSpecification"),
        structure.get("format"),
        *(structure.get("presentationMedia") or ()),
        *(one.get("account") for one in document.get("accountRelationship") or ()),
    ]
    return sorted({one["id"] for one in named if one and one.get("id")}) or None


def payer_of(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """The customer who pays and the path that names it; None unless exactly one party has that role and type."""
    found = [
        (str(party["id"]), f"relatedParty[{place}].id")
        for place, party in enumerate(document.get("relatedParty") or ())
        if party.get("role") == CUSTOMER_ROLE
    ]
    if len(found) != 1:
        return None
    place = next(p for p in document["relatedParty"] if p.get("role") == CUSTOMER_ROLE)
    return found[0] if place.get("@referredType") == CUSTOMER_TYPE else None
