"""Who sends: somebody of every role, and besides a hall clerk who sees one area and nothing beyond it."""

from libs.node import HQ, NODES
from libs.security.roles import ALL_ROLES, HALL_CLERK

LOCAL_CLERK = "local-clerk"
CALLERS = sorted({*ALL_ROLES, LOCAL_CLERK})


def role_of(caller: str) -> str:
    """The role that a token of this caller carries."""
    return HALL_CLERK if caller == LOCAL_CLERK else caller


def calls_at(caller: str, node: str) -> bool:
    """Whether there is such a caller at this node: areas are those of provinces."""
    return caller != LOCAL_CLERK or node != HQ


def local_area(node: str) -> str:
    """The area of its hall clerk who is bound to one: the last, where others work in the first, as they are seeded."""
    return NODES[node].area_codes[-1]
