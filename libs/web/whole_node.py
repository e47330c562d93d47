"""What belongs to a node as a whole, to no area and to nobody's care: whoever is bound to either has no part in it."""

from typing import Any

from libs.security.bounds import bounds
from libs.web import codes
from libs.web.call import Call
from libs.web.errors import Reason, Refusal


def check_seen(call: Call[Any]) -> None:
    """Raises Refusal 404."""
    if not bounds(call.actor).everything:
        raise Refusal(Reason(codes.NOT_FOUND))


def check_written(call: Call[Any]) -> None:
    """Raises Refusal 403 forbidden."""
    if not bounds(call.actor).everything:
        raise Refusal(Reason(codes.FORBIDDEN))
