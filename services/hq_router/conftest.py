"""One router for all tests of this service, its numbering plan loaded once; every test has work orders of its own."""

from collections.abc import AsyncIterator

import pytest

from services.hq_router.app import SERVICE
from services.hq_router.tests.nodes import Nodes
from tests.running import Bench, RunningService


@pytest.fixture(scope="session")
async def router(bench: Bench) -> AsyncIterator[RunningService]:
    """The router at headquarters, with real segments; its clock may be advanced, and stays where it is."""
    bench.keys_of("sh")
    async with bench.running(SERVICE, "hq") as running:
        yield running


@pytest.fixture
async def nodes(router: RunningService, bench: Bench) -> Nodes:
    """The provinces as the router sees them: they put messages on their uplinks and read their downlinks.

    All of them were heard just now, wherever the clock has come to.
    """
    nodes = Nodes(router, bench)
    await nodes.all_heard()
    return nodes
