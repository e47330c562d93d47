"""What the businesses on an existing subscription have in common: how an order names it, who stands for it. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from contracts.base import Part
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders import reading
from services.order_acceptance.orders.facts import Facts, Installed
from services.order_acceptance.orders.model import OrderItemWanted, ProductNamed, ProductOrderCreate

FIRST = "productOrderItem[0]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What every such order says. `number`, or at home `product` or one of its options, names the subscription."""

    number: str | None
    product: str | None = None
    option: str | None = None
    presenter: str | None
    agent: str | None
    payments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnSubscriber(Named, ABC):
    """What an order says of a subscription that exists; each business adds its own."""

    business: str
    effective: Literal["now", "next-cycle"] = "now"

    @property
    def offerings(self) -> tuple[str, ...]:
        """What is bought with it."""
        return ()

    @property
    def new_products(self) -> int:
        """How many ids its content gives out."""
        return 0

    @abstractmethod
    def content(self, number: str, ids: Sequence[str]) -> Part:
        """What its work order carries, before home has filled it in."""


Filled = tuple[Mapping[str, Any], list[Reason]]
"""What home fills in, and every reason against it."""


@dataclass(frozen=True, slots=True)
class Business:
    """One business on a subscription: what its order says, and whether home does it."""

    says: Callable[[ProductOrderCreate], OnSubscriber | list[Reason]]
    judge: Callable[[Any, Installed, Facts, datetime], Filled]
    """Of its content, where the subscription lives."""
    offerings: Callable[[Any], Sequence[str]] = lambda _: ()
    """What its content buys: its one-time prices are due with the fee."""
    elsewhere: Callable[[Any, Facts, datetime], list[Reason]] = lambda *_: []
    """What a node knows to be against it where the subscription does not live."""
    needs_presenter: Callable[[Any], bool] = lambda _: False
    at_home_only: Callable[[Any], bool] = lambda _: False
    """Whether it never travels, whatever is configured."""
    not_yours: Callable[[Any, frozenset[str]], list[Reason]] = lambda *_: []
    """What the roles of whoever asks do not allow."""
    due: Callable[[Any, datetime], datetime | None] = lambda *_: None
    """When a dated order's time comes, from the moment of its acceptance; None: at once."""


def read_named(
    order: ProductOrderCreate, named: ProductNamed | None, at: str, reasons: list[Reason], *, presenter: bool
) -> Named:
    """What every such order says; `named` is the subscription, `at` where it stands in the body."""
    number = named.productSerialNumber if named else None
    product = named.id if named else None
    if number is None and product is None:
        reasons.append(Reason(errors.NUMBER_REQUIRED, path=at))
    elif number is not None and not reading.NUMBER.fullmatch(number):
        reasons.append(Reason(errors.CHARACTERISTIC_INVALID, path=f"{at}.productSerialNumber", name="number"))
    standing = reading.party(order, "presenter", "IdentityCheck")
    if presenter and standing is None:
        reasons.append(Reason(errors.PRESENTER_REQUIRED, path="relatedParty"))
    return Named(
        number=number,
        product=None if number else product,
        presenter=standing,
        agent=reading.party(order, "agent", "IdentityCheck"),
        payments=reading.payments(order),
    )


def only_item(order: ProductOrderCreate, reasons: list[Reason]) -> tuple[OrderItemWanted, ProductNamed]:
    """The item of a business that has one; each further one is a reason."""
    reasons += [
        Reason(errors.ITEM_NOT_FITTING, path=f"productOrderItem[{i}]", detail="one subscription an order")
        for i in range(1, len(order.productOrderItem))
    ]
    item = order.productOrderItem[0]
    return item, ProductNamed(
        id=item.product.id if item.product else None,
        productSerialNumber=item.product.productSerialNumber if item.product else None,
    )


def common(named: Named) -> dict[str, Any]:
    """The same as keywords, for the dataclass of a business."""
    return {name: getattr(named, name) for name in Named.__slots__}
