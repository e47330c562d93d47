"""Where a look at a subscriber goes, and what of an answer is passed on. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from contracts.base import Reason
from contracts.subscribers import BusinessPermitted, BusinessRefused, SubscriberView
from libs.node import HQ
from services.hq_router.homes.rules import Home, NoHome

MOST_HOPS = 3
SWITCHED_OFF = "switched-off"

Answered = Literal["number-unknown", "number-not-ours", "home-not-answering"]


@dataclass(frozen=True, slots=True)
class Look:
    """A question on its way: who was asked last, and who has said that the number is not theirs."""

    home: str | None
    tried: tuple[str, ...] = ()
    hops: int = 0


def goes_to(look: Look, route: Home | NoHome, silent: Collection[str]) -> Look | Answered:
    """The next node to be asked, or what the router answers itself. `silent` are nodes not heard for a minute."""
    if isinstance(route, NoHome):
        return route.code
    if look.hops >= MOST_HOPS:
        return "number-unknown"
    if route.node in silent:
        # It would not answer within seconds either: the counter need not wait for that.
        return "home-not-answering"
    return replace(look, home=route.node, hops=look.hops + 1)


def disowned(look: Look) -> Look:
    """The node that was asked does not have the number."""
    return replace(look, home=None, tried=(*look.tried, look.home) if look.home else look.tried)


def without_switched_off(view: SubscriberView, off: Collection[str]) -> SubscriberView:
    """The view with the businesses that are switched off for its home refused; `off` names them."""
    closed = [one.business for one in view.permitted if one.business in off]
    refused = [
        BusinessRefused(business=business, reasons=[Reason(code=SWITCHED_OFF, node=HQ)])
        for business in closed
    ]
    left: list[BusinessPermitted] = [one for one in view.permitted if one.business not in off]
    return view.model_copy(update={"permitted": left, "refused": [*view.refused, *refused]})
