"""A fleet on one page: which nodes at which ports, and where what it writes lies."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.engines import Engines, external
from deploy.local.places import LOCAL
from deploy.local.trouble import Trouble
from libs.node import HQ, PROVINCES, load_settings

FIRST_PORT = 8000
PARTITIONS = 2
EXECUTORS = ("production",)
"""Outside systems for which is sealed: they have keys of their own."""


@dataclass(frozen=True)
class FleetPlan:
    """Headquarters at port 8000 and the provinces at the ports after it, in the order given."""

    provinces: tuple[str, ...]
    place: str = "up"
    """The folder below `.local/`."""
    fresh: bool = False
    """Whether it begins with empty engines; then nothing of it has to survive either."""
    split: bool = False
    """Whether every service, and every relay, is a process of its own."""
    first_port: int = FIRST_PORT
    """Of headquarters; the provinces have those after it."""

    @classmethod
    def of(cls, provinces: str, **more: Any) -> "FleetPlan":
        """From the codes of provinces, `"bj,gd"`. Raises Trouble for what is no province, or named twice."""
        codes = tuple(code.strip() for code in provinces.split(",") if code.strip())
        unknown = [code for code in codes if code not in PROVINCES]
        if unknown:
            raise Trouble(f"There is no province {', '.join(unknown)}; there are {', '.join(PROVINCES)}.")
        if len(set(codes)) != len(codes):
            raise Trouble(f"A province is named twice: {provinces}.")
        return cls(codes, **more)

    @property
    def nodes(self) -> tuple[str, ...]:
        return (HQ, *self.provinces)

    @property
    def folder(self) -> Path:
        return LOCAL / self.place

    @property
    def clock_file(self) -> Path:
        return clock_file(self.place)

    @property
    def page_file(self) -> Path:
        """The fleet for programs: of `make up` at a fixed place, of others beside their data."""
        return LOCAL / "fleet.json" if self.place == "up" else self.folder / "fleet.json"

    def port(self, node: str) -> int:
        return self.first_port + self.nodes.index(node)

    def url(self, node: str) -> str:
        return f"http://127.0.0.1:{self.port(node)}"

    def told(self, node: str, engines: Engines) -> dict[str, Any]:
        """The settings of a node that are the plan's to give; all others are those of our environment."""
        # On servers that others use too, a fleet that begins anew must not touch what is theirs.
        apart = self.place if self.fresh and external() else ""
        return {
            "node": node,
            "public_url": self.url(node),
            "hq_url": None if node == HQ else self.url(HQ),
            "postgres_url": engines.postgres_url,
            "kafka": engines.kafka,
            "database_prefix": f"{apart}_" if apart else "",
            "topic_prefix": f"{apart}." if apart else "",
            "topic_partitions": PARTITIONS,
            "development": True,
            "keys_dir": str(self.folder / "keys" / node),
            "clock_file": str(self.clock_file),
        }


def clock_file(place: str = "up") -> Path:
    """Where the processes of a local fleet read how far its time was advanced."""
    return LOCAL / place / "clock"


def shared_clock_file(place: str) -> Path:
    """The clock of the fleet that our environment makes us a node of, else of the local fleet at this place.

    Raises Trouble where that is no development fleet, or none at all; SettingsInvalid.
    """
    if "UNICRM_NODE" in os.environ:
        settings = load_settings()
        if not settings.development or settings.clock_file is None:
            raise Trouble(
                f"The time of {settings.node} is the machine's: only a development fleet's can be advanced."
            )
        return settings.clock_file
    file = clock_file(place)
    if not file.parent.is_dir():
        raise Trouble(f"There is no fleet in {file.parent}.")
    return file


def outer_environment() -> dict[str, str]:
    """Our environment without settings of a node; how simulators are to behave (`UNICRM_SIMULATOR_…`) stays."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("UNICRM_") or name.startswith("UNICRM_SIMULATOR_")
    }


def environment(told: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a process with these settings; where they say nothing, with those of ours."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("UNICRM_")}
    given = {f"UNICRM_{name.upper()}": _text(value) for name, value in told.items() if value is not None}
    for name, value in told.items():
        if value is None:
            ours.pop(f"UNICRM_{name.upper()}", None)
    return outer_environment() | ours | given


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
