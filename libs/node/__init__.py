"""Which node am I: the register of nodes, and the settings of a process."""

from libs.node.register import HQ, NODES, PROVINCES, Node, Tier, province_of_area
from libs.node.settings import Settings, SettingsInvalid, load_settings

__all__ = [
    "HQ",
    "NODES",
    "PROVINCES",
    "Node",
    "Settings",
    "SettingsInvalid",
    "Tier",
    "load_settings",
    "province_of_area",
]
