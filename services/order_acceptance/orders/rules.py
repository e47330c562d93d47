"""Whether an order is accepted, at what price, and what its work order will carry. Pure: from facts alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from contracts.events import CustomerChanged, OfferingChanged
from contracts.processes import Money, OpenAccount, OptionOrdered, ReplaceSim, SubscriptionFacts
from contracts.steps import Charge
from libs.security.bounds import Bounds
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders import broken_card
from services.order_acceptance.orders.facts import Facts, Installed

if TYPE_CHECKING:
    from services.order_acceptance.orders.recognise import OpenAccountWanted, ReplaceSimWanted

ORDERABLE = "Launched"
ACTIVE = frozenset({"active"})
NOT_SERVED = frozenset({"bundle", "line"})
"""Kinds of offerings that the catalogue has and that no process carries out."""
COUNTER = "counter"
ONE_TIME = frozenset({"oneTime", "deposit"})
EVERYTHING = Bounds()


@dataclass(frozen=True, slots=True)
class Ids:
    """Identifiers that an accepted order gives out, made before it is judged so that judging stays pure."""

    subscription: str
    account: str
    options: tuple[str, ...]


def judge_open_account(
    wanted: "OpenAccountWanted",
    facts: Facts,
    actor: str,
    area: str | None,
    ids: Ids,
    now: datetime,
    within: Bounds = EVERYTHING,
) -> tuple[OpenAccount | None, list[Reason]]:
    """An account at this node: its content, or every reason against it. What is not `within` is not known."""
    # Of a customer that is not the caller's nothing is told, not even by what may not be sold to it.
    hidden = facts.customer is not None and not may_see(facts.customer, within)
    seen = replace(facts, customer=None) if hidden else facts
    reasons = [
        *offering_refused(seen, wanted.offering, "plan", wanted.index, now),
        *(
            reason
            for option in wanted.options
            for reason in option_refused(seen, option.offering, option.index, wanted.offering, now)
        ),
        *customer_refused(facts.customer, within, opening=True),
        *_account(wanted, facts),
        *standing_at_the_counter(wanted.presenter, wanted.agent, facts, actor, now),
        *owner_mismatch(digest_shown(facts, wanted.presenter), facts.customer),
        *bindable(wanted.payments, facts, within),
    ]
    if facts.installed is not None:
        reasons.append(Reason(errors.NUMBER_IN_USE, path=_item(wanted.index), number=wanted.number))
    if reasons:
        return None, reasons
    plan = facts.offerings[wanted.offering]
    options = [facts.offerings[option.offering] for option in wanted.options]
    fees = one_time_charges((*fees_in_force(facts, now), plan, *options))
    content = OpenAccount(
        subscription=ids.subscription,
        item=wanted.item,
        number=wanted.number,
        iccid=wanted.iccid,
        reservation=wanted.reservation,
        customer=wanted.customer,
        billing_account=wanted.account or ids.account,
        opens_account=wanted.account is None,
        offering=wanted.offering,
        networks=plan.networks,
        recurring=recurring_charges(plan),
        options=[
            OptionOrdered(
                product=product,
                item=option.item,
                offering=option.offering,
                recurring=recurring_charges(offering),
            )
            for product, option, offering in zip(ids.options, wanted.options, options, strict=True)
        ],
        area=area,
        money=divide(collected(wanted.payments, facts), fees),
    )
    return content, []


def judge_replace_sim(
    wanted: "ReplaceSimWanted", facts: Facts, actor: str, now: datetime, within: Bounds = EVERYTHING
) -> tuple[ReplaceSim | None, list[Reason]]:
    """A new card, for a subscriber of this node or of another: its content, or every reason against it.

    Instead of one that broke before it was written, it costs nothing.
    """
    reasons = [
        *standing_at_the_counter(wanted.presenter, wanted.agent, facts, actor, now),
        *bindable(wanted.payments, facts, within),
    ]
    if wanted.number is None and facts.installed is None:
        reasons.append(Reason(errors.USE_NUMBER, path=f"{_item(wanted.index)}.product.id"))
    elif facts.installed is not None:
        reasons += owner_mismatch(digest_shown(facts, wanted.presenter), facts.customer)
    number = wanted.number or (facts.installed.number if facts.installed else None)
    broken = None
    if wanted.former is not None and number is not None:
        against = broken_card.claim_refused(wanted.former, facts.former, number)
        broken = broken_card.of_order(facts.former)
        if not against and facts.installed is not None:
            against = broken_card.not_in_use(broken, facts.installed)
        reasons += against
    if reasons or number is None:
        return None, reasons
    fees = [] if broken else one_time_charges(fees_in_force(facts, now))
    content = ReplaceSim(
        number=number,
        iccid=wanted.iccid,
        reservation=wanted.reservation,
        # A personalised card carries a profile of its own province and serves no other.
        kinds=["personalised", "blank", "esim"] if facts.installed else ["blank", "esim"],
        fee_amount=total(fees),
        money=divide(collected(wanted.payments, facts), fees),
        broken=broken,
        home=home_facts(facts.installed) if facts.installed else None,
    )
    return content, []


def judge_at_home(content: ReplaceSim, digest: str | None, facts: Facts, now: datetime) -> list[Reason]:
    """Home's own check of a card to be replaced that another node accepted: every reason at once."""
    if facts.installed is None:
        return [Reason(errors.NOT_MINE)]
    # Without anybody shown at the counter nobody gets the number of another.
    reasons = (
        [Reason(errors.PRESENTER_REQUIRED, path="relatedParty")]
        if digest is None
        else owner_mismatch(digest, facts.customer)
    )
    if content.broken is not None:
        # Where the fee is waived there is no price to compare.
        return reasons + broken_card.not_in_use(content.broken, facts.installed)
    ours = total(one_time_charges(fees_in_force(facts, now, nationally=True)))
    if content.fee_amount is not None and ours > content.fee_amount:
        reasons.append(Reason(errors.PRICE_CHANGED, price=str(ours)))
    return reasons


