"""停机、复机: a subscription holds a set of suspensions, each for its reason; the severest decides what is barred.

Rules: api.md of the design, section 2; the red list: design.md, section 1.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from contracts.base import Part
from contracts.processes import Resume, Suspend, SuspensionReason
from contracts.steps import Barring
from libs.security.roles import MACHINE, SERVICE, SUPERVISOR
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders import reading
from services.order_acceptance.orders.businesses.subscriber import (
    FIRST,
    Business,
    Filled,
    OnSubscriber,
    common,
    only_item,
    read_named,
)
from services.order_acceptance.orders.facts import Facts, Installed, Suspension
from services.order_acceptance.orders.model import ProductOrderCreate

SEVERITY: Sequence[Barring] = ("none", "outgoing", "all")
OF_THE_OPERATOR: frozenset[SuspensionReason] = frozenset({"arrears", "regulatory"})
"""What no customer asks for, and no clerk sets or lifts."""
FOR_THE_OPERATOR = frozenset({SUPERVISOR, MACHINE, SERVICE})

_REASON = re.compile("|".join(get_args(SuspensionReason)))
_BARRING = re.compile("outgoing|all")
_CHARACTERISTICS = f"{FIRST}.product.productCharacteristic"


def severest(suspensions: Iterable[Suspension]) -> Barring:
    """What is barred when all these hold at once; `none` without any."""
    return max((one.barring for one in suspensions), key=SEVERITY.index, default="none")


def without(suspensions: Iterable[Suspension], reason: str) -> tuple[Suspension, ...]:
    return tuple(one for one in suspensions if one.reason != reason)


def lifted(installed: Installed, reason: str) -> dict[str, Any]:
    """What is barred before and after a reason falls away."""
    return {
        "barred_before": severest(installed.suspensions),
        "barred_after": severest(without(installed.suspensions, reason)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendWanted(OnSubscriber):
    business: str = "suspend"
    reason: SuspensionReason
    barring: Barring

    def content(self, number: str, ids: Sequence[str]) -> Part:
        return Suspend(number=number, reason=self.reason, barring=self.barring)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeWanted(OnSubscriber):
    business: str = "resume"
    reason: SuspensionReason

    def content(self, number: str, ids: Sequence[str]) -> Part:
        return Resume(number=number, reason=self.reason)


def says_suspend(order: ProductOrderCreate) -> SuspendWanted | list[Reason]:
    """Reason, and what is barred: everything, unless it says `outgoing`."""
    reasons: list[Reason] = []
    item, product = only_item(order, reasons)
    characteristics = {"barring": "all"} | reading.characteristics(item)
    reason = reading.checked(characteristics, "reason", _REASON, _CHARACTERISTICS, reasons)
    barring = reading.checked(characteristics, "barring", _BARRING, _CHARACTERISTICS, reasons)
    named = read_named(order, product, f"{FIRST}.product", reasons, presenter=False)
    if reasons:
        return reasons
    return SuspendWanted(**common(named), reason=reason, barring=barring)  # type: ignore[arg-type]


def says_resume(order: ProductOrderCreate) -> ResumeWanted | list[Reason]:
    """The reason that falls away; after a loss the owner has to stand at the counter."""
    reasons: list[Reason] = []
    item, product = only_item(order, reasons)
    characteristics = reading.characteristics(item)
    reason = reading.checked(characteristics, "reason", _REASON, _CHARACTERISTICS, reasons)
    named = read_named(order, product, f"{FIRST}.product", reasons, presenter=reason == "lost")
    if reasons:
        return reasons
    return ResumeWanted(**common(named), reason=reason)  # type: ignore[arg-type]


def judge_suspend(content: Suspend, installed: Installed, facts: Facts, now: datetime) -> Filled:
    """One reason more."""
    against = []
    if any(one.reason == content.reason for one in installed.suspensions):
        against.append(Reason(errors.ALREADY_SUSPENDED, path=_CHARACTERISTICS, reason=content.reason))
    if content.reason == "arrears" and (facts.customer is None or facts.customer.redlisted):
        # Whose owner is not known here may be protected.
        code = errors.CUSTOMER_UNKNOWN if facts.customer is None else errors.CUSTOMER_REDLISTED
        against.append(Reason(code, path=FIRST))
    after = (*installed.suspensions, Suspension(content.reason, content.barring))
    return {"barred_before": severest(installed.suspensions), "barred_after": severest(after)}, against


def judge_resume(content: Resume, installed: Installed, facts: Facts, now: datetime) -> Filled:
    """One reason less."""
    against = []
    if not any(one.reason == content.reason for one in installed.suspensions):
        against.append(Reason(errors.NOT_SUSPENDED, path=_CHARACTERISTICS, reason=content.reason))
    return lifted(installed, content.reason), against


def not_yours(content: Suspend | Resume, roles: frozenset[str]) -> list[Reason]:
    """Arrears and regulatory suspensions belong to supervisors and systems."""
    if content.reason in OF_THE_OPERATOR and roles.isdisjoint(FOR_THE_OPERATOR):
        return [Reason(errors.REASON_NOT_YOURS, path=_CHARACTERISTICS, reason=content.reason)]
    return []


def of_the_operator(content: Suspend) -> bool:
    return content.reason in OF_THE_OPERATOR


def after_a_loss(content: Resume) -> bool:
    return content.reason == "lost"


SUSPEND = Business(says=says_suspend, judge=judge_suspend, not_yours=not_yours, at_home_only=of_the_operator)
RESUME = Business(says=says_resume, judge=judge_resume, not_yours=not_yours, needs_presenter=after_a_loss)
