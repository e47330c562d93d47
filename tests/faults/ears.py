"""Who listens to the orders of every node: a callback in the client's own process, and what came to it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from libs.clock import ShiftedClock
from tests.faults.client import Client
from tests.listening import Listener, listening

HUB = "/tmf-api/productOrderingManagement/v4/hub"
QUERY = "eventType=ProductOrderStateChangeEvent&fields=id,state"
HELD = timedelta(seconds=61)
"""So long a courier that was killed keeps its listener from the next one."""


@dataclass
class Ears:
    """One listener for each node; the checker reads what it heard, and since when it listens."""

    nodes: dict[str, Listener]
    heard: list[dict[str, Any]] = field(default_factory=list)
    """Each notification that was taken, as often as it came: node, event, order, state, when it happened and came."""
    since: dict[str, str] = field(default_factory=dict)
    """By node."""

    async def listen(self, client: Client, clock: ShiftedClock) -> None:
        """Register at every node. Registering again is the same subscription."""
        for node, listener in self.nodes.items():
            body = {"callback": listener.url, "query": QUERY}
            made = await client.post(node, HUB, body, role="supervisor")
            assert made is not None, f"{node} did not register a listener"
            self.since.setdefault(node, clock.now().isoformat())
            listener.answer = self._taken_by(node, clock)

    def deaf(self, node: str) -> None:
        """From now on this listener is not there, as far as a courier can tell."""
        self.nodes[node].answer = lambda _: 503

    def _taken_by(self, node: str, clock: ShiftedClock) -> Any:
        def taken(body: dict[str, Any]) -> int:
            order = body["event"]["productOrder"]
            self.heard.append(
                {
                    "node": node,
                    "event": body["eventId"],
                    "order": order["id"],
                    "state": order["state"],
                    "happened": body["eventTime"],
                    "came": clock.now().isoformat(),
                }
            )
            return 204

        return taken


@asynccontextmanager
async def ears(*nodes: str) -> AsyncIterator[Ears]:
    """Open until the end of the block, whatever becomes of the fleet meanwhile."""
    async with AsyncExitStack() as stack:
        yield Ears({node: await stack.enter_async_context(listening()) for node in nodes})
