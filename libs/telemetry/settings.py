"""Where traces go, as a process is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from libs.telemetry.spans import OFF, Tracer

Destination = Literal["off", "otlp", "console"]
COLLECTOR = "http://127.0.0.1:4318/v1/traces"
"""Where OpenTelemetry's collector listens unless told otherwise."""


class TraceSettings(NamedTuple):
    """Where spans go, and which share of the traces that begin here is recorded."""

    to: Destination = "off"
    endpoint: str = COLLECTOR
    sample: float = 1.0


class TracedSettings(BaseSettings):
    """The settings of traces, for every process that is told any."""

    traces: Destination = "off"
    """Where spans go: nowhere, to a collector by OTLP over HTTP, or into the log."""
    traces_endpoint: str = COLLECTOR
    """The collector's whole address, path included."""
    traces_sample: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Which share of the traces that begin here is recorded; one that came is recorded if its beginner says so."""

    @field_validator("traces_endpoint")
    @classmethod
    def _collector(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")) or not url.split("://", 1)[1].strip("/"):
            raise ValueError("an address starts with http:// or https://, as http://collector:4318/v1/traces")
        return url

    @property
    def tracing(self) -> TraceSettings:
        return TraceSettings(self.traces, self.traces_endpoint, self.traces_sample)


@asynccontextmanager
async def tracing(told: TraceSettings, node: str, service: str) -> AsyncIterator[Tracer]:
    """What makes the spans of a service at a node, until the end of the block; then what is left is sent, or dropped
    after two seconds."""
    if told.to == "off":
        yield OFF
        return
    # Here and not above: whoever records nothing does not pay for what records.
    from libs.telemetry.exporting import recording

    made = recording(told, node, service)
    try:
        yield made.__enter__()
    finally:
        await asyncio.to_thread(made.__exit__, None, None, None)
