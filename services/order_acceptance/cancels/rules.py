"""What becomes of the wish to cancel an order: who decides it, and what it comes to. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.order_acceptance.engine.patience import Patience
from services.order_acceptance.engine.rules import Moved, Reason, WorkOrder
from services.order_acceptance.engine.stopping import cancelled, is_forwarded

ON_REQUEST = "cancelled-on-request"


class Verdict(StrEnum):
    HERE = "here"  # this node takes the work back
    ELSEWHERE = "elsewhere"  # home decides
    TOO_LATE = "too-late"


@dataclass(frozen=True, slots=True)
class Judged:
    verdict: Verdict
    moved: Moved | None = None


def judge(work: WorkOrder, now: datetime, patience: Patience) -> Judged:
    """Whether the work of an order can be taken back, and by whom."""
    moved = cancelled(work, [Reason(ON_REQUEST, node=work.node)], now, patience)
    if moved is not None:
        return Judged(Verdict.HERE, moved)
    return Judged(Verdict.ELSEWHERE if is_forwarded(work) else Verdict.TOO_LATE)


def task_state(order_state: str) -> str:
    """The state of a wish to cancel once its order has ended."""
    return "done" if order_state == "cancelled" else "terminatedWithError"
