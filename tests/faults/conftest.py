"""What the tests of faults share."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.fleet import Fleet, running_fleet
from tests.faults.nation import Nation, nation_of
from tests.running import Bench


@pytest.fixture
async def fleet(bench: Bench) -> AsyncIterator[Fleet]:
    async with running_fleet(bench) as made:
        yield made


@pytest.fixture(scope="module")
async def one_fleet(bench: Bench) -> AsyncIterator[Fleet]:
    """The same for all tests of a module: what they look at has to be their own."""
    async with running_fleet(bench) as made:
        yield made


@pytest.fixture
async def nation(bench: Bench, fleet: Fleet) -> AsyncIterator[Nation]:
    """The same with headquarters' own counter, and somebody at each of the three."""
    async with nation_of(bench, fleet) as made:
        yield made
