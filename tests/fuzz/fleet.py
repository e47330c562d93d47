"""The services of a few nodes, served on ports of this machine for whoever sends them anything."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from deploy import services
from libs.clock import SystemClock
from libs.node import HQ
from libs.security.roles import HQ_OPERATOR
from tests.bench.serving import served
from tests.fuzz.callers import LOCAL_CLERK, local_area, role_of
from tests.fuzz.judging import Judge
from tests.running import Bench, RunningService, random_mark

_CHANNELS = {
    "hall-clerk": "hall",
    "call-centre-clerk": "call-centre",
    "dealer-clerk": "dealer",
    "account-manager": "account-manager",
    "supervisor": "back-office",
    "auditor": "back-office",
    "hq-operator": "back-office",
}


@dataclass
class Target:
    """One service at one node, at an address."""

    running: RunningService
    url: str
    document: Mapping[str, Any] = field(repr=False)
    judge: Judge = field(repr=False)

    @property
    def node(self) -> str:
        return self.running.node

    @property
    def name(self) -> str:
        return self.running.service.name

    @property
    def place(self) -> str:
        return f"{self.name} at {self.node}"

    def bearer(self, caller: str) -> str:
        """A token of a caller, as the node's issuer, or headquarters', gives it to whoever is seeded as such."""
        role = role_of(caller)
        place: dict[str, Any] = {"area": "020"} if self.node == "gd" else {}
        if caller == LOCAL_CLERK:
            place = {"area": local_area(self.node), "area_bound": True, "hall": f"{self.node}-hall-2"}
        if role in _CHANNELS:
            place["channel"] = _CHANNELS[role]
        return self.running.token(role, issuer=HQ if role == HQ_OPERATOR else None, **place)


@asynccontextmanager
async def targets(
    bench: Bench, *nodes: str, at_headquarters: Collection[str] | None = None
) -> AsyncIterator[list[Target]]:
    """Every service that these nodes have, seeded as in development; they hear and ask each other.

    `at_headquarters`: which of those there, if not all.
    """
    prefix = f"{random_mark()}."
    async with AsyncExitStack() as stack:
        made = []
        for node in nodes:
            for service in services.services_at("hq" if node == HQ else "province"):
                if node == HQ and at_headquarters is not None and service.name not in at_headquarters:
                    continue
                running = await stack.enter_async_context(
                    bench.running(service, node, clock=SystemClock(), topic_prefix=prefix)
                )
                if service.seed is not None:
                    await service.seed(running.runtime)
                url = await stack.enter_async_context(served(running.app))
                document = running.app.openapi()
                made.append(Target(running, url, document, Judge(document)))
        yield made
    await bench.remove_topics(prefix)
