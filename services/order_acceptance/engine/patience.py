"""How long a work order waits: for an answer before it asks again, and for its turn."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_PAUSE = timedelta(minutes=15)
GUARD_OF_A_CHILD = timedelta(minutes=10)
"""How long a child of a group waits for its subscription before it is `subscription-busy`."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a task may take, and how often it is asked."""

    first: timedelta
    askings: int

    def pause(self, asked: int) -> timedelta:
        """How long to wait after the n-th asking: doubling, bounded."""
        doubled: timedelta = self.first * 2 ** min(asked - 1, 20)
        return min(doubled, LONGEST_PAUSE)


def waits_until(deadline: datetime, group: str | None, now: datetime) -> datetime:
    """Until when it waits for its guard from now on: the other children of a group wait for this one, not for long."""
    return min(deadline, now + GUARD_OF_A_CHILD) if group else deadline
