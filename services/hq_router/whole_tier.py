"""What is of no area: the figures of the tier, and what stops or leads work in all of it.

Whoever is bound to an area sees and changes none of it; of the forwards he sees what was accepted there.
"""

from typing import Any

from libs.security.bounds import bounds
from libs.web import codes
from libs.web.call import Call
from libs.web.errors import Reason, Refusal
from services.hq_router.listing import Condition


def listed(call: Call[Any]) -> list[Condition]:
    """What bounds a list."""
    return [] if bounds(call.actor).everything else [("{}::boolean", False)]


def check_seen(call: Call[Any]) -> None:
    """Raises Refusal 404."""
    if not bounds(call.actor).everything:
        raise Refusal(Reason(codes.NOT_FOUND))


def check_written(call: Call[Any]) -> None:
    """Raises Refusal 403 forbidden."""
    if not bounds(call.actor).everything:
        raise Refusal(Reason(codes.FORBIDDEN))
