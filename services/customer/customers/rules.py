"""What a customer may be and become, and who may say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from libs.node.register import HQ, province_of_area
from libs.security.actor import Actor
from libs.security.bounds import Bounds, bounds

CustomerStatus = Literal["initialized", "active", "suspended", "closed"]

PROSPECT: CustomerStatus = "initialized"
ACTIVE: CustomerStatus = "active"
CLOSED: CustomerStatus = "closed"

_NEXT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        PROSPECT: frozenset({ACTIVE, CLOSED}),
        ACTIVE: frozenset({"suspended", CLOSED}),
        "suspended": frozenset({ACTIVE, CLOSED}),
        CLOSED: frozenset(),
    }
)

AREA, LEVEL, ACCOUNT_MANAGER, DEALER = "area", "level", "accountManager", "dealer"
OWNED_BY = (AREA, LEVEL, ACCOUNT_MANAGER, DEALER)
"""Characteristics that decide: of which local network, of which level, and in whose care a customer is."""


@dataclass(frozen=True, slots=True)
class Care:
    """In whose care a customer is; what the columns beside its representation say."""

    area: str | None = None
    level: str | None = None
    account_manager: str | None = None
    dealer: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    what: Literal["area-not-here", "not-yours", "not-text"]
    name: str
    value: str


def may_become(now: str, wanted: str) -> bool:
    """Whether a customer may go from one status to another; staying is always allowed."""
    return wanted == now or wanted in _NEXT.get(now, frozenset())


def may_begin(status: str) -> bool:
    """A customer begins as a prospect or active; the later states are reached, not given."""
    return status in (PROSPECT, ACTIVE)


def care_of(document: Mapping[str, Any]) -> Care:
    """What the characteristics of a customer say; a name without a text says nothing."""
    said = {
        one["name"]: one["value"]
        for one in document.get("characteristic") or ()
        if one.get("name") in OWNED_BY and isinstance(one.get("value"), str)
    }
    return Care(said.get(AREA), said.get(LEVEL), said.get(ACCOUNT_MANAGER), said.get(DEALER))


def with_care_of_actor(document: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """A new customer's representation with what the place of the act says, where nothing was said.

    A dealer's customer is the dealer's, an account manager's is the manager's; the area is that of the act.
    """
    limits = bounds(actor)
    said = {one.get("name") for one in document.get("characteristic") or ()}
    known = {AREA: actor.area, DEALER: limits.dealer, ACCOUNT_MANAGER: limits.account_manager}
    more = [{"name": name, "value": value} for name, value in known.items() if value and name not in said]
    if not more:
        return dict(document)
    return {**document, "characteristic": [*(document.get("characteristic") or ()), *more]}


def judge_care(
    document: Mapping[str, Any], before: Care | None, actor: Actor | None, node: str
) -> list[Fault]:
    """What is wrong with the care that a customer is put in. `before`: as it was, None for a new one;
    `actor`: None for what a node starts with.

    An area is one of the node's. Whoever is bound to a dealer, to own customers or to an area keeps a customer there.
    """
    faults = [
        Fault("not-text", one["name"], str(one.get("value"))[:100])
        for one in document.get("characteristic") or ()
        if one.get("name") in OWNED_BY
        and not (isinstance(one.get("value"), str) and 0 < len(one["value"]) <= 64)
    ]
    care = care_of(document)
    old = before or Care()
    if care.area is not None and care.area != old.area and node not in (HQ, province_of_area(care.area)):
        faults.append(Fault("area-not-here", AREA, care.area))
    limits = bounds(actor) if actor else Bounds()
    for name, bound, given in (
        (AREA, limits.area, care.area),
        (DEALER, limits.dealer, care.dealer),
        (ACCOUNT_MANAGER, limits.account_manager, care.account_manager),
    ):
        if bound is not None and given != bound:
            faults.append(Fault("not-yours", name, given or ""))
    return faults
