"""What can be read from an order's body, whatever the business. Pure."""

import re
from dataclasses import dataclass

from libs.web.errors import Reason
from services.order_acceptance.errors import (
    CHARACTERISTIC_INVALID,
    CHARACTERISTIC_MISSING,
    PRESENTER_REQUIRED,
)
from services.order_acceptance.orders.model import OrderItemWanted, ProductOrderCreate

NUMBER = re.compile(r"[0-9]{7,12}")
ICCID = re.compile(r"[0-9A-Fa-f]{18,20}")


@dataclass(frozen=True, slots=True)
class OptionWanted:
    index: int
    item: str
    offering: str


def characteristics(item: OrderItemWanted) -> dict[str, str]:
    """The characteristics of the product that an item wants, by name; values that are no text are left out."""
    listed = (item.product.productCharacteristic if item.product else None) or []
    return {one.name: one.value for one in listed if isinstance(one.value, str)}


def party(order: ProductOrderCreate, role: str, type_: str) -> str | None:
    """The id of the party in a role, if it is of the type that the role asks for."""
    for one in order.relatedParty or []:
        if one.role == role and one.referred_type == type_:
            return one.id
    return None


def presenter(order: ProductOrderCreate, reasons: list[Reason]) -> str:
    """The identity check of whoever stands at the counter, where the business needs one."""
    found = party(order, "presenter", "IdentityCheck")
    if found is None:
        reasons.append(Reason(PRESENTER_REQUIRED, path="relatedParty"))
    return found or ""


def payments(order: ProductOrderCreate) -> tuple[str, ...]:
    return tuple(dict.fromkeys(payment.id for payment in order.payment or []))


def checked(
    named: dict[str, str], name: str, pattern: re.Pattern[str], path: str, reasons: list[Reason]
) -> str:
    """A characteristic that must be there and look right; each fault is added to the reasons."""
    value = named.get(name)
    if value is None:
        reasons.append(Reason(CHARACTERISTIC_MISSING, path=path, name=name))
    elif not pattern.fullmatch(value):
        reasons.append(Reason(CHARACTERISTIC_INVALID, path=path, name=name))
    return value or ""
