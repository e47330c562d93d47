"""Whether an order on a subscription is done: at the door, at home, and again when its turn comes. Pure.

The same judge of a business speaks each time; what differs is what is known of whoever asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.base import Part
from contracts.steps import Charge
from libs.node.settings import CROSSING
from libs.security.bounds import Bounds
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders import rules
from services.order_acceptance.orders.broken_card import not_in_use
from services.order_acceptance.orders.businesses import BUSINESSES
from services.order_acceptance.orders.businesses.subscriber import FIRST, Business, OnSubscriber
from services.order_acceptance.orders.businesses.suspension import lifted
from services.order_acceptance.orders.facts import Facts, Installed
from services.order_acceptance.orders.rules import EVERYTHING


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks at the door, and what may leave it."""

    actor: str
    """Issuer and subject, with a blank between."""
    roles: frozenset[str]
    within: Bounds = EVERYTHING
    crossing: frozenset[str] = CROSSING
    """The businesses that are done for subscribers of other provinces."""


def judge_at_door(
    wanted: OnSubscriber, facts: Facts, visitor: Visitor, ids: Sequence[str], now: datetime
) -> tuple[Part | None, list[Reason]]:
    """The content of an order on a subscriber of this node or of another, or every reason against it."""
    business = BUSINESSES[wanted.business]
    installed = facts.installed
    reasons = [
        *rules.standing_at_the_counter(wanted.presenter, wanted.agent, facts, visitor.actor, now),
        *rules.bindable(wanted.payments, facts, visitor.within),
    ]
    number = wanted.number or (installed.number if installed else None)
    if number is None:
        code = errors.PRODUCT_UNKNOWN if wanted.option else errors.USE_NUMBER
        return None, [*reasons, Reason(code, path=f"{FIRST}.product.id")]
    content: Any = wanted.content(number, ids)
    reasons += business.not_yours(content, visitor.roles)
    changes: Mapping[str, Any] = {}
    if installed is None:
        if wanted.business not in visitor.crossing or business.at_home_only(content):
            reasons.append(Reason(errors.HOME_ONLY, path="category", business=wanted.business))
        reasons += business.elsewhere(content, facts, now)
    else:
        if wanted.presenter:
            reasons += rules.owner_mismatch(rules.digest_shown(facts, wanted.presenter), facts.customer)
        changes, against = _at_home(business, content, installed, facts, now)
        reasons += against
    if reasons:
        return None, reasons
    money = rules.divide(rules.collected(wanted.payments, facts), _due(business, content, facts, now))
    return content.model_copy(update={**changes, "money": money}), []


def judge_at_home(
    name: str,
    content: Any,
    digest: str | None,
    facts: Facts,
    now: datetime,
    crossing: frozenset[str] = CROSSING,
    *,
    behind: bool = False,
) -> tuple[Part, list[Reason]]:
    """Home's own judgement of what another node accepted. `digest`: of the identity that was presented there.

    `behind`: others of its subscription come first and may change it; what that makes of it is judged in its turn.
    """
    business = BUSINESSES[name]
    installed = facts.installed
    if installed is None:
        return content, [Reason(errors.NOT_MINE)]
    if name not in crossing or business.at_home_only(content):
        return content, [Reason(errors.HOME_ONLY, business=name)]
    reasons = (
        [Reason(errors.PRESENTER_REQUIRED, path="relatedParty")]
        if digest is None and business.needs_presenter(content)
        else rules.owner_mismatch(digest, facts.customer)
    )
    if content.customer is not None and content.customer != installed.customer:
        reasons.append(Reason(errors.SUBSCRIPTION_NOT_OF_CUSTOMER, path="relatedParty"))
    changes, against = _at_home(business, content, installed, facts, now)
    if behind and all(one in facts.offerings for one in business.offerings(content)):
        against = []
    reasons += against
    if not against:
        ours = rules.total(_due(business, content, facts, now, nationally=True))
        if ours > rules.total(content.money.fees):
            reasons.append(Reason(errors.PRICE_CHANGED, price=str(ours)))
    return content.model_copy(update=dict(changes)), reasons


def judge_again(name: str, content: Any, facts: Facts, now: datetime) -> tuple[Part, list[Reason]]:
    """With the subscription as it is when the work begins; who stood at the counter was judged before."""
    installed = facts.installed
    if installed is None:
        return content, [Reason(errors.SUBSCRIPTION_TERMINATED)]
    if installed.customer != content.home.customer:
        return content, [Reason(errors.IDENTITY_MISMATCH)]
    if name in BUSINESSES:
        changes, against = _at_home(BUSINESSES[name], content, installed, facts, now)
        return content.model_copy(update=dict(changes)), against
    if name == "replace-sim":
        # With a new card in the owner's hands the lost one is no reason any more.
        return content.model_copy(
            update={"home": rules.home_facts(installed), **lifted(installed, "lost")}
        ), not_in_use(content.broken, installed)
    return content.model_copy(update={"home": rules.home_facts(installed)}), []


def _at_home(
    business: Business, content: Any, installed: Installed, facts: Facts, now: datetime
) -> tuple[Mapping[str, Any], list[Reason]]:
    changes, against = business.judge(content, installed, facts, now)
    return {**changes, "home": rules.home_facts(installed)}, against


def _due(
    business: Business, content: Any, facts: Facts, now: datetime, *, nationally: bool = False
) -> list[Charge]:
    """What is due at the counter: the fee of the business, and what the new offerings cost once.

    `nationally`: the fee that another province's counter asks, and keeps.
    """
    new = [facts.offerings[one] for one in business.offerings(content)]
    return rules.one_time_charges((*rules.fees_in_force(facts, now, nationally=nationally), *new))
