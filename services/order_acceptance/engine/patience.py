"""How long a work order waits for an answer before it asks again."""

from dataclasses import dataclass
from datetime import timedelta

LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a task may take, and how often it is asked."""

    first: timedelta
    askings: int

    def pause(self, asked: int) -> timedelta:
        """How long to wait after the n-th asking: doubling, bounded."""
        doubled: timedelta = self.first * 2 ** min(asked - 1, 20)
        return min(doubled, LONGEST_PAUSE)
