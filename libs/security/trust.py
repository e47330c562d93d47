"""Which issuers a node believes, and for which roles.

A node believes its own issuer; a province believes headquarters' too, for the roles of headquarters; nobody
believes a province but itself.
"""

from dataclasses import dataclass

from libs.node import HQ, Settings
from libs.security.roles import ALL_ROLES, HQ_OPERATOR, HQ_ROLES

_JWKS_PATH = "/.well-known/jwks.json"


@dataclass(frozen=True, slots=True)
class Trust:
    """An issuer: the `iss` of its tokens, the node it speaks for, where its keys are (URL or file), and the
    only roles that it may give here; others in a token are as if they were not there."""

    issuer: str
    node: str
    source: str
    roles: frozenset[str]


def trusted_issuers(settings: Settings) -> tuple[Trust, ...]:
    """The issuers that a node with these settings believes."""

    def trust(issuer: str, node: str, roles: frozenset[str]) -> Trust:
        address = settings.within if issuer == settings.issuer else issuer
        return Trust(issuer, node, settings.jwks.get(issuer, address + _JWKS_PATH), roles)

    if settings.node == HQ:
        return (trust(settings.issuer, HQ, ALL_ROLES),)
    own = trust(settings.issuer, settings.node, ALL_ROLES - {HQ_OPERATOR})
    if settings.hq_issuer == settings.issuer:
        raise ValueError("a province and headquarters cannot have the same issuer")
    return (own, trust(settings.hq_issuer, HQ, HQ_ROLES))
