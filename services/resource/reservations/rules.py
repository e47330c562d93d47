"""Reservations: how long, how many, and what may be asked for."""

from dataclasses import dataclass
from datetime import timedelta

from services.resource.inventory.rules import Category
from services.resource.numbers.patterns import Pattern

USUALLY = 30
"""Minutes, where nobody says."""
LONGEST = 24 * 60
MOST = 50
"""Resources in one reservation."""


@dataclass(frozen=True, slots=True)
class Pick:
    """So many of stock, whichever they are. Filters that are None let everything through."""

    category: Category
    count: int
    pattern: Pattern
    kind: str | None = None
    area: str | None = None
    network: str | None = None
    number_class: str | None = None

    def within(self, area: str | None) -> "Pick | None":
        """The pick of somebody whose rights end at an area; None where it asks for another one."""
        if area is None or self.area == area:
            return self
        if self.area is not None:
            return None
        return Pick(self.category, self.count, self.pattern, self.kind, area, self.network, self.number_class)


def valid_for(minutes: int | None) -> timedelta:
    """How long a reservation holds."""
    return timedelta(minutes=USUALLY if minutes is None else minutes)
