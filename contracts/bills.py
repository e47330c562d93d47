"""Interface `bills`: money that one node collected for another, keyed by the number."""

from datetime import date
from typing import Literal

from pydantic import Field

from contracts.base import Acceptance, Contract, Digits, Identifier, Instant, NodeCode, Yuan


class CrossProvinceBill(Contract):
    """One payment that the acceptance node collected for a subscriber of the home node.

    Sent once it is posted at home; the amounts of a day are what the two provinces settle.
    """

    ce_type = "unicrm.bill.collected.v1"

    payment: Identifier
    work_order: Identifier
    collected_by: NodeCode
    home: NodeCode
    number: Digits
    kind: Literal["payment", "refund"]
    amount: Yuan = Field(gt=0)
    accounting_day: date
    acceptance: Acceptance
    at: Instant
