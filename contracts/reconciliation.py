"""Interface `reports`: the reconciliation of an accounting day, keyed by the node and the day.

When a day has closed, a node says on `<node>.uplink.reports` what it sent and took in over the other interfaces; the
router compares that with its own ledger. Where they differ it asks on `<node>.downlink.reports`, first for the single
records, then, when an operator says so, for those to be sent again that got lost.

A record is a line: `id|business|counterpart|state|amount`, the amount with two decimals, what is not there left empty.
A digest is the sum of the first 60 bits of the SHA-256 of each line, as a decimal text: the order does not count, and
a line that is there twice counts twice.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from contracts.base import Contract, Instant, NodeCode, Part, Yuan

Direction = Literal["up", "down"]
"""As the node sees it: up to the router, or down from it."""
Reconciled = Literal["work-orders", "bills"]
"""The interfaces that are reconciled: all that carry records of work or money."""
Record = Literal["forward", "outcome", "bill"]

LARGEST_PAGE = 2000
"""Lines in one message: 600 KiB with the longest ids."""
AT_ONCE = 500
"""Records that are asked for again in one message."""

RecordId = str
"""`forward/<origin>/<its transaction>/<attempt>`, `outcome/…` the same, `bill/<payment>/<work order>/<kind>`."""


class Figure(Part):
    """What one end has of one kind of record, business and counterpart: how many, how much, and their digest."""

    record: Record
    business: str = Field(max_length=64, description="of a bill: `payment` or `refund`")
    counterpart: NodeCode | None = Field(
        None,
        description="the other node, where both ends know it: a bill's home, the origin of what home did",
    )
    count: int = Field(ge=1)
    amount: Yuan = Field(description="yuan of the counter's money that go to an account at home")
    digest: str = Field(pattern=r"^[0-9]{1,40}$")


class Account(Part):
    """All that went over one interface in one direction."""

    interface: Reconciled
    direction: Direction
    figures: list[Figure] = Field([], max_length=4000)


class DayReported(Contract):
    """A node's figures of one accounting day, made when the day had closed.

    What came or ended later makes a new version; of several the highest counts.
    """

    ce_type = "unicrm.reconciliation.day-reported.v1"

    node: NodeCode
    day: date
    version: int = Field(ge=1)
    accounts: list[Account] = Field(max_length=8)
    at: Instant


class Group(Part):
    """One kind of record of one business."""

    record: Record
    business: str = Field(max_length=64)


class LinesAsked(Contract):
    """The router asks a node for single records of a day: those behind `after` in the order of their ids."""

    ce_type = "unicrm.reconciliation.lines-asked.v1"

    node: NodeCode
    day: date
    interface: Reconciled
    direction: Direction
    question: str = Field(max_length=64, description="comes back with the answer")
    groups: list[Group] = Field(max_length=1000)
    after: str = Field("", max_length=256)
    most: int = Field(LARGEST_PAGE, ge=1, le=LARGEST_PAGE)
    at: Instant


class Line(Part):
    """One record as one end has it."""

    id: RecordId = Field(max_length=256)
    business: str = Field(max_length=64)
    counterpart: NodeCode | None = None
    state: str = Field("", max_length=32, description="of an outcome: how the work ended")
    amount: Yuan

    @property
    def text(self) -> str:
        """What the digest is made of."""
        return f"{self.id}|{self.business}|{self.counterpart or ''}|{self.state}|{self.amount:.2f}"


class LinesReported(Contract):
    """A page of a node's records, in the order of their ids (as bytes)."""

    ce_type = "unicrm.reconciliation.lines-reported.v1"

    node: NodeCode
    day: date
    question: str = Field(max_length=64)
    after: str = Field("", max_length=256)
    lines: list[Line] = Field(max_length=LARGEST_PAGE)
    last: bool = Field(description="whether no line follows")
    at: Instant


class ReplayAsked(Contract):
    """The router asks a node to send records again that did not reach it: the same ids, the same accounting day."""

    ce_type = "unicrm.reconciliation.replay-asked.v1"

    node: NodeCode
    day: date
    records: list[RecordId] = Field(min_length=1, max_length=AT_ONCE)
    at: Instant