def home_facts(installed: Installed) -> SubscriptionFacts:
    """What the steps at home need of the subscription."""
    return SubscriptionFacts(
        subscription=installed.subscription,
        customer=installed.customer,
        billing_account=installed.billing_account,
        iccid=installed.iccid,
        imsi=installed.imsi,
        area=installed.area,
    )


def owner_mismatch(digest: str | None, owner: CustomerChanged | None) -> list[Reason]:
    """Whoever stands at the counter is the owner, or for an organization its registered agent."""
    if digest is None:
        return []  # a missing or unknown check is a reason of its own
    known = (
        []
        if owner is None
        else owner.agent_digests
        if owner.kind == "organization"
        else owner.identity_digests
    )
    return [] if digest in known else [Reason(errors.IDENTITY_MISMATCH, path="relatedParty")]


def fees_in_force(facts: Facts, now: datetime, *, nationally: bool = False) -> list[OfferingChanged]:
    """The counter fees of the business that may be asked now: launched, and valid.

    `nationally`: as headquarters asks them. Between provinces its list counts at both ends, whatever each asks at home.
    """
    fees = [fee for fee in facts.fees if orderable(fee, now)]
    return [as_headquarters_asks(fee) for fee in fees] if nationally else fees


def priced_for(facts: Facts) -> Facts:
    """What is known, for a subscriber: one of another province is asked headquarters' prices, not this province's."""
    known = (*facts.offerings.values(), *facts.fees)
    if facts.installed is not None or all(one.national_prices is None for one in known):
        return facts
    return replace(
        facts,
        offerings={id_: as_headquarters_asks(one) for id_, one in facts.offerings.items()},
        fees=tuple(as_headquarters_asks(one) for one in facts.fees),
    )


def as_headquarters_asks(offering: OfferingChanged) -> OfferingChanged:
    """An offering without what this province asks instead."""
    if offering.national_prices is None:
        return offering
    return offering.model_copy(update={"prices": offering.national_prices, "national_prices": None})


def orderable(offering: OfferingChanged, now: datetime) -> bool:
    """Launched, and inside its time of validity."""
    early = offering.valid_from is not None and now < offering.valid_from
    late = offering.valid_until is not None and now >= offering.valid_until
    return offering.lifecycle_status == ORDERABLE and not early and not late and not offering.deleted


def one_time_charges(offerings: Iterable[OfferingChanged]) -> list[Charge]:
    """What is due at the counter: one-time prices and deposits."""
    return [
        Charge(name=price.name, amount=price.amount)
        for offering in offerings
        for price in offering.prices
        if price.price_type in ONE_TIME and price.amount > 0
    ]


def recurring_charges(offering: OfferingChanged) -> list[Charge]:
    return [
        Charge(name=price.name, amount=price.amount)
        for price in offering.prices
        if price.price_type == "recurring"
    ]


def divide(money: Decimal, fees: Sequence[Charge]) -> Money:
    """What was collected pays the fees in their order; the rest is prepayment, what is missing is charged.

    Never loses or makes a fen: collected + shortfall = fees + remainder.
    """
    left = money
    missing = []
    for fee in fees:
        paid = min(left, fee.amount)
        left -= paid
        if paid < fee.amount:
            missing.append(Charge(name=fee.name, amount=fee.amount - paid))
    return Money(collected=money, fees=list(fees), remainder=left, shortfall=missing)


def total(charges: Iterable[Charge]) -> Decimal:
    return sum((charge.amount for charge in charges), Decimal("0.00"))


def collected(payments: Iterable[str], facts: Facts) -> Decimal:
    return sum((facts.payments[one].amount for one in payments), Decimal("0.00"))


def _item(index: int) -> str:
    return f"productOrderItem[{index}]"


