"""销户: the subscription ends, with its options; its number rests for 90 days before anybody gets it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.base import Part
from contracts.processes import Terminate
from libs.web.errors import Reason
from services.order_acceptance.orders.businesses.subscriber import (
    FIRST,
    Business,
    Filled,
    OnSubscriber,
    common,
    only_item,
    read_named,
)
from services.order_acceptance.orders.facts import Facts, Installed
from services.order_acceptance.orders.model import ProductOrderCreate

REST = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateWanted(OnSubscriber):
    business: str = "terminate"

    def content(self, number: str, ids: Sequence[str]) -> Part:
        return Terminate(number=number)


def says(order: ProductOrderCreate) -> TerminateWanted | list[Reason]:
    """The subscription; its owner has to stand at the counter."""
    reasons: list[Reason] = []
    _, product = only_item(order, reasons)
    named = read_named(order, product, f"{FIRST}.product", reasons, presenter=True)
    return reasons or TerminateWanted(**common(named))


def judge(content: Terminate, installed: Installed, facts: Facts, now: datetime) -> Filled:
    """Nothing that home's rows know is against it: what is owed, accounting says (the process's first step)."""
    return {"free_again": now + REST}, []


def always(content: Terminate) -> bool:
    return True


TERMINATE = Business(says=says, judge=judge, needs_presenter=always)
