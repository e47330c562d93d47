"""The stand-ins for production systems that a local fleet starts, each a process of its own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from deploy.local.engines import Engines
from deploy.local.plan import PARTITIONS, FleetPlan

MODULE = "deploy.simulators"
SYSTEMS = ("provisioning", "accounting", "billing")


@dataclass(frozen=True)
class Simulator:
    """One system for the whole fleet."""

    name: str
    environment: Mapping[str, str]


def simulators(plan: FleetPlan, engines: Engines) -> list[Simulator]:
    """`python -m deploy.simulators <system>`, told by the environment where the engines, keys and its journal are."""
    if find_spec(f"{MODULE}.__main__") is None:
        return []
    told = plan.told(plan.nodes[0], engines)
    traces = {name: value for name, value in os.environ.items() if name.startswith("UNICRM_TRACES")}
    return [
        Simulator(
            system,
            traces
            | {
                "UNICRM_SIMULATOR_NODES": ",".join(plan.nodes),
                "UNICRM_SIMULATOR_JOURNAL": str(_journal(plan, system)),
                "UNICRM_KAFKA": engines.kafka,
                "UNICRM_TOPIC_PREFIX": told["topic_prefix"],
                "UNICRM_TOPIC_PARTITIONS": str(PARTITIONS),
                "UNICRM_KEYS_DIR": str(plan.folder / "keys" / "production"),
                "UNICRM_CLOCK_FILE": str(plan.clock_file),
            },
        )
        for system in SYSTEMS
    ]


def _journal(plan: FleetPlan, system: str) -> Path:
    return plan.folder / "simulators" / f"{system}.sqlite"
