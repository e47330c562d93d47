"""Who asks, and whose the records are: everybody in his role, and beside him another of the same."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from deploy.authorisation import Whose
from libs.node import HQ
from libs.security.roles import ACCOUNT_MANAGER, ALL_ROLES, DEALER_CLERK, HALL_CLERK, HQ_OPERATOR
from tests.running import RunningService

HERE, THERE = "020", "0755"


@dataclass(frozen=True)
class Person:
    """Somebody who acts in an area, for a dealer where he is a dealer's clerk."""

    role: str
    subject: str
    area: str = HERE
    dealer: str | None = None

    @property
    def claims(self) -> dict[str, Any]:
        """What a token says of him, beside the role."""
        dealer = {"dealer": self.dealer} if self.dealer else {}
        return {"subject": self.subject, "area": self.area, **dealer}

    @property
    def care(self) -> dict[str, str]:
        """Of a customer in his hands, the characteristics that say so."""
        named = {"area": self.area, "dealer": self.dealer or ""}
        named["accountManager"] = self.subject if self.role == ACCOUNT_MANAGER else ""
        return {name: value for name, value in named.items() if value}

    def headers(
        self, service: RunningService, *, bound: bool = False, key: str | None = None
    ) -> dict[str, str]:
        """Of a request that he makes; `bound`: his right ends at his area."""
        return {"Authorization": _bearer(service, self, bound)} | ({"Idempotency-Key": key} if key else {})


@lru_cache(maxsize=500)
def _bearer(service: RunningService, person: Person, bound: bool) -> str:
    """One token for all that somebody asks: the time of the tests stands still."""
    issuer = HQ if person.role == HQ_OPERATOR else None
    return service.bearer(person.role, issuer=issuer, area_bound=bound, **person.claims)["Authorization"]


class Relation(StrEnum):
    """Whose a record is, seen from who asks for it."""

    OWN = "own"
    ANOTHERS = "another dealer's"
    OWN_AREA = "one's own, with a right that ends at the area"
    ANOTHER_AREA = "another area's, with a right that ends at the area"


def oneself(role: str) -> Person:
    return Person(role, f"{role}-1", dealer="dealer-a" if role == DEALER_CLERK else None)


def another(role: str) -> Person:
    return Person(role, f"{role}-2", dealer="dealer-b" if role == DEALER_CLERK else None)


def holder(role: str, relation: Relation, whose: Whose) -> Person:
    """Whose record is asked for by somebody in this role; who is not bound asks for a hall's, and for a dealer's."""
    own, others = oneself(HALL_CLERK), another(DEALER_CLERK)
    if role in whose.own:
        own, others = oneself(role), another(role)
    if relation is Relation.ANOTHERS:
        return others
    if relation is Relation.ANOTHER_AREA:
        # What somebody made himself he would see wherever he was.
        return replace(others if whose.own == ALL_ROLES else own, area=THERE)
    return own
