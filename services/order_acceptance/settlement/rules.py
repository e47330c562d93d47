"""What the end of a work order means for its order and for the money that was taken."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from contracts.processes import Money, Pay


def order_state(work_state: str) -> str:
    """The TMF622 state of an order whose work ended so; the words are the same, an unknown one is a mistake.

    Raises ValueError for a state that is no end.
    """
    if work_state not in ("completed", "failed", "rejected", "cancelled"):
        raise ValueError(f"{work_state} is not the end of a work order")
    return work_state


def payment_status(work_state: str) -> str:
    """`done` when the business was, else `failed`: refunded in full."""
    return "done" if order_state(work_state) == "completed" else "failed"


def posted_at_home(business: str, content: Mapping[str, Any]) -> Decimal:
    """Yuan of the counter's money that reached an account of the home province: what the two provinces settle.

    Of a payment all of it; of an order what its fees left. Fees stay with the node that took them.
    """
    if business == "pay":
        return Pay.model_validate(content).amount
    return Money.model_validate(content.get("money") or {}).remainder
