"""A resource service in Guangdong: one with stock of its own for a test, and one for tests that leave nothing."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from services.resource.app import SERVICE
from services.resource.tests.counter import Counter

if TYPE_CHECKING:
    from tests.engines import RunService
    from tests.running import Bench


@pytest.fixture
async def counter(running: "RunService") -> AsyncIterator[Counter]:
    async with running(SERVICE, node="gd") as started:
        yield Counter(started)


@pytest.fixture(scope="module")
async def shared(bench: "Bench") -> AsyncIterator[Counter]:
    async with bench.running(SERVICE, "gd") as started:
        yield Counter(started)
