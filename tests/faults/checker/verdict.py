"""All rules at once."""

from datetime import timedelta

from tests.faults.checker.asked import check_asked
from tests.faults.checker.books import check_books
from tests.faults.checker.effects import check_effects
from tests.faults.checker.evidence import Evidence
from tests.faults.checker.findings import Violation
from tests.faults.checker.groups import check_groups
from tests.faults.checker.heard import check_heard
from tests.faults.checker.looks import check_looks
from tests.faults.checker.orders import check_orders
from tests.faults.checker.queues import check_queues
from tests.faults.checker.stock import check_stock
from tests.faults.checker.tier import check_tier

LONGEST = timedelta(minutes=5)


def check(found: Evidence, longest: timedelta = LONGEST) -> list[Violation]:
    """Every violation there is; none where all promises were kept."""
    return [
        *check_orders(found, longest),
        *check_asked(found),
        *check_groups(found),
        *check_looks(found),
        *check_effects(found),
        *check_stock(found),
        *check_tier(found),
        *check_queues(found),
        *check_books(found),
        *check_heard(found, longest),
    ]
