"""Which business an order asks for, and what it says of it. Pure: from the body alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from libs.web.errors import Reason
from services.order_acceptance.errors import (
    BUSINESS_MIXED,
    BUSINESS_NOT_OFFERED,
    BUSINESS_NOT_RECOGNISED,
    CHARACTERISTIC_INVALID,
    CUSTOMER_REQUIRED,
    ITEM_NOT_FITTING,
    NUMBER_REQUIRED,
)
from services.order_acceptance.orders.businesses import BUSINESSES as ON_SUBSCRIBERS
from services.order_acceptance.orders.businesses.subscriber import OnSubscriber
from services.order_acceptance.orders.model import OrderItemWanted, ProductOrderCreate
from services.order_acceptance.orders.reading import (
    ICCID,
    NUMBER,
    OptionWanted,
    characteristics,
    checked,
    party,
    payments,
    presenter,
)

BUSINESSES = frozenset(
    {
        "open-account",
        "subscribe",
        "unsubscribe",
        "change-plan",
        "replace-sim",
        "change-number",
        "suspend",
        "resume",
        "transfer-ownership",
        "terminate",
        "port-in",
        "port-out",
    }
)
"""Every business that an order may name; which of them this node serves is the list of processes."""

INSTRUCTIONS = frozenset({"reason", "effective", "reservation", "authorizationCode"})
"""Characteristics that tell what to do: kept on the order, never copied to the product."""


@dataclass(frozen=True, slots=True)
class OpenAccountWanted:
    """What an `open-account` order says."""

    index: int
    item: str
    offering: str
    number: str
    iccid: str
    reservation: str | None
    customer: str
    presenter: str
    agent: str | None
    account: str | None
    payments: tuple[str, ...]
    options: tuple[OptionWanted, ...] = ()
    business: str = field(default="open-account", init=False)


@dataclass(frozen=True, slots=True)
class ReplaceSimWanted:
    """What a `replace-sim` order says; `number` or `product` names the subscription."""

    index: int
    item: str
    iccid: str
    number: str | None
    product: str | None
    reservation: str | None
    presenter: str
    agent: str | None
    payments: tuple[str, ...]
    former: str | None = None
    """The order whose card broke before it was written: the new one costs nothing."""
    business: str = field(default="replace-sim", init=False)


Wanted = OpenAccountWanted | ReplaceSimWanted | OnSubscriber


def recognise(order: ProductOrderCreate, offered: frozenset[str]) -> Wanted | list[Reason]:
    """What is wanted, or every reason why that cannot be told from the order.

    `offered` names the businesses that this node serves.
    """
    business = business_of(order)
    if isinstance(business, Reason):
        return [business]
    if business not in offered:
        return [Reason(BUSINESS_NOT_OFFERED, path="category", business=business)]
    if business in ON_SUBSCRIBERS:
        return ON_SUBSCRIBERS[business].says(order)
    return _open_account(order) if business == "open-account" else _replace_sim(order)


def business_of(order: ProductOrderCreate) -> str | Reason:
    """The one business of all items: as the category says and the items agree, else as the items say."""
    items = [item for item in order.productOrderItem if not relies_on_item(item)]
    derived = {_derived(item, order.category) for item in items}
    if order.category is not None and order.category not in BUSINESSES:
        return Reason(BUSINESS_NOT_RECOGNISED, path="category", business=order.category)
    if len(derived - {None}) > 1:
        return Reason(BUSINESS_MIXED, path="productOrderItem")
    found = next(iter(derived), None)
    if found is None or len(derived) > 1 or (order.category is not None and order.category != found):
        return Reason(BUSINESS_NOT_RECOGNISED, path="category", business=order.category or "")
    return found


def _by_id_only(item: OrderItemWanted) -> bool:
    return bool(item.product and item.product.id and item.product.productSerialNumber is None)


def relies_on_item(item: OrderItemWanted) -> bool:
    return any(one.relationshipType == "reliesOn" for one in item.productOrderItemRelationship or [])


def _derived(item: OrderItemWanted, category: str | None) -> str | None:
    product = item.product
    named = characteristics(item)
    relies = any(
        one.relationshipType == "reliesOn" for one in (product.productRelationship if product else None) or []
    )
    ported = "authorizationCode" in named
    match item.action:
        case "add":
            return "subscribe" if relies else "port-in" if ported else "open-account"
        case "delete" if category == "unsubscribe" and not ported and _by_id_only(item):
            # An id alone does not show whether a subscription or its option is given up: the category says it.
            return category
        case "delete":
            return "unsubscribe" if relies else "port-out" if ported else "terminate"
        case "modify" if product is not None:
            signs = {
                "change-plan": item.productOffering is not None,
                "replace-sim": "iccid" in named,
                "change-number": "msisdn" in named,
                "suspend": product.status == "suspended",
                "resume": product.status == "active",
                "transfer-ownership": bool(product.relatedParty),
            }
            shown = [business for business, sign in signs.items() if sign]
            return shown[0] if len(shown) == 1 else None
    return None


def _open_account(order: ProductOrderCreate) -> OpenAccountWanted | list[Reason]:
    reasons: list[Reason] = []
    plans = [(i, item) for i, item in enumerate(order.productOrderItem) if not relies_on_item(item)]
    index, plan = plans[0]
    path = f"productOrderItem[{index}]"
    reasons += [
        Reason(ITEM_NOT_FITTING, path=f"productOrderItem[{i}]", detail="one subscription an order")
        for i, _ in plans[1:]
    ]
    if (plan.quantity or 1) != 1:
        reasons.append(Reason(ITEM_NOT_FITTING, path=f"{path}.quantity", detail="1"))
    if plan.productOffering is None:
        reasons.append(Reason(ITEM_NOT_FITTING, path=f"{path}.productOffering", detail="the plan"))
    named = characteristics(plan)
    at = f"{path}.product.productCharacteristic"
    number = checked(named, "msisdn", NUMBER, at, reasons)
    iccid = checked(named, "iccid", ICCID, at, reasons)
    customer = party(order, "customer", "Customer")
    if customer is None:
        reasons.append(Reason(CUSTOMER_REQUIRED, path="relatedParty"))
    standing = presenter(order, reasons)
    options = tuple(option for _, option in options_of(order, {plan.id}, reasons))
    if reasons or plan.productOffering is None or customer is None:
        return reasons
    return OpenAccountWanted(
        index=index,
        item=plan.id,
        offering=plan.productOffering.id,
        number=number,
        iccid=iccid,
        reservation=named.get("reservation"),
        customer=customer,
        presenter=standing,
        agent=party(order, "agent", "IdentityCheck"),
        account=order.billingAccount.id if order.billingAccount else None,
        payments=payments(order),
        options=options,
    )


def options_of(
    order: ProductOrderCreate, plans: Collection[str], reasons: list[Reason]
) -> list[tuple[str, OptionWanted]]:
    """The options that an order opens, each with the item of the plan that it relies on."""
    found = []
    ids = [item.id for item in order.productOrderItem]
    for i, item in enumerate(order.productOrderItem):
        path = f"productOrderItem[{i}]"
        if ids.index(item.id) != i:
            reasons.append(Reason(ITEM_NOT_FITTING, path=f"{path}.id", detail="an id of its own"))
        if not relies_on_item(item):
            continue
        relied = {one.id for one in item.productOrderItemRelationship or []}
        if len(relied) != 1 or not relied <= set(plans):
            reasons.append(
                Reason(
                    ITEM_NOT_FITTING, path=f"{path}.productOrderItemRelationship", detail="the plan's item"
                )
            )
            continue
        if item.action != "add" or item.productOffering is None:
            reasons.append(Reason(ITEM_NOT_FITTING, path=path, detail="add an option's offering"))
            continue
        found.append((relied.pop(), OptionWanted(i, item.id, item.productOffering.id)))
    return found


def _replace_sim(order: ProductOrderCreate) -> ReplaceSimWanted | list[Reason]:
    reasons: list[Reason] = []
    items: Sequence[OrderItemWanted] = order.productOrderItem
    reasons += [
        Reason(ITEM_NOT_FITTING, path=f"productOrderItem[{i}]", detail="one subscription an order")
        for i in range(1, len(items))
    ]
    item = items[0]
    named = characteristics(item)
    at = "productOrderItem[0].product"
    iccid = checked(named, "iccid", ICCID, f"{at}.productCharacteristic", reasons)
    number = item.product.productSerialNumber if item.product else None
    product = item.product.id if item.product else None
    if number is None and product is None:
        reasons.append(Reason(NUMBER_REQUIRED, path=at))
    elif number is not None and not NUMBER.fullmatch(number):
        reasons.append(Reason(CHARACTERISTIC_INVALID, path=f"{at}.productSerialNumber", name="number"))
    standing = presenter(order, reasons)
    if reasons:
        return reasons
    return ReplaceSimWanted(
        index=0,
        item=item.id,
        iccid=iccid,
        number=number,
        product=None if number else product,
        reservation=named.get("reservation"),
        presenter=standing,
        agent=party(order, "agent", "IdentityCheck"),
        payments=payments(order),
        former=next((one.id for one in order.orderRelationship or []), None),
    )