def offering_refused(facts: Facts, id_: str, kind: str, index: int, now: datetime) -> list[Reason]:
    """Why an item cannot have this offering now; `kind` is what the business sells."""
    path = f"{_item(index)}.productOffering"
    found = facts.offerings.get(id_)
    if found is None or found.deleted:
        return [Reason(errors.OFFERING_UNKNOWN, path=path, offering=id_)]
    if found.kind in NOT_SERVED:
        return [Reason(errors.OFFERING_NOT_SERVED, path=path, offering=found.name)]
    if found.kind != kind:
        return [Reason(errors.ITEM_NOT_FITTING, path=path, detail=kind)]
    if not orderable(found, now):
        return [Reason(errors.OFFERING_NOT_AVAILABLE, path=path, offering=found.name)]
    if facts.customer and found.customer_kinds and facts.customer.kind not in found.customer_kinds:
        return [Reason(errors.OFFERING_NOT_FOR_CUSTOMER, path=path, offering=found.name)]
    return []


def not_sold_here(
    offerings: Iterable[tuple[int, OfferingChanged]], channel: str | None, area: str | None
) -> list[Reason]:
    """Of the offerings that items ask for, those that are not sold through this channel, or not in this area."""
    return [
        Reason(errors.OFFERING_NOT_SOLD_HERE, path=f"{_item(index)}.productOffering", offering=offering.name)
        for index, offering in offerings
        if (offering.channels and channel not in offering.channels)
        or (offering.areas and area not in offering.areas)
    ]


def option_refused(facts: Facts, id_: str, index: int, plan: str, now: datetime) -> list[Reason]:
    """Why an option cannot be had with this plan now."""
    reasons = offering_refused(facts, id_, "option", index, now)
    found = facts.offerings.get(id_)
    if not reasons and found is not None and found.relies_on and plan not in found.relies_on:
        return [
            Reason(errors.OPTION_NOT_FOR_PLAN, path=f"{_item(index)}.productOffering", offering=found.name)
        ]
    return reasons


def customer_refused(customer: CustomerChanged | None, within: Bounds, *, opening: bool) -> list[Reason]:
    """Why no business is done for this customer, as far as the customer is the reason.

    What somebody has may be changed and ended whatever became of him since.
    """
    if customer is None or customer.deleted or not may_see(customer, within):
        return [Reason(errors.CUSTOMER_UNKNOWN, path="relatedParty")]
    if not opening:
        return []
    reasons = []
    if customer.status not in ACTIVE:
        reasons.append(Reason(errors.CUSTOMER_NOT_ACTIVE, path="relatedParty", status=customer.status))
    if customer.blacklisted:
        reasons.append(Reason(errors.CUSTOMER_BLACKLISTED, path="relatedParty"))
    return reasons


def may_see(customer: CustomerChanged, within: Bounds) -> bool:
    """Whether a customer lies inside somebody's bounds."""
    return within.cover(dealer=customer.dealer, area=customer.area, account_manager=customer.account_manager)


def _account(wanted: "OpenAccountWanted", facts: Facts) -> list[Reason]:
    if wanted.account is None:
        return []
    if facts.account is None or facts.account.deleted:
        return [Reason(errors.ACCOUNT_UNKNOWN, path="billingAccount")]
    if facts.account.customer != wanted.customer:
        return [Reason(errors.ACCOUNT_NOT_OF_CUSTOMER, path="billingAccount")]
    return []


def standing_at_the_counter(
    presenter: str | None, agent: str | None, facts: Facts, actor: str, now: datetime
) -> list[Reason]:
    """Whether the identity checks that an order names are good for it; one that it does not name is no reason."""
    reasons = []
    for check in (presenter, agent):
        if not check:
            continue
        found = facts.checks.get(check)
        if found is None or found.check.actor != actor:
            # Another clerk's check is as good as none: it must not even be known to exist.
            reasons.append(Reason(errors.IDENTITY_CHECK_UNKNOWN, path="relatedParty", id=check))
        elif found.used_by is not None:
            reasons.append(Reason(errors.IDENTITY_CHECK_USED, path="relatedParty", id=check))
        elif now >= found.check.valid_until:
            reasons.append(Reason(errors.IDENTITY_CHECK_EXPIRED, path="relatedParty", id=check))
    return reasons


def digest_shown(facts: Facts, presenter: str | None) -> str | None:
    """The digest of the identity that was shown at the counter, where one was and is known."""
    found = facts.checks.get(presenter or "")
    return found.check.identity_digest if found else None


def bindable(payments: Sequence[str], facts: Facts, within: Bounds) -> list[Reason]:
    """Why these payments cannot pay for an order; empty where they can."""
    reasons = []
    for i, payment in enumerate(payments):
        path = f"payment[{i}]"
        found = facts.payments.get(payment)
        if found is None or not within.cover(
            dealer=found.dealer, area=found.area, account_manager=found.taken_by
        ):
            reasons.append(Reason(errors.PAYMENT_UNKNOWN, path=path, id=payment))
        elif found.bound_to is not None:
            reasons.append(Reason(errors.PAYMENT_ALREADY_USED, path=path, id=payment))
        elif found.account != COUNTER or found.status != "authorized":
            reasons.append(Reason(errors.PAYMENT_NOT_BINDABLE, path=path, id=payment))
    return reasons
