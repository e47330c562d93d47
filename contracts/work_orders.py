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
