"""Whoever listens to the orders of a node hears of each end, at least once, in time, and under one id."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.findings import Violation

ENDS = {"completed", "failed", "rejected", "cancelled", "partial"}


def check_heard(found: Evidence, longest: timedelta) -> Iterator[Violation]:
    """`longest` is how much time may go by between a change and the first time that a listener is told of it.

    Nothing where nobody listens. What a subscription covers is what was ordered since it was made.
    """
    yield from _one_event(found)
    first: dict[tuple[str, str, str], Row] = {}
    for heard in found.heard:
        first.setdefault((heard["node"], heard["order"], heard["state"]), heard)
    for node, since in found.listening.items():
        for order in found.of(node, "orders"):
            if order["state"] not in ENDS or _moment(order["document"]["orderDate"]) < _moment(since):
                continue
            heard_of = first.get((node, order["id"], order["state"]))
            where = f"the end of {order['id']} of {node} ({order['state']})"
            if heard_of is None:
                yield Violation("ends-are-heard", f"{where} was never heard")
            elif (late := _moment(heard_of["came"]) - _moment(heard_of["happened"])) > longest:
                yield Violation("ends-are-heard", f"{where} was heard after {late.total_seconds():.0f} s")


def _one_event(found: Evidence) -> Iterator[Violation]:
    """What comes twice under one id says the same; and one order does not end in two ways."""
    said: dict[str, tuple[str, str]] = {}
    ends: dict[str, str] = {}
    for heard in found.heard:
        what = (heard["order"], heard["state"])
        if said.setdefault(heard["event"], what) != what:
            yield Violation(
                "ends-are-heard", f"event {heard['event']} said {said[heard['event']]}, then {what}"
            )
        if heard["state"] in ENDS and ends.setdefault(heard["order"], heard["state"]) != heard["state"]:
            yield Violation(
                "ends-are-heard", f"{heard['order']} was heard to be {ends[heard['order']]}, then {what[1]}"
            )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
