"""What a group order comes to: whether it is accepted, whether its children go ahead, and how it ends. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.work_orders import GroupPolicy
from libs.security.bounds import Bounds
from libs.web.errors import Reason
from services.order_acceptance import errors
from services.order_acceptance.groups.recognise import GroupWanted
from services.order_acceptance.orders.facts import Facts
from services.order_acceptance.orders.rules import (
    EVERYTHING,
    customer_refused,
    digest_shown,
    offering_refused,
    option_refused,
    owner_mismatch,
    standing_at_the_counter,
)

ChildState = Literal["open", "ready", "completed", "failed", "rejected", "cancelled"]
Decision = Literal["go", "abort"]
End = Literal["completed", "failed", "rejected", "cancelled", "partial"]
ENDED: frozenset[str] = frozenset({"completed", "failed", "rejected", "cancelled"})


@dataclass(frozen=True, slots=True)
class Group:
    """A group order as its rows say; `children` counts them by state."""

    policy: GroupPolicy
    decision: Decision | None
    wished_back: bool
    deadline: datetime
    children: Mapping[ChildState, int]

    @property
    def over(self) -> bool:
        """Whether every child has come to its end."""
        return self.count() > 0 and self.count("open", "ready") == 0

    def count(self, *states: ChildState) -> int:
        return sum(n for state, n in self.children.items() if not states or state in states)


def judge_opening(
    wanted: GroupWanted, facts: Facts, actor: str, now: datetime, within: Bounds = EVERYTHING
) -> list[Reason]:
    """Every reason against opening subscriptions for a national group, as far as headquarters knows them."""
    reasons = []
    for member in wanted.members:
        reasons += offering_refused(facts, member.offering, "plan", member.index, now)
        for option in member.options:
            reasons += option_refused(facts, option.offering, option.index, member.offering, now)
    return [
        *reasons,
        *group_refused(wanted, facts, within),
        *standing_at_the_counter(wanted.presenter, wanted.agent, facts, actor, now),
    ]


def group_refused(wanted: GroupWanted, facts: Facts, within: Bounds = EVERYTHING) -> list[Reason]:
    """Why nothing is done for the customer that an order names, or not by whoever stands there for it.

    An order that changes subscriptions need not name one.
    """
    opening = bool(wanted.members)
    if wanted.customer is None and not opening:
        return []
    reasons = customer_refused(facts.customer, within, opening=opening)
    if facts.customer is not None and not reasons and facts.customer.kind != "organization":
        reasons.append(Reason(errors.GROUP_REQUIRED, path="relatedParty"))
    return [*reasons, *owner_mismatch(digest_shown(facts, wanted.presenter), facts.customer)]


def decide(group: Group, now: datetime) -> Decision | None:
    """The one decision of an all-or-nothing group, once it can be taken. None: not yet, or it was taken before.

    A child that has ended without being ready, the deadline, or the wish to cancel aborts; all ready go ahead.
    """
    if group.policy != "all-or-nothing" or group.decision is not None:
        return None
    if group.count("failed", "rejected", "cancelled") or group.wished_back:
        return "abort"
    if group.count() and group.count("ready", "completed") == group.count():
        return "go"
    return "abort" if now > group.deadline else None


def unheard(group: Group, *, ready: bool) -> Decision | None:
    """What a home has not heard yet of its child's group, by what it says of the child when it is asked.

    One that is ready waits for the decision; one that is still at work may have to stop, and has heard of a go.
    """
    if ready:
        return group.decision
    taken_back = group.wished_back if group.policy == "best-effort" else group.decision == "abort"
    return "abort" if taken_back else None


def end_of(group: Group) -> End | None:
    """How the order ends, once all its children have. None: not yet.

    Without a completed child it is what was worst: a home step that failed, else a refusal, else the cancel.
    """
    if not group.over:
        return None
    if group.count("completed") == group.count():
        return "completed"
    if group.count("completed"):
        return "partial"
    if group.wished_back:
        return "cancelled"
    if group.count("failed"):
        return "failed"
    return "rejected" if group.count("rejected") else "cancelled"


def item_state(children: Mapping[ChildState, int]) -> str:
    """How an item of an ended order ends: as all its children did, else in part."""
    states = [state for state, n in children.items() if n]
    if len(states) == 1:
        return states[0]
    if children.get("completed"):
        return "partial"
    return "failed" if children.get("failed") else "rejected"
