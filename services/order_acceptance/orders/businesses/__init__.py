"""The businesses on an existing subscription, one file for what each order says and when it is refused."""

from collections.abc import Mapping
from types import MappingProxyType

from services.order_acceptance.orders.businesses.options import SUBSCRIBE, UNSUBSCRIBE
from services.order_acceptance.orders.businesses.plan import CHANGE_PLAN
from services.order_acceptance.orders.businesses.subscriber import Business
from services.order_acceptance.orders.businesses.suspension import RESUME, SUSPEND
from services.order_acceptance.orders.businesses.termination import TERMINATE

BUSINESSES: Mapping[str, Business] = MappingProxyType(
    {
        "suspend": SUSPEND,
        "resume": RESUME,
        "change-plan": CHANGE_PLAN,
        "subscribe": SUBSCRIBE,
        "unsubscribe": UNSUBSCRIBE,
        "terminate": TERMINATE,
    }
)
