"""The roles that a token may name, and the declaration of who may call an endpoint."""

from collections.abc import Iterable, Iterator

HALL_CLERK = "hall-clerk"
CALL_CENTRE_CLERK = "call-centre-clerk"
DEALER_CLERK = "dealer-clerk"
ACCOUNT_MANAGER = "account-manager"
SUPERVISOR = "supervisor"
HQ_OPERATOR = "hq-operator"
AUDITOR = "auditor"
MIGRATION = "migration"
MACHINE = "machine"
"""A partner's own system: orders, payments, reads."""
SERVICE = "service"
"""One of the fleet's services that asks another over its public API."""

ALL_ROLES = frozenset(
    {
        HALL_CLERK,
        CALL_CENTRE_CLERK,
        DEALER_CLERK,
        ACCOUNT_MANAGER,
        SUPERVISOR,
        HQ_OPERATOR,
        AUDITOR,
        MIGRATION,
        MACHINE,
        SERVICE,
    }
)

HQ_ROLES = frozenset({HQ_OPERATOR, SUPERVISOR, AUDITOR})
"""What headquarters' issuer may vouch for in a province; every other role is the province's own to give."""

CLIENT_ROLES = frozenset({MACHINE, MIGRATION, SERVICE})
"""Roles of programs; the others are people's."""

STAFF_ROLES = ALL_ROLES - CLIENT_ROLES


class Roles:
    """Who may call an endpoint: whoever has one of these roles.

    Raises ValueError for a role that does not exist, or for none at all: a typo must not lock an endpoint.
    """

    __slots__ = ("names",)

    def __init__(self, *names: str) -> None:
        unknown = sorted(set(names) - ALL_ROLES)
        if unknown or not names:
            raise ValueError(f"no such role: {', '.join(unknown)}" if unknown else "at least one role")
        self.names = frozenset(names)

    def admit(self, roles: Iterable[str]) -> bool:
        """Whether one of these roles of an actor is enough."""
        return not self.names.isdisjoint(roles)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.names))

    def __contains__(self, role: object) -> bool:
        return role in self.names

    def __or__(self, other: "Roles") -> "Roles":
        return Roles(*self.names, *other.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Roles) and self.names == other.names

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        return f"Roles({', '.join(repr(name) for name in self)})"


STAFF = Roles(*STAFF_ROLES)
EVERYONE = Roles(*ALL_ROLES)
"""Everybody with a valid token; for what is open to nobody in particular, `libs.web` has PUBLIC."""
