"""Which accounting days a node reports, and what of its records it may send again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

KEPT = timedelta(days=31)
"""How long a closed day is looked after: what changes later is for the books, not for a replay."""
LOOKED_AT_AGAIN = timedelta(hours=24)
"""A day is counted again after so long, also where nothing seems to have changed."""
UNDER_WAY = timedelta(minutes=1)
"""What was being written while the figures were made carries an earlier moment than they do."""
RESTS = timedelta(minutes=1)
"""A day of which much still changes is not counted all the time."""

RESENT = frozenset({"asked", "done"})
"""States of a forward's step in which it may be sent again: the router has not answered, or home has done it.

After a refusal it may not: where the router itself refused, home never had it, and would do it now.
"""


@dataclass(frozen=True, slots=True)
class Reported:
    """A day as it was reported last."""

    version: int
    looked: datetime
    figures: str
    """JSON; the same figures are the same text."""


def days_to_look_at(
    reported: Mapping[date, Reported], changed: Mapping[date, datetime], now: datetime
) -> list[date]:
    """The reported days of which something has changed since, or that nobody has looked at for a day."""
    return [
        day
        for day, was in sorted(reported.items())
        if now - was.looked >= LOOKED_AT_AGAIN
        or (now - was.looked >= RESTS and day in changed and changed[day] >= was.looked - UNDER_WAY)
    ]
