"""Whether home takes a forward in, and what its work order carries then. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts.base import Part
from contracts.processes import OpenMember, Pay, ReplaceSim
from contracts.work_orders import Forward
from libs.node import HQ
from libs.node.settings import CROSSING
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders.businesses import BUSINESSES
from services.order_acceptance.orders.businesses import judging as businesses
from services.order_acceptance.orders.facts import Facts
from services.order_acceptance.orders.rules import (
    divide,
    fees_in_force,
    home_facts,
    judge_at_home,
    not_sold_here,
    offering_refused,
    one_time_charges,
    option_refused,
    recurring_charges,
    total,
)
from services.order_acceptance.processes import PROCESSES
from services.order_acceptance.processes.open_group_member import OPEN_GROUP_MEMBER

CLOCK_DIFFERENCE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Intake:
    """`state` is `in-progress` where the work is taken in, else what home answers at once."""

    state: str
    content: Part | None = None
    reasons: tuple[Reason, ...] = ()
    due: datetime | None = None
    """When a dated order's time comes; until then home keeps it."""


def judge_forward(
    forward: Forward,
    facts: Facts | None,
    digest: str | None,
    now: datetime,
    crossing: frozenset[str] = CROSSING,
    *,
    behind: bool = False,
) -> Intake:
    """What home says of a forward that it sees for the first time.

    `digest` is that of the identity presented; `crossing` names the businesses that are done for other provinces;
    `behind` is true where others of its number are before it and may change what it is about.
    """
    process = PROCESSES.get((forward.process, forward.version))
    if process is None:
        return Intake("version-unknown")
    if process.name == OPEN_GROUP_MEMBER.name:
        return _opens_member(forward, facts, now)
    if not process.travels or process.name not in crossing:
        return Intake("rejected", reasons=(Reason(errors.HOME_ONLY, business=forward.business),))
    if facts is None or facts.installed is None:
        return Intake("not-mine", reasons=(Reason(errors.NOT_MINE),))
    if now > forward.deadline + CLOCK_DIFFERENCE:
        return Intake("rejected", reasons=(Reason(errors.DEADLINE_PASSED),))
    content = process.content.model_validate(forward.content)
    if isinstance(content, Pay):
        return Intake("in-progress", content.model_copy(update={"account": facts.installed.billing_account}))
    if isinstance(content, ReplaceSim):
        reasons = judge_at_home(content, digest, facts, now)
        if reasons:
            return Intake("rejected", content, tuple(reasons))
        return Intake("in-progress", content.model_copy(update={"home": home_facts(facts.installed)}))
    if process.name in BUSINESSES:
        judged, against = businesses.judge_at_home(
            process.name, content, digest, facts, now, crossing, behind=behind
        )
        against = [*against, *_not_sold_here(forward, content, facts)]
        due = BUSINESSES[process.name].due(content, forward.acceptance.at)
        return Intake("rejected" if against else "in-progress", judged, tuple(against), due)
    raise TypeError(f"{forward.process} travels, and nothing says how home takes it in")


def _not_sold_here(forward: Forward, content: Any, facts: Facts) -> list[Reason]:
    bought = [
        (i, facts.offerings[id_])
        for i, id_ in enumerate(BUSINESSES[forward.business].offerings(content))
        if id_ in facts.offerings
    ]
    area = facts.installed.area if facts.installed else None
    return not_sold_here(bought, forward.acceptance.channel, area)


def _opens_member(forward: Forward, facts: Facts | None, now: datetime) -> Intake:
    """A subscription that headquarters orders for a national group: by this province's catalogue and prices.

    Who the group is, and who may order for it, headquarters has judged: it is the master of its customers.
    """
    wanted = OpenMember.model_validate(forward.content)
    if forward.origin != HQ:
        return Intake("rejected", wanted, (Reason(errors.HOME_ONLY, business=forward.business),))
    if now > forward.deadline + CLOCK_DIFFERENCE:
        return Intake("rejected", wanted, (Reason(errors.DEADLINE_PASSED),))
    known = facts or Facts()
    reasons = offering_refused(known, wanted.offering, "plan", 0, now)
    for i, option in enumerate(wanted.options, 1):
        reasons += option_refused(known, option.offering, i, wanted.offering, now)
    if reasons:
        return Intake("rejected", wanted, tuple(reasons))
    plan = known.offerings[wanted.offering]
    options = [known.offerings[option.offering] for option in wanted.options]
    fees = one_time_charges((*fees_in_force(known, now, nationally=True), plan, *options))
    monthly = [charge for one in (plan, *options) for charge in recurring_charges(one)]
    for ours, theirs in ((total(fees), wanted.fee_amount), (total(monthly), wanted.recurring_amount)):
        if ours > theirs:
            reasons.append(Reason(errors.PRICE_CHANGED, price=str(ours)))
    filled = wanted.model_copy(
        update={
            "networks": plan.networks,
            "recurring": recurring_charges(plan),
            "options": [
                option.model_copy(update={"recurring": recurring_charges(offering)})
                for option, offering in zip(wanted.options, options, strict=True)
            ],
            "money": divide(Decimal("0.00"), fees),
        }
    )
    return Intake("rejected" if reasons else "in-progress", filled, tuple(reasons))
