"""What a simulator is told, by the environment."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from libs.telemetry.settings import TracedSettings

System = Literal["provisioning", "accounting", "billing"]
SYSTEMS: tuple[System, ...] = ("provisioning", "accounting", "billing")
Share = Annotated[float, Field(ge=0, le=1)]


class FleetSettings(TracedSettings):
    """What the simulators share with the fleet: `UNICRM_…`."""

    model_config = SettingsConfigDict(env_prefix="UNICRM_", extra="ignore", frozen=True)

    kafka: str
    topic_prefix: str = ""
    topic_partitions: int = 6
    keys_dir: Path = Path("/run/secrets/unicrm")
    clock_file: Path | None = None


class SimulatorSettings(BaseSettings):
    """How one of them behaves: `UNICRM_SIMULATOR_…`."""

    model_config = SettingsConfigDict(env_prefix="UNICRM_SIMULATOR_", extra="ignore", frozen=True)

    nodes: Annotated[tuple[str, ...], NoDecode]
    """Codes of the nodes it works for, with commas between them."""
    journal: Path
    """The SQLite file; made with its folder where it is not there."""
    delay_ms: Annotated[float, Field(ge=0)] = 5
    """How long an answer takes, on average."""
    delay_spread: Share = 0.5
    """How far a single delay may lie from the average, as a share of it."""
    failure_rate: Share = 0
    """Share of fresh tasks that are refused; never one after the point of no return, never an undo."""
    silence_rate: Share = 0
    """Share of askings that stay without an answer."""
    special_numbers: bool = True
    """Whether some numbers behave in a way of their own: see behaviour.py."""
    late_ms: Annotated[float, Field(ge=0)] = 5_000
    """How long the answer for a late number takes."""
    seed: int | None = None
    """Makes chance repeatable."""

    @field_validator("nodes", mode="before")
    @classmethod
    def _codes(cls, given: object) -> object:
        return (
            tuple(code.strip() for code in given.split(",") if code.strip())
            if isinstance(given, str)
            else given
        )
