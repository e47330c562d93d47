"""Order acceptance in Guangdong, with the others around it."""

from collections.abc import AsyncIterator

import pytest

from services.order_acceptance.app import SERVICE
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others, Owners, played
from tests.engines import RunService, eventually
from tests.running import RunningService


@pytest.fixture
async def gd(running: RunService) -> AsyncIterator[RunningService]:
    async with running(SERVICE, node="gd", task_deadline_seconds=30) as service:
        yield service


@pytest.fixture
async def others(gd: RunningService) -> AsyncIterator[Others]:
    async with played(gd) as others:
        yield others


@pytest.fixture
async def counter(gd: RunningService) -> Counter:
    """A hall clerk's counter in Guangdong; the catalogue and one customer are known."""
    owners = Owners(gd)
    await owners.offerings()
    await owners.customer()

    async def known() -> bool:
        offerings = await gd.db.fetchval("SELECT count(*) FROM known_offerings")
        customers = await gd.db.fetchval("SELECT count(*) FROM known_customers")
        return bool(offerings == 4 and customers == 1)

    await eventually(known)
    return Counter(gd, owners)
