"""The businesses, one file each. This list is what the node offers."""

from collections.abc import Mapping
from types import MappingProxyType

from services.order_acceptance.engine.process import Process
from services.order_acceptance.processes.change_plan import CHANGE_PLAN
from services.order_acceptance.processes.open_account import OPEN_ACCOUNT
from services.order_acceptance.processes.open_group_member import OPEN_GROUP_MEMBER
from services.order_acceptance.processes.pay import PAY
from services.order_acceptance.processes.replace_sim import REPLACE_SIM
from services.order_acceptance.processes.resume import RESUME
from services.order_acceptance.processes.subscribe import SUBSCRIBE
from services.order_acceptance.processes.suspend import SUSPEND
from services.order_acceptance.processes.terminate import TERMINATE
from services.order_acceptance.processes.unsubscribe import UNSUBSCRIBE

PROCESSES: Mapping[tuple[str, int], Process] = MappingProxyType(
    {
        (process.name, process.version): process
        for process in (
            OPEN_ACCOUNT,
            OPEN_GROUP_MEMBER,
            REPLACE_SIM,
            PAY,
            SUSPEND,
            RESUME,
            CHANGE_PLAN,
            SUBSCRIBE,
            UNSUBSCRIBE,
            TERMINATE,
        )
    }
)
"""Every version that may still be under way, by name and version."""

CURRENT: Mapping[str, Process] = MappingProxyType(
    {name: PROCESSES[name, max(v for n, v in PROCESSES if n == name)] for name, _ in PROCESSES}
)
"""The version that new work orders get."""
