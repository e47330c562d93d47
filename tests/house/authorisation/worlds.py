"""Which world belongs to which service."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from libs.service import Service
from tests.house.authorisation.catalogue import Catalogue
from tests.house.authorisation.customers import Customers
from tests.house.authorisation.orders import Counters
from tests.house.authorisation.router import Router
from tests.house.authorisation.stock import Shelves
from tests.house.authorisation.world import World
from tests.running import Bench, RunningService

SETTINGS: dict[str, Any] = {"looks_a_minute": 100_000, "look_seconds": 0.05, "balance_seconds": 0.05}
WORLDS: Mapping[str, Callable[[RunningService, Bench], World]] = {
    "access": lambda service, _: World(service, {}),
    "customer": lambda service, _: Customers(service).world,
    "hq_router": lambda service, bench: Router(service, bench).world,
    "order_acceptance": lambda service, _: Counters(service).world,
    "product": lambda service, _: Catalogue(service).world,
    "resource": lambda service, _: Shelves(service).world,
}


@asynccontextmanager
async def world_of(bench: Bench, service: Service, node: str) -> AsyncIterator[World]:
    """A service at a node with its records. Raises KeyError where nobody has said how those are made."""
    async with bench.running(service, node, **SETTINGS) as running:
        yield WORLDS[service.package](running, bench)
