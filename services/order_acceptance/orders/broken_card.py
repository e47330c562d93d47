"""A card that broke before it was written is replaced without fee, once: which former order may be named. Pure.

Rule: api.md of the design, "Cards". Whoever sees the former order may name it, at any counter of the node that took it:
who stands there is compared with the owner as for every new card.
"""

from contracts.steps import BrokenCard
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders.facts import FormerOrder, Installed

GIVE_CARDS = frozenset({"open-account", "replace-sim"})
"""The businesses whose orders give a card to be written."""
_PATH = "orderRelationship[0]"


def claim_refused(former_order: str, former: FormerOrder | None, number: str | None) -> list[Reason]:
    """Why the card of the named former order is not replaced without fee on this number; empty where it is.

    `former` is what this node knows of it, None where that is nothing, or nothing that may be seen.
    """
    if former is None:
        return [Reason(errors.ORDER_UNKNOWN, path=_PATH, id=former_order)]
    if former.business not in GIVE_CARDS:
        return [_not_fitting("an order that gave a card")]
    if former.number != number:
        return [_not_fitting("an order for the same number")]
    if former.state != "completed":
        return [_not_fitting("a completed order")]
    if former.iccid is None:
        return [_not_fitting("an order whose card had to be written")]
    reasons = []
    if former.written:
        reasons.append(Reason(errors.CARD_ALREADY_WRITTEN, path=_PATH, iccid=former.iccid))
    if former.replaced_by is not None:
        reasons.append(Reason(errors.CARD_ALREADY_REPLACED, path=_PATH))
    return reasons


def of_order(former: FormerOrder | None) -> BrokenCard | None:
    """What work orders carry of it; nothing where no order was named."""
    if former is None or former.iccid is None:
        return None
    return BrokenCard(order=former.id, iccid=former.iccid)


def not_in_use(broken: BrokenCard | None, installed: Installed) -> list[Reason]:
    """Home's own word: only the card that the number has now can have broken."""
    if broken is None or broken.iccid == installed.iccid:
        return []
    return [_not_fitting("the order that gave the number its card")]


def _not_fitting(expected: str) -> Reason:
    return Reason(errors.FORMER_ORDER_NOT_FITTING, path=_PATH, detail=expected)
