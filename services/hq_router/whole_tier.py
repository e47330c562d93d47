"""Lists of what is of no area: the figures of the tier, and what stops or leads work in all of it.

Whoever is bound to an area sees none of it (`libs/web/whole_node.py`); of the forwards he sees what was accepted there.
"""

from typing import Any

from libs.security.bounds import bounds
from libs.web.call import Call
from services.hq_router.listing import Condition


def listed(call: Call[Any]) -> list[Condition]:
    """What bounds a list."""
    return [] if bounds(call.actor).everything else [("{}::boolean", False)]
