"""When an entry of a list counts, which entries are national, and who writes them. Pure."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from libs.node import HQ
from libs.security.roles import HQ_OPERATOR, SUPERVISOR

ListName = Literal["blacklist", "redlist"]


class Standing(NamedTuple):
    """How an entry stands at a moment: whether it counts, and when that changes next."""

    in_force: bool
    changes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment to another: its start belongs to it, its end no longer does. None has no limit on that side."""

    start: datetime | None = None
    end: datetime | None = None

    def counts(self, now: datetime) -> bool:
        """Whether an entry with this period counts at a moment."""
        return (self.start is None or self.start <= now) and (self.end is None or now < self.end)

    def next_change(self, now: datetime) -> datetime | None:
        """The next moment at which it begins or ends; None where time changes nothing any more."""
        return min((at for at in (self.start, self.end) if at is not None and at > now), default=None)

    def standing(self, now: datetime) -> Standing:
        return Standing(self.counts(now), self.next_change(now))


ALWAYS = Period()


def is_national(node: str, name: ListName, customer: str | None) -> bool:
    """Whether an entry made here counts in the whole country: a customer is one node's own, an identity anybody's.

    Whom to protect from machines each node knows for itself.
    """
    return node == HQ and name == "blacklist" and customer is None


def may_write(node: str, name: ListName, roles: Set[str]) -> bool:
    """Supervisors write the lists of their node; headquarters' operators its blacklist, and nothing in a province."""
    return SUPERVISOR in roles or (HQ_OPERATOR in roles and node == HQ and name == "blacklist")
