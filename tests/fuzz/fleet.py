"""A whole node, and headquarters' own services, served on ports of this machine for whoever sends them anything."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy import services
from libs.clock import SystemClock
from libs.node import HQ
from libs.security.roles import ALL_ROLES, HQ_OPERATOR
from libs.service import routes_of
from libs.web.routes import Endpoint, Public
from tests.bench.serving import served
from tests.running import Bench, RunningService, random_mark


@dataclass
class Counted:
    """An app, and how often it was asked; what it could not answer is remembered."""

    app: ASGIApp
    asked: int = 0
    failures: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def look(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 500:
                query = scope["query_string"].decode("latin-1")
                self.failures.append(f"{message['status']} {scope['method']} {scope['path']}?{query}")
            await send(message)

        self.asked += 1
        await self.app(scope, receive, look)


@dataclass
class Target:
    """One service at one node, at an address."""

    running: RunningService
    counted: Counted
    url: str
    document: Path

    @property
    def name(self) -> str:
        return self.running.service.name

    def endpoints(self, role: str) -> list[Endpoint]:
        """Those that admit a role."""
        found = [endpoint for routes in routes_of(self.running.service) for endpoint in routes]
        return [one for one in found if not isinstance(one.allow, Public) and role in one.allow]

    def bearer(self, role: str) -> str:
        """A token of a role, as the node's issuer, or headquarters', gives it."""
        return self.running.token(role, issuer=HQ if role == HQ_OPERATOR else None)


@asynccontextmanager
async def targets(
    bench: Bench, folder: Path, node: str = "gd", **settings: Any
) -> AsyncIterator[list[Target]]:
    """Every service, seeded as in development: a province's at `node`, headquarters' own at headquarters."""
    prefix = f"{random_mark()}."
    async with AsyncExitStack() as stack:
        made = []
        for package in services.packages():
            service = services.service(package)
            where = node if node == HQ or "province" in service.tiers else HQ
            running = await stack.enter_async_context(
                bench.running(service, where, clock=SystemClock(), topic_prefix=prefix, **settings)
            )
            if service.seed is not None:
                await service.seed(running.runtime)
            counted = Counted(running.app)
            url = await stack.enter_async_context(served(counted))
            document = folder / f"{service.name}.json"
            document.write_text(json.dumps(running.app.openapi()))
            made.append(Target(running, counted, url, document))
        yield made
    await bench.remove_topics(prefix)


ROLES = sorted(ALL_ROLES)
