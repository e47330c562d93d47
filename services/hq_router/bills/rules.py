"""Which version of a day's figures counts a bill first."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from services.hq_router.days import is_late

Pair = tuple[str, str, date]
FIRST = 1


def versions(
    pairs: Iterable[Pair], so_far: Mapping[Pair, int], now: datetime
) -> dict[Pair, tuple[int, bool]]:
    """For each pair of nodes and day: the version that counts what comes now, and whether it is late.

    While a day is open all of it is version 1. What comes after the day has closed keeps its day, is late, and makes
    a new version; the figures of a version are the sum of all bills up to it.
    """
    found = {}
    for pair in pairs:
        late = is_late(pair[2], now)
        found[pair] = (so_far.get(pair, 0) + 1 if late else FIRST, late)
    return found
