"""套餐变更: another plan on the same number, now or from the next cycle on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.base import Part
from contracts.processes import ChangePlan
from contracts.steps import Charge
from libs.clock import next_cycle
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders import reading, rules
from services.order_acceptance.orders.businesses.subscriber import (
    FIRST,
    Business,
    Filled,
    OnSubscriber,
    common,
    only_item,
    read_named,
)
from services.order_acceptance.orders.facts import Facts, Installed
from services.order_acceptance.orders.model import ProductOrderCreate

_EFFECTIVE = re.compile("now|next-cycle")
_OFFERING = f"{FIRST}.productOffering"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlanWanted(OnSubscriber):
    business: str = "change-plan"
    offering: str

    @property
    def offerings(self) -> tuple[str, ...]:
        return (self.offering,)

    def content(self, number: str, ids: Sequence[str]) -> Part:
        return ChangePlan(number=number, offering=self.offering, effective=self.effective)


def says(order: ProductOrderCreate) -> ChangePlanWanted | list[Reason]:
    """The new plan; at once, unless it says `next-cycle`."""
    reasons: list[Reason] = []
    item, product = only_item(order, reasons)
    at = f"{FIRST}.product.productCharacteristic"
    characteristics = {"effective": "now"} | reading.characteristics(item)
    effective = reading.checked(characteristics, "effective", _EFFECTIVE, at, reasons)
    if item.productOffering is None:
        reasons.append(Reason(errors.ITEM_NOT_FITTING, path=_OFFERING, detail="the plan"))
    named = read_named(order, product, f"{FIRST}.product", reasons, presenter=False)
    if reasons or item.productOffering is None:
        return reasons
    return ChangePlanWanted(
        **common(named),
        offering=item.productOffering.id,
        effective=effective,  # type: ignore[arg-type]
    )


def elsewhere(content: ChangePlan, facts: Facts, now: datetime) -> list[Reason]:
    """The plan itself: any node knows the national ones."""
    return rules.offering_refused(facts, content.offering, "plan", 0, now)


def judge(content: ChangePlan, installed: Installed, facts: Facts, now: datetime) -> Filled:
    """The plan, and whether the number and what relies on the former plan go with it."""
    against = elsewhere(content, facts, now)
    if content.offering == installed.offering:
        against.append(Reason(errors.PLAN_UNCHANGED, path=_OFFERING))
    plan = facts.offerings.get(content.offering)
    former = facts.offerings.get(installed.offering)
    options = [one.offering for one in installed.options]
    if plan is None or plan.kind != "plan":
        return {}, against
    if former and former.networks and plan.networks and not set(former.networks) & set(plan.networks):
        against.append(Reason(errors.NETWORK_MISMATCH, path=_OFFERING))
    for option in dict.fromkeys(options):
        known = facts.offerings.get(option)
        if known is not None and known.relies_on and content.offering not in known.relies_on:
            against.append(Reason(errors.OPTION_NOT_FOR_PLAN, path=_OFFERING, offering=known.name))
    after = [content.offering, *options]
    return {
        "offerings_before": [installed.offering, *options],
        "offerings_after": after,
        "recurring": charges(after, facts),
    }, against


def charges(offerings: Sequence[str], facts: Facts) -> list[Charge]:
    """What is to be paid for these again and again; of one that nobody knows any more, nothing."""
    known = [facts.offerings[one] for one in offerings if one in facts.offerings]
    return [charge for offering in known for charge in rules.recurring_charges(offering)]


def due(content: ChangePlan, accepted: datetime) -> datetime | None:
    """The first moment of the month that follows the acceptance, whenever home hears of it."""
    return next_cycle(accepted) if content.effective == "next-cycle" else None


def bought(content: ChangePlan) -> Sequence[str]:
    return (content.offering,)


CHANGE_PLAN = Business(says=says, judge=judge, offerings=bought, elsewhere=elsewhere, due=due)
