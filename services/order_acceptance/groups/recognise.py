"""Group orders at headquarters: which children an order asks for. Pure: from the body alone.

Opening is done in the province that an item names, `quantity` times; every other business on the subscriptions that
the items name, wherever these live.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.work_orders import GroupPolicy
from libs.node import HQ, NODES
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders import reading
from services.order_acceptance.orders.businesses.options import relies_on
from services.order_acceptance.orders.businesses.subscriber import OnSubscriber
from services.order_acceptance.orders.model import OrderItemWanted, ProductOrderCreate
from services.order_acceptance.orders.reading import NUMBER, OptionWanted, characteristics, checked
from services.order_acceptance.orders.recognise import (
    business_of,
    options_of,
    recognise,
    relies_on_item,
)

MOST_CHILDREN = 1000
"""Subscriptions that one order may open or change."""
OPENING = "open-account"


@dataclass(frozen=True, slots=True)
class MemberWanted:
    """Subscriptions that are to be opened in one province: `quantity` of them, alike."""

    index: int
    item: str
    node: str
    quantity: int
    offering: str
    number: str | None
    options: tuple[OptionWanted, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeWanted:
    """What is to be done to one subscription, by one item or several; `indexes` say where these stand."""

    indexes: tuple[int, ...]
    items: tuple[str, ...]
    number: str
    wanted: OnSubscriber


@dataclass(frozen=True, slots=True)
class GroupWanted:
    """What a group order says."""

    business: str
    policy: GroupPolicy
    customer: str | None
    presenter: str | None
    agent: str | None
    members: tuple[MemberWanted, ...] = ()
    changes: tuple[ChangeWanted, ...] = field(default=())

    @property
    def offerings(self) -> tuple[str, ...]:
        """Everything that is bought."""
        bought = [one.offering for one in self.members]
        bought += [option.offering for one in self.members for option in one.options]
        for change in self.changes:
            bought += change.wanted.offerings
        return tuple(dict.fromkeys(bought))


def is_group(order: ProductOrderCreate) -> bool:
    """Whether an order at headquarters is one of several subscriptions, or opens them in provinces."""
    subscriptions = {_subscription(item) or f"item {i}" for i, item in _main(order)}
    return order.policy is not None or len(subscriptions) > 1 or business_of(order) == OPENING


def read_group(order: ProductOrderCreate, offered: frozenset[str]) -> GroupWanted | list[Reason]:
    """What is wanted, or every reason why that cannot be told from the order.

    `offered` names the businesses that headquarters does for groups.
    """
    business = business_of(order)
    if isinstance(business, Reason):
        return [business]
    if business not in offered:
        return [Reason(errors.BUSINESS_NOT_OFFERED, path="category", business=business)]
    reasons = [
        # Money is taken where somebody pays: a group's fees are charged to its accounts.
        Reason(errors.PAYMENT_NOT_BINDABLE, path=f"payment[{i}]", id=one.id)
        for i, one in enumerate(order.payment or [])
    ]
    members: tuple[MemberWanted, ...] = ()
    changes: tuple[ChangeWanted, ...] = ()
    if business == OPENING:
        members = _members(order, reasons)
        count = sum(one.quantity for one in members)
    else:
        changes = _changes(order, business, offered, reasons)
        count = len(changes)
    if count > MOST_CHILDREN:
        detail = f"at most {MOST_CHILDREN} subscriptions an order"
        reasons.append(Reason(errors.ITEM_NOT_FITTING, path="productOrderItem", detail=detail))
    customer = reading.party(order, "customer", "Customer")
    presenter = reading.party(order, "presenter", "IdentityCheck")
    if business == OPENING and customer is None:
        reasons.append(Reason(errors.CUSTOMER_REQUIRED, path="relatedParty"))
    if business == OPENING and presenter is None:
        reasons.append(Reason(errors.PRESENTER_REQUIRED, path="relatedParty"))
    if customer is None and any(one.role == "customer" for one in order.relatedParty or []):
        # Something else than a customer: the order would be nobody's.
        reasons.append(Reason(errors.CUSTOMER_UNKNOWN, path="relatedParty"))
    if reasons:
        return list({(one.code.name, one.path): one for one in reasons}.values())
    return GroupWanted(
        business=business,
        policy=order.policy or "all-or-nothing",
        customer=customer,
        presenter=presenter,
        agent=reading.party(order, "agent", "IdentityCheck"),
        members=members,
        changes=changes,
    )


def _main(order: ProductOrderCreate) -> list[tuple[int, OrderItemWanted]]:
    return [(i, item) for i, item in enumerate(order.productOrderItem) if not relies_on_item(item)]


def _members(order: ProductOrderCreate, reasons: list[Reason]) -> tuple[MemberWanted, ...]:
    plans = _main(order)
    options = options_of(order, {item.id for _, item in plans}, reasons)
    found = []
    for index, plan in plans:
        path = f"productOrderItem[{index}]"
        named = characteristics(plan)
        quantity = plan.quantity or 1
        node = _province(plan, f"{path}.product.place", reasons)
        if plan.productOffering is None:
            reasons.append(Reason(errors.ITEM_NOT_FITTING, path=f"{path}.productOffering", detail="the plan"))
        number = None
        if "msisdn" in named:
            number = checked(named, "msisdn", NUMBER, f"{path}.product.productCharacteristic", reasons)
            if quantity != 1:
                reasons.append(
                    Reason(errors.ITEM_NOT_FITTING, path=f"{path}.quantity", detail="1 for a number")
                )
        if "iccid" in named:
            at = f"{path}.product.productCharacteristic"
            reasons.append(Reason(errors.ITEM_NOT_FITTING, path=at, detail="the province chooses the card"))
        if node is not None and plan.productOffering is not None:
            mine = tuple(option for wanted, option in options if wanted == plan.id)
            found.append(MemberWanted(index, plan.id, node, quantity, plan.productOffering.id, number, mine))
    return tuple(found)


def _province(item: OrderItemWanted, path: str, reasons: list[Reason]) -> str | None:
    """The province that an item names, the one place with that role."""
    places = [one for one in (item.product.place if item.product else None) or [] if one.role == "province"]
    if len(places) != 1:
        reasons.append(Reason(errors.PROVINCE_REQUIRED, path=path))
        return None
    if places[0].id not in NODES or places[0].id == HQ:
        reasons.append(Reason(errors.PROVINCE_UNKNOWN, path=path, node=places[0].id))
        return None
    return places[0].id


def _changes(
    order: ProductOrderCreate, business: str, offered: frozenset[str], reasons: list[Reason]
) -> tuple[ChangeWanted, ...]:
    """One change for each subscription; several items on one, such as options, are one change."""
    by_number: dict[str, list[tuple[int, OrderItemWanted]]] = {}
    ids = [item.id for item in order.productOrderItem]
    for index, item in enumerate(order.productOrderItem):
        path = f"productOrderItem[{index}]"
        if ids.index(item.id) != index:
            reasons.append(Reason(errors.ITEM_NOT_FITTING, path=f"{path}.id", detail="an id of its own"))
        number = _subscription(item)
        if number is None:
            # What is only known at its home has no other name here.
            code = errors.USE_NUMBER if item.product and item.product.id else errors.NUMBER_REQUIRED
            reasons.append(Reason(code, path=f"{path}.product"))
        else:
            by_number.setdefault(number, []).append((index, item))
    found = []
    for number, items in by_number.items():
        alone = order.model_copy(update={"productOrderItem": [item for _, item in items], "policy": None})
        wanted = recognise(alone, offered)
        if isinstance(wanted, list):
            reasons += [at_item(reason, [index for index, _ in items]) for reason in wanted]
        elif isinstance(wanted, OnSubscriber):
            indexes, mine = zip(*items, strict=True)
            found.append(ChangeWanted(indexes, tuple(item.id for item in mine), number, wanted))
    reasons += [
        # The others would wait with all their numbers for those that are due later.
        Reason(
            errors.ITEM_NOT_FITTING,
            path=f"productOrderItem[{one.indexes[0]}].product.productCharacteristic",
            detail="the same `effective` in all items",
        )
        for one in found
        if one.wanted.effective != found[0].wanted.effective
    ]
    return tuple(sorted(found, key=lambda one: one.number))


def at_item(reason: Reason, indexes: Sequence[int]) -> Reason:
    """The same reason, its path as the whole order has it: judged were the items at `indexes`, as if alone."""
    for i, index in enumerate(indexes):
        here = f"productOrderItem[{i}]"
        if reason.path and reason.path.startswith(here):
            return Reason(
                reason.code,
                path=f"productOrderItem[{index}]{reason.path.removeprefix(here)}",
                **dict(reason.params),
            )
    return reason


def _subscription(item: OrderItemWanted) -> str | None:
    """The number of the subscription that an item is about, as far as the item says one."""
    relied = relies_on(item)
    if relied is not None:
        return relied.productSerialNumber
    return item.product.productSerialNumber if item.product else None
