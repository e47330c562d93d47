"""The processes of a node: one with all its services, or one for each service and each relay behind a door."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.children import Kind
from deploy.local.places import ROOT, make_folder
from deploy.local.plan import FleetPlan

MODULE = "deploy.cli.main"


@dataclass(frozen=True)
class Part:
    """One process of a node: `unicrm <arguments>` with the settings of the node."""

    name: str
    kind: Kind
    node: str
    arguments: tuple[str, ...]


def parts_of(plan: FleetPlan, node: str, services: Sequence[str]) -> list[Part]:
    """What is started for a node that runs these services, in this order.

    The process that answers at the node's port is named as the node.
    """
    if not plan.split:
        return [Part(node, "node", node, ("node",))]
    behind = [
        argument for name in services for argument in ("--behind", f"{name}={_socket(plan, node, name)}")
    ]
    return [
        *(
            Part(
                f"{node}.{name}",
                "service",
                node,
                ("serve", name, "--without-relay", "--socket", str(_socket(plan, node, name))),
            )
            for name in services
        ),
        *(Part(f"{node}.{name}.relay", "relay", node, ("relay", name)) for name in services),
        Part(node, "door", node, ("door", *behind)),
    ]


def _socket(plan: FleetPlan, node: str, service: str) -> Path:
    """Below the checkout, in which all processes are: names of sockets are short or not at all."""
    return (make_folder(plan.folder / "sockets") / f"{node}.{service}").relative_to(ROOT)
