"""Whether home takes a forward in, and what its work order carries then. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.base import Part
from contracts.processes import Pay, ReplaceSim
from contracts.work_orders import Forward
from libs.node.settings import CROSSING
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.orders.businesses import BUSINESSES
from services.order_acceptance.orders.businesses import judging as businesses
from services.order_acceptance.orders.facts import Facts
from services.order_acceptance.orders.rules import home_facts, judge_at_home
from services.order_acceptance.processes import PROCESSES

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
) -> Intake:
    """What home says of a forward that it sees for the first time.

    `digest` is that of the identity presented; `crossing` names the businesses that are done for other provinces.
    """
    process = PROCESSES.get((forward.process, forward.version))
    if process is None:
        return Intake("version-unknown")
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
        judged, against = businesses.judge_at_home(process.name, content, digest, facts, now, crossing)
        due = BUSINESSES[process.name].due(content, forward.acceptance.at)
        return Intake("rejected" if against else "in-progress", judged, tuple(against), due)
    raise TypeError(f"{forward.process} travels, and nothing says how home takes it in")
