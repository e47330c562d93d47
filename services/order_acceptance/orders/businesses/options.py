"""订购、退订: options of a subscription come and go; several in one order are several items of one work order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.base import Part
from contracts.processes import ChangeOptions, OptionOrdered
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders import rules
from services.order_acceptance.orders.businesses.plan import charges
from services.order_acceptance.orders.businesses.subscriber import (
    Business,
    Filled,
    Named,
    OnSubscriber,
    common,
    read_named,
)
from services.order_acceptance.orders.facts import Facts, Installed, InstalledOption
from services.order_acceptance.orders.model import OrderItemWanted, ProductNamed, ProductOrderCreate
from services.order_acceptance.orders.reading import OptionWanted


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeWanted(OnSubscriber):
    business: str = "subscribe"
    adds: tuple[OptionWanted, ...]

    @property
    def offerings(self) -> tuple[str, ...]:
        return tuple(one.offering for one in self.adds)

    @property
    def new_products(self) -> int:
        return len(self.adds)

    def content(self, number: str, ids: Sequence[str]) -> Part:
        adds = [
            OptionOrdered(product=id_, item=one.item, offering=one.offering)
            for id_, one in zip(ids, self.adds, strict=True)
        ]
        return ChangeOptions(number=number, adds=adds)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribeWanted(OnSubscriber):
    business: str = "unsubscribe"
    removes: tuple[str, ...]
    """An option's product, or its offering: one for each item, in their order."""

    def content(self, number: str, ids: Sequence[str]) -> Part:
        return ChangeOptions(number=number, removes=list(self.removes))


def says_subscribe(order: ProductOrderCreate) -> SubscribeWanted | list[Reason]:
    """The options' offerings, all for one subscription."""
    reasons: list[Reason] = []
    adds = []
    for i, item in enumerate(order.productOrderItem):
        if item.productOffering is None:
            detail = "an option's offering"
            reasons.append(
                Reason(errors.ITEM_NOT_FITTING, path=f"productOrderItem[{i}].productOffering", detail=detail)
            )
        else:
            adds.append(OptionWanted(i, item.id, item.productOffering.id))
    named = _subscription(order, reasons)
    if reasons:
        return reasons
    return SubscribeWanted(**common(named), adds=tuple(adds))


def says_unsubscribe(order: ProductOrderCreate) -> UnsubscribeWanted | list[Reason]:
    """The options' products, or their offerings on a subscription."""
    reasons: list[Reason] = []
    removes = []
    for i, item in enumerate(order.productOrderItem):
        product = item.product.id if item.product else None
        offering = item.productOffering.id if item.productOffering else None
        if product is None and offering is None:
            detail = "the option's product, or its offering"
            reasons.append(Reason(errors.ITEM_NOT_FITTING, path=f"productOrderItem[{i}]", detail=detail))
        removes.append(product or offering or "")
    named = _subscription(order, reasons)
    if reasons:
        return reasons
    return UnsubscribeWanted(**common(named), removes=tuple(removes))


def relies_on(item: OrderItemWanted) -> ProductNamed | None:
    """The subscription that an option's item names."""
    listed = (item.product.productRelationship if item.product else None) or []
    return next((one.product for one in listed if one.relationshipType == "reliesOn"), None)


def _subscription(order: ProductOrderCreate, reasons: list[Reason]) -> Named:
    """The one subscription of all items; an option given up by its product may leave it out."""
    found: list[ProductNamed] = []
    options: list[str] = []
    for i, item in enumerate(order.productOrderItem):
        path = f"productOrderItem[{i}]"
        if any(one.id == item.id for one in order.productOrderItem[:i]):
            reasons.append(Reason(errors.ITEM_NOT_FITTING, path=f"{path}.id", detail="an id of its own"))
        subscription = relies_on(item)
        if subscription is not None:
            if found and subscription != found[0]:
                detail = "one subscription an order"
                reasons.append(Reason(errors.ITEM_NOT_FITTING, path=path, detail=detail))
            found.append(subscription)
        elif item.product is not None and item.product.id is not None:
            options.append(item.product.id)
    if not found and options:
        bare = read_named(order, ProductNamed(id=options[0]), "", reasons, presenter=False)
        return Named(**{**common(bare), "product": None, "option": options[0]})
    at = "productOrderItem[0].product.productRelationship"
    return read_named(order, found[0] if found else None, at, reasons, presenter=False)


def elsewhere(content: ChangeOptions, facts: Facts, now: datetime) -> list[Reason]:
    """The offerings themselves: any node knows the national ones."""
    return [
        reason
        for i, one in enumerate(content.adds)
        for reason in rules.offering_refused(facts, one.offering, "option", i, now)
    ]


def judge(content: ChangeOptions, installed: Installed, facts: Facts, now: datetime) -> Filled:
    """Each option once, on a plan that it goes with; and only what is there can go."""
    against = elsewhere(content, facts, now)
    left = list(installed.options)
    gone: list[InstalledOption] = []
    for i, removed in enumerate(content.removes):
        option = _find(left, removed)
        if option is None:
            name = facts.offerings[removed].name if removed in facts.offerings else removed
            path = f"productOrderItem[{i}]"
            against.append(Reason(errors.OPTION_NOT_THERE, path=path, offering=name))
        else:
            left.remove(option)
            gone.append(option)
    there = {one.offering for one in left}
    for i, added in enumerate(content.adds):
        known = facts.offerings.get(added.offering)
        path = f"productOrderItem[{i}].productOffering"
        name = known.name if known else added.offering
        if added.offering in there:
            against.append(Reason(errors.OPTION_ALREADY_THERE, path=path, offering=name))
        elif known is not None and known.relies_on and installed.offering not in known.relies_on:
            against.append(Reason(errors.OPTION_NOT_FOR_PLAN, path=path, offering=name))
        there.add(added.offering)
    after = [installed.offering, *(one.offering for one in left), *(one.offering for one in content.adds)]
    return {
        "adds": [
            one.model_copy(update={"recurring": charges([one.offering], facts)}) for one in content.adds
        ],
        "removes": [one.product for one in gone],
        "offerings_before": [installed.offering, *(one.offering for one in installed.options)],
        "offerings_after": after,
        "recurring": charges(after, facts),
    }, against


def _find(options: Sequence[InstalledOption], named: str) -> InstalledOption | None:
    return next((one for one in options if named in (one.product, one.offering)), None)


def bought(content: ChangeOptions) -> Sequence[str]:
    return [one.offering for one in content.adds]


SUBSCRIBE = Business(says=says_subscribe, judge=judge, offerings=bought, elsewhere=elsewhere)
UNSUBSCRIBE = Business(says=says_unsubscribe, judge=judge, offerings=bought, elsewhere=elsewhere)
