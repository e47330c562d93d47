"""Interface `work-orders`: work that travels between nodes, and what became of it.

Acceptance node → `<node>.uplink.work-orders` → router → `<home>.downlink.work-orders`, and the outcome back.
Keyed by the number (children of a group order without number: the child's id).
"""

from datetime import date
from typing import Literal

from pydantic import Field

from contracts.base import Acceptance, Contract, Digits, Document, Identifier, Instant, NodeCode, Reason, Text

RouteType = Literal["number", "customer", "group", "node"]
WorkOrderState = Literal[
    "received", "in-progress", "completed", "failed", "rejected", "cancelled", "not-mine", "version-unknown"
]
CancelReason = Literal["cancelled-on-request", "group-aborted"]
GroupPolicy = Literal["all-or-nothing", "best-effort"]
ENDED: frozenset[str] = frozenset({"completed", "failed", "rejected", "cancelled"})


class Forward(Contract):
    """One work order on its way from where it was accepted to where it is carried out."""

    ce_type = "unicrm.work-order.forwarded.v1"

    origin: NodeCode
    origin_transaction: Identifier = Field(description="the work order's id at the acceptance node")
    attempt: int = Field(1, ge=1, le=99)
    home: NodeCode | None = Field(None, description="set by the router")
    home_transaction: Identifier | None = None
    order: Identifier
    business: str = Field(max_length=64)
    process: str = Field(max_length=64)
    version: int = Field(ge=1)
    route_type: RouteType = "number"
    route_value: Text
    number: Digits | None = None
    accounting_day: date
    deadline: Instant
    hops: int = Field(0, ge=0, le=9)
    acceptance: Acceptance
    test: bool = False
    content: Document = Field(description="what is asked, as the process's own model says")
    sealed: str | None = Field(None, max_length=20_000, description="JWE: what must stay secret on the way")
    digest: str = Field(
        max_length=64, description="SHA-256 of the unsealed content, made once, by the origin"
    )
    group: GroupPolicy | None = Field(
        None,
        description="of a child of a group order; with `all-or-nothing` home stops before its point of no return, "
        "tells that it is ready, and is told to go ahead or to cancel",
    )


class Outcome(Contract):
    """What home (or the router) says of a forward. `sequence` is set by home; a copy never goes backward."""

    ce_type = "unicrm.work-order.outcome.v1"

    origin: NodeCode
    origin_transaction: Identifier
    attempt: int = Field(1, ge=1, le=99)
    home: NodeCode | None
    home_transaction: Identifier | None = None
    number: Digits | None = None
    state: WorkOrderState
    sequence: int = Field(ge=0)
    reasons: list[Reason] = []
    output: Document = {}
    sealed: str | None = Field(None, max_length=20_000)
    duplicate: bool = Field(False, description="the answer to a forward that was already taken in")
    accounting_day: date
    at: Instant


class OfForward(Contract):
    """A word about one forward: it follows it on the same topics, under the same key, and never overtakes it."""

    origin: NodeCode
    origin_transaction: Identifier
    attempt: int = Field(1, ge=1, le=99)
    home: NodeCode | None = Field(None, description="downwards set by the router; upwards who speaks")
    number: Digits | None = None
    at: Instant


class CancelAsked(OfForward):
    """From the acceptance node, through the router, to the home: end the work if nothing is past return.

    The answer is an `Outcome` (`cancelled`, or whatever it ended as before), or `CancelTooLate`. It names all that a
    home needs to refuse for ever a forward that was not seen yet.
    """

    ce_type = "unicrm.work-order.cancel-asked.v1"

    order: Identifier
    business: str = Field(max_length=64)
    process: str = Field(max_length=64)
    version: int = Field(ge=1)
    accounting_day: date
    deadline: Instant
    acceptance: Acceptance = Field(description="of the order, not of the wish to cancel it")
    digest: str = Field(max_length=64, description="the forward's")
    by_group: bool = Field(
        False, description="the stored decision of a group order: it also ends a child that is ready"
    )
    reason: CancelReason = "cancelled-on-request"


class CancelTooLate(OfForward):
    """From the home: the work is past its point of no return, or is being undone already; it goes on."""

    ce_type = "unicrm.work-order.cancel-too-late.v1"

    home_transaction: Identifier
    sequence: int = Field(ge=0)


class ReadyTold(OfForward):
    """From the home of a child of an all-or-nothing group: nothing can be refused any more, it waits for the others."""

    ce_type = "unicrm.work-order.ready.v1"

    home_transaction: Identifier
    sequence: int = Field(ge=0)


class GoAhead(OfForward):
    """From the group order: all children are ready; go beyond the point of no return."""

    ce_type = "unicrm.work-order.go-ahead.v1"
