"""What the tests of faults share."""

from collections.abc import AsyncIterator

import pytest

from tests.faults.fleet import Fleet, running_fleet
from tests.running import Bench


@pytest.fixture
async def fleet(bench: Bench) -> AsyncIterator[Fleet]:
    async with running_fleet(bench) as made:
        yield made
