"""Who acts, and where the act takes place. It comes from the token and from nowhere else."""

from dataclasses import dataclass

from libs.security.roles import DEALER_CLERK


@dataclass(frozen=True, slots=True)
class Actor:
    """One caller, as the token vouches for it.

    `subject` is the operator's or client's id, `node` the node that it belongs to (`hq` for headquarters'
    people, also while they act in a province), `channel` / `hall` / `dealer` / `area` the place of the act.
    `area_bound` says that the actor's rights end at that area. `client` is true for a program (client
    credentials).

    Raises ValueError for a dealer's clerk without a dealer: what bounds such an actor must exist.
    """

    subject: str
    issuer: str
    node: str
    roles: frozenset[str]
    channel: str | None = None
    hall: str | None = None
    dealer: str | None = None
    area: str | None = None
    name: str | None = None
    client: bool = False
    area_bound: bool = False

    def __post_init__(self) -> None:
        if DEALER_CLERK in self.roles and not self.dealer:
            raise ValueError("a dealer's clerk acts for a dealer")
        if self.area_bound and not self.area:
            raise ValueError("whoever is bound to an area has one")

    def has(self, *roles: str) -> bool:
        """Whether the actor has at least one of these roles."""
        return not self.roles.isdisjoint(roles)

    def place(self) -> dict[str, str | None]:
        """What every order, payment, reservation, work order and event keeps of who accepted it, and where.

        Always the same seven keys: actor, issuer, node, channel, hall, dealer, area; None where there is
        none.
        """
        return {
            "actor": self.subject,
            "issuer": self.issuer,
            "node": self.node,
            "channel": self.channel,
            "hall": self.hall,
            "dealer": self.dealer,
            "area": self.area,
        }
