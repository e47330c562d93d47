"""A view of a subscriber as it is answered: in the caller's language, money as TM Forum writes it."""

from datetime import datetime
from decimal import Decimal

from contracts.base import Reason
from contracts.subscribers import BalanceSeen, OfferingSeen, SubscriberView
from libs.money import Money
from libs.security.masking import mask_name
from libs.web.texts import Language
from services.order_acceptance.errors import text_of
from services.order_acceptance.subscribers.model import (
    AccountShown,
    OfferingRef,
    Owner,
    Permitted,
    ReasonShown,
    Refused,
    Subscriber,
    SuspensionShown,
)


def shown(
    number: str,
    home: str,
    view: SubscriberView,
    name: str | None,
    language: Language,
    at: datetime,
    *,
    full: bool,
) -> Subscriber:
    """`name` is the owner's in full, where it is known; it is shown so only where `full` says so."""
    owner = view.owner
    seen = owner.name if name is None else name if full else mask_name(name)
    return Subscriber(
        number=number,
        home=home,
        status=view.status,
        owner=Owner(name=seen, kind=owner.kind, level=owner.level),
        plan=_offering(view.plan),
        option=[_offering(one) for one in view.options],
        suspension=[SuspensionShown(reason=one.reason, barring=one.barring) for one in view.suspensions],
        account=_account(view.balance),
        permitted_business=[
            Permitted(business=one.business, presenter_required=one.presenter, reasons=one.reasons)
            for one in view.permitted
        ],
        refused_business=[
            Refused(business=one.business, reasons=[_reason(reason, language) for reason in one.reasons])
            for one in view.refused
        ],
        at=at,
    )


def _offering(seen: OfferingSeen) -> OfferingRef:
    return OfferingRef(id=seen.id, name=seen.name)


def _account(seen: BalanceSeen) -> AccountShown:
    if seen.balance is None:
        return AccountShown(missing="accounting-not-answering")
    return AccountShown(
        balance=Money(value=seen.balance),
        arrears=Money(value=max(-seen.balance, Decimal("0.00"))),
        at=seen.at,
        missing="accounting-not-answering" if seen.missing else None,
    )


def _reason(told: Reason, language: Language) -> ReasonShown:
    return ReasonShown(code=told.code, reason=text_of(told.code, told.parameters, language))
