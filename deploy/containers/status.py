"""How nodes are, on one page for whoever runs them: services, lag, outbox, dead letters, links."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.table import Table

from libs.node import NODES

SILENT_SECONDS = 60.0
"""After this headquarters holds what is new for a node."""
_PLAIN_WIDTH = 160
"""Characters of a line where nobody looks at a terminal: nothing is shortened there."""


@dataclass
class ServiceStatus:
    """One service at one node: which of its checks failed, and what waits."""

    failed: list[str] = field(default_factory=list)
    lag: int = 0
    outbox: int = 0
    dead_letters: int = 0
    parked: int = 0


@dataclass(frozen=True)
class Link:
    """Headquarters' view of a node: since how many seconds it was not heard, and what is held for it."""

    node: str
    silent: float
    held: int

    @property
    def well(self) -> bool:
        return self.silent <= SILENT_SECONDS


@dataclass
class NodeStatus:
    """What one address said. `trouble` where it said nothing."""

    address: str
    node: str = "?"
    services: dict[str, ServiceStatus] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    oldest_work_order: float = 0.0
    trouble: str = ""

    @property
    def well(self) -> bool:
        """Whether all work. What waits, and dead letters, are work for somebody and no failure of the node."""
        return not self.trouble and not any(one.failed for one in self.services.values())


async def ask(client: httpx.AsyncClient, address: str) -> NodeStatus:
    """How the node at an address is."""
    try:
        ready, measured = await asyncio.gather(
            client.get(f"{address}/health/ready"), client.get(f"{address}/metrics")
        )
        checks = ready.json()["checks"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        return NodeStatus(address, trouble=f"no answer ({type(error).__name__})")
    if measured.status_code != 200:
        return NodeStatus(address, trouble="shows no measurements; ask inside the node")
    return read(address, checks, measured.text)


def read(address: str, checks: dict[str, str], measured: str) -> NodeStatus:
    """A node's status from its checks (`<service>.<check>`: ok or failed) and the text of its measurements."""
    status = NodeStatus(address)
    for name, outcome in checks.items():
        service, _, check = name.rpartition(".")
        one = status.services.setdefault(service, ServiceStatus())
        if outcome != "ok":
            one.failed.append(check)
    silent: dict[str, float] = {}
    held: dict[str, int] = {}
    for family in text_string_to_metric_families(measured):
        for sample in family.samples:
            # What a whole process measures names no service.
            if not sample.name.startswith("unicrm_") or "service" not in sample.labels:
                continue
            status.node = sample.labels["node"]
            one = status.services.setdefault(sample.labels["service"], ServiceStatus())
            match sample.name:
                case "unicrm_consumer_lag":
                    one.lag += int(sample.value)
                case "unicrm_outbox_depth":
                    one.outbox = int(sample.value)
                case "unicrm_dead_letters":
                    one.dead_letters = int(sample.value)
                case "unicrm_parked_messages":
                    one.parked = int(sample.value)
                case "unicrm_oldest_work_order_seconds":
                    status.oldest_work_order = sample.value
                case "unicrm_node_silent_seconds":
                    silent[sample.labels["of"]] = sample.value
                case "unicrm_forwards_held":
                    held[sample.labels["of"]] = int(sample.value)
    status.links = [Link(node, silent[node], held.get(node, 0)) for node in NODES if node in silent]
    return status


async def show(addresses: Sequence[str], console: Console | None = None) -> int:
    """Print the status of the nodes at these addresses; 0 when all are well, else 1."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, _PLAIN_WIDTH)
    async with httpx.AsyncClient(timeout=5) as client:
        found = await asyncio.gather(*(ask(client, address.rstrip("/")) for address in addresses))
    console.print(services_table(found))
    for status in found:
        if status.links:
            console.print(links_table(status))
    return 0 if all(status.well for status in found) else 1


def services_table(found: Sequence[NodeStatus]) -> Table:
    """A line for each service of each node."""
    table = Table(box=None, pad_edge=False)
    table.add_column("node")
    table.add_column("service")
    table.add_column("state")
    for heading in ("lag", "outbox", "dead letters", "parked", "oldest work order"):
        table.add_column(heading, justify="right")
    for status in found:
        if status.trouble:
            table.add_row(status.address, "", f"[red]{status.trouble}[/]")
        for name, one in sorted(status.services.items()):
            state = f"[red]{', '.join(one.failed)} failed[/]" if one.failed else "[green]ready[/]"
            age = f"{status.oldest_work_order:.0f} s" if name == "order-acceptance" else ""
            counts = (one.lag, one.outbox, one.dead_letters, one.parked)
            table.add_row(status.node, name, state, *(str(count) for count in counts), age)
    return table


def links_table(status: NodeStatus) -> Table:
    """How headquarters hears the nodes."""
    table = Table(box=None, pad_edge=False, title=f"links of {status.node}", title_justify="left")
    table.add_column("to")
    table.add_column("state")
    table.add_column("last heard", justify="right")
    table.add_column("held", justify="right")
    for link in status.links:
        state = "[green]up[/]" if link.well else "[red]silent[/]"
        table.add_row(link.node, state, f"{link.silent:.0f} s ago", str(link.held))
    return table
