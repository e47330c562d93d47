"""Whether a service lives, whether it can work, and what it measures. Open to nobody in particular."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel

from libs.telemetry.logs import logger
from libs.web.call import Answer, Call
from libs.web.errors import Error
from libs.web.routes import PUBLIC, Routes
from libs.web.runtime import Runtime

CHECK_LIMIT = 2.0
"""Seconds that a check may take before it counts as failed."""

Check = Callable[[Runtime], Awaitable[None]]
"""Returns when all is well, and raises otherwise."""

_log = logger("libs.web.health")


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """Whether the service can do its work, and what it leans on, by name."""

    status: Literal["ready", "not-ready"]
    checks: dict[str, Literal["ok", "failed"]]


def health_routes(checks: Mapping[str, Check], *, prefix: str = "") -> Routes:
    """`/health/live`, `/health/ready` (503 when a check fails) and `/metrics`, below `prefix`."""
    routes = Routes(prefix, tag="Health")

    @routes.get("/health/live", allow=PUBLIC, answer=Alive)
    async def live(call: Call[None]) -> Answer:
        """The process answers; it says nothing of what it leans on."""
        return Answer(200, Alive())

    @routes.get("/health/ready", allow=PUBLIC, answer=Ready, refusal=Ready | Error)
    async def ready(call: Call[None]) -> Answer:
        """Every check is made now. Why one failed stands in the log, not in the answer."""
        outcomes = await asyncio.gather(
            *(_holds(name, check, call.runtime) for name, check in checks.items())
        )
        failed = not all(outcomes)
        body = Ready(
            status="not-ready" if failed else "ready",
            checks={name: "ok" if holds else "failed" for name, holds in zip(checks, outcomes, strict=True)},
        )
        return Answer(503 if failed else 200, body, {"Cache-Control": "no-store"})

    @routes.get("/metrics", allow=PUBLIC, openapi={"x-media-type": "text/plain"})
    async def metrics(call: Call[None]) -> Answer:
        """The measurements of this process, as Prometheus reads them."""
        text, media_type = call.runtime.metrics.registry.render()
        return Answer(200, text, media_type=media_type)

    return routes


async def _holds(name: str, check: Check, runtime: Any) -> bool:
    try:
        async with asyncio.timeout(CHECK_LIMIT):
            await check(runtime)
    except Exception as error:
        _log.warning("check failed", check=name, error=f"{type(error).__name__}: {error}")
        return False
    return True
