"""What the tests of faults share."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.fleet import Fleet, running_fleet
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
