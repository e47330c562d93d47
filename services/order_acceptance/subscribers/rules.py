"""What is shown of a subscriber before anybody acts: above all, which businesses would be done, and why others not.

The judge of each business decides here as at the door: what it would refuse is not permitted. A business that has
something to choose (a plan, an option, a reason) is permitted when there is a choice that is not refused. Pure.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

from contracts.base import Reason as ReasonTold
from contracts.events import CustomerChanged
from contracts.processes import (
    ChangeOptions,
    ChangePlan,
    OptionOrdered,
    Resume,
    Suspend,
    SuspensionReason,
    Terminate,
)
from contracts.subscribers import (
    BalanceSeen,
    BusinessPermitted,
    BusinessRefused,
    OfferingSeen,
    OwnerSeen,
    SubscriberView,
    SuspensionSeen,
)
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders.businesses import BUSINESSES
from services.order_acceptance.orders.facts import Facts, Installed
from services.order_acceptance.orders.rules import orderable

CLOCK_DIFFERENCE = timedelta(seconds=60)
"""By how much the clocks of two nodes may differ: more than anybody waits for an answer."""
ON_A_SUBSCRIBER = (
    "pay",
    "replace-sim",
    "suspend",
    "resume",
    "change-plan",
    "subscribe",
    "unsubscribe",
    "terminate",
)
UNJUDGED: Mapping[str, bool] = {"pay": False, "replace-sim": True}
"""What home never refuses for what it knows of the subscription, and whether the owner has to stand there."""


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks. `roles` are those of somebody at home; None: from afar, where they are judged already."""

    crossing: frozenset[str]
    """The businesses that are done for subscribers of other provinces."""
    roles: frozenset[str] | None = None

    @property
    def from_afar(self) -> bool:
        return self.roles is None


def view_of(
    facts: Facts, installed: Installed, looker: Looker, balance: BalanceSeen, now: datetime
) -> SubscriberView:
    """All that is shown of a subscriber, the owner's name masked."""
    judged = [
        _judged(business, facts, installed, looker, balance.balance, now) for business in ON_A_SUBSCRIBER
    ]
    return SubscriberView(
        status=installed.status,
        owner=_owner(facts.customer),
        plan=_offering(installed.offering, facts),
        options=[_offering(one.offering, facts) for one in installed.options],
        suspensions=[SuspensionSeen(reason=one.reason, barring=one.barring) for one in installed.suspensions],
        balance=balance,
        permitted=[one for one in judged if isinstance(one, BusinessPermitted)],
        refused=[one for one in judged if isinstance(one, BusinessRefused)],
    )


def only_crossing(view: SubscriberView, crossing: frozenset[str]) -> SubscriberView:
    """What of a view from afar this node may accept: both ends must have a business that crosses."""
    closed = [one.business for one in view.permitted if one.business not in crossing]
    return view.model_copy(
        update={
            "permitted": [one for one in view.permitted if one.business in crossing],
            "refused": [*view.refused, *(_refused(one, [_home_only(one)]) for one in closed)],
        }
    )


def _judged(
    business: str,
    facts: Facts,
    installed: Installed,
    looker: Looker,
    balance: Decimal | None,
    now: datetime,
) -> BusinessPermitted | BusinessRefused:
    if looker.from_afar and business not in looker.crossing:
        return _refused(business, [_home_only(business)])
    if business in UNJUDGED:
        return BusinessPermitted(business=business, presenter=UNJUDGED[business])
    open_: list[Any] = []
    against: list[Reason] = []
    for content, barred in _may_ask(business, facts, installed, looker, now):
        reasons = barred or _against(business, content, facts, installed, balance, now)
        against += reasons
        if not reasons:
            open_.append(content)
    if not open_:
        return _refused(business, against)
    return BusinessPermitted(
        business=business,
        presenter=any(BUSINESSES[business].needs_presenter(one) for one in open_),
        reasons=[one.reason for one in open_ if isinstance(one, Suspend | Resume)],
    )


