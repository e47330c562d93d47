"""Which nodes nothing new is sent to: the silent ones, and those that were switched off. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from libs.node import NODES
from services.hq_router.forwards.rules import HeldBecause

SILENT_AFTER = timedelta(seconds=60)
ANY = "*"
"""In a switch: every node, or every business."""


class NodeState(StrEnum):
    UP = "up"
    SILENT = "silent"
    AWAITED = "awaited"
    """Not heard of yet, and the router has not been there for long enough to call that silence."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What is open, and what is closed, at one moment.

    `started` is when this router began to listen. Before that it could hear nobody, so silence is counted from then
    at the earliest: a start holds nothing that a running router would send.
    """

    heard: Mapping[str, datetime]
    off: frozenset[tuple[str, str]]
    """Switched off: node and business, either of them possibly `ANY`."""
    started: datetime
    now: datetime

    def state_of(self, node: str) -> NodeState:
        last = self.heard.get(node)
        if self.now - max(last or self.started, self.started) > SILENT_AFTER:
            return NodeState.SILENT
        return NodeState.AWAITED if last is None or last < self.started else NodeState.UP

    def is_off(self, node: str, business: str = ANY) -> bool:
        return not self.off.isdisjoint(((node, ANY), (ANY, business), (node, business)))

    def why(self, node: str, business: str) -> HeldBecause | None:
        """Why no new forward of this business goes to this node; None: it may."""
        if self.is_off(node, business):
            return HeldBecause.SWITCHED_OFF
        return HeldBecause.NODE_SILENT if self.state_of(node) is NodeState.SILENT else None

    def open_nodes(self) -> list[str]:
        """The nodes to which something may go."""
        return [
            node for node in NODES if not self.is_off(node) and self.state_of(node) is not NodeState.SILENT
        ]
