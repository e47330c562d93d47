"""Whose records an actor may touch. Data, from the token; a store turns it into SQL."""

from dataclasses import dataclass

from libs.security.actor import Actor
from libs.security.roles import ACCOUNT_MANAGER, DEALER_CLERK

BOUND_ROLES = frozenset({DEALER_CLERK, ACCOUNT_MANAGER})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Each that is not None must match; all None is everything at the node.

    `dealer`: only what this dealer accepted or owns. `area`: only this area code. `account_manager`: only the
    customers of this operator. What does not match is not there: 404, and absent from lists and counts.
    """

    dealer: str | None = None
    area: str | None = None
    account_manager: str | None = None

    @property
    def everything(self) -> bool:
        return self.dealer is None and self.area is None and self.account_manager is None

    def cover(
        self, *, dealer: str | None = None, area: str | None = None, account_manager: str | None = None
    ) -> bool:
        """Whether a record with these owners is inside; a record without an owner is outside of a bound
        one."""
        return (
            self.dealer in (None, dealer)
            and self.area in (None, area)
            and self.account_manager in (None, account_manager)
        )


def bounds(actor: Actor) -> Bounds:
    """The bounds of an actor.

    A dealer's clerk and an account manager are bounded, unless another role of theirs is not (a supervisor
    who also manages accounts sees the node); whoever has both bounded roles is inside both. An area binds
    whatever the role.
    """
    area = actor.area if actor.area_bound else None
    if not actor.roles <= BOUND_ROLES:
        return Bounds(area=area)
    return Bounds(
        dealer=actor.dealer if DEALER_CLERK in actor.roles else None,
        area=area,
        account_manager=actor.subject if ACCOUNT_MANAGER in actor.roles else None,
    )