def _may_ask(
    business: str, facts: Facts, installed: Installed, looker: Looker, now: datetime
) -> Sequence[tuple[Any, list[Reason]]]:
    """What might be asked, each with why this looker may not; where he may ask anything, only that counts."""
    rules = BUSINESSES[business]
    asked: list[tuple[Any, list[Reason]]] = []
    for content in _CHOICES[business](facts, installed, now):
        barred = rules.not_yours(content, looker.roles) if looker.roles is not None else []
        if looker.from_afar and rules.at_home_only(content):
            barred = [_home_only(business)]
        asked.append((content, barred))
    return [one for one in asked if not one[1]] or asked


def _against(
    business: str,
    content: Any,
    facts: Facts,
    installed: Installed,
    balance: Decimal | None,
    now: datetime,
) -> list[Reason]:
    _, against = BUSINESSES[business].judge(content, installed, facts, now)
    if business == "terminate" and balance is not None and balance < 0:
        # Accounting says so when the order comes, unless the order brings what is owed.
        against = [*against, Reason(errors.BALANCE_OWED, owed=str(-balance))]
    return against


def _suspensions(facts: Facts, installed: Installed, now: datetime) -> Iterable[Suspend]:
    return (Suspend(number=installed.number, reason=one) for one in get_args(SuspensionReason))


def _resumptions(facts: Facts, installed: Installed, now: datetime) -> Iterable[Resume]:
    """Those that there is a suspension for; without any, what a customer would ask."""
    named: list[SuspensionReason] = [one.reason for one in installed.suspensions] or ["voluntary"]
    return (Resume(number=installed.number, reason=one) for one in named)


def _plans(facts: Facts, installed: Installed, now: datetime) -> Iterable[ChangePlan]:
    """Those on sale; without any, the plan that is there."""
    found = [one for one in _on_sale("plan", facts, now) if one != installed.offering]
    return (ChangePlan(number=installed.number, offering=one) for one in found or [installed.offering])


def _additions(facts: Facts, installed: Installed, now: datetime) -> Iterable[ChangeOptions]:
    """Options on sale; without any, those that are there already."""
    found = _on_sale("option", facts, now) or [one.offering for one in installed.options]
    return (
        ChangeOptions(number=installed.number, adds=[OptionOrdered(product=one, item="1", offering=one)])
        for one in found or [installed.offering]
    )


def _removals(facts: Facts, installed: Installed, now: datetime) -> Iterable[ChangeOptions]:
    """The options that are there; without any, one that is not."""
    found = [one.product for one in installed.options] or [installed.offering]
    return (ChangeOptions(number=installed.number, removes=[one]) for one in found)


def _termination(facts: Facts, installed: Installed, now: datetime) -> Iterable[Terminate]:
    return [Terminate(number=installed.number)]


_CHOICES: Mapping[str, Callable[[Facts, Installed, datetime], Iterable[Any]]] = {
    "suspend": _suspensions,
    "resume": _resumptions,
    "change-plan": _plans,
    "subscribe": _additions,
    "unsubscribe": _removals,
    "terminate": _termination,
}


def _on_sale(kind: str, facts: Facts, now: datetime) -> list[str]:
    return [id_ for id_, one in facts.offerings.items() if one.kind == kind and orderable(one, now)]


def _refused(business: str, reasons: Iterable[Reason]) -> BusinessRefused:
    """Each code once, with what its first reason names."""
    first: dict[str, Reason] = {}
    for one in reasons:
        first.setdefault(one.code.name, one)
    told = [
        ReasonTold(code=code, parameters={name: str(value) for name, value in one.params.items()})
        for code, one in first.items()
    ]
    return BusinessRefused(business=business, reasons=told)


def _home_only(business: str) -> Reason:
    return Reason(errors.HOME_ONLY, business=business)


def _owner(customer: CustomerChanged | None) -> OwnerSeen:
    if customer is None:
        return OwnerSeen()
    return OwnerSeen(name=customer.masked_name, kind=customer.kind, level=customer.level)


def _offering(id_: str, facts: Facts) -> OfferingSeen:
    known = facts.offerings.get(id_)
    return OfferingSeen(id=id_, name=known.name if known else None)
