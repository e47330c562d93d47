"""The catalogue at headquarters and in Guangdong, seeded; tests add records of their own."""

from collections.abc import AsyncIterator

import pytest

from services.product.app import SERVICE
from services.product.seed import seed
from services.product.tests.desk import Desk
from tests.running import Bench, RunningService


@pytest.fixture(scope="session")
async def headquarters(bench: Bench) -> AsyncIterator[RunningService]:
    async with bench.running(SERVICE, "hq") as node:
        await seed(node.runtime)
        yield node


@pytest.fixture(scope="session")
async def guangdong(bench: Bench) -> AsyncIterator[RunningService]:
    async with bench.running(SERVICE, "gd") as node:
        await seed(node.runtime)
        yield node


@pytest.fixture(scope="session")
def hq(headquarters: RunningService) -> Desk:
    """An operator of headquarters, at headquarters."""
    return Desk(headquarters, "hq-operator")


@pytest.fixture(scope="session")
def gd(guangdong: RunningService) -> Desk:
    """A supervisor of Guangdong, in Guangdong."""
    return Desk(guangdong, "supervisor")
