"""Headquarters with one group customer, and a router that reaches it, Beijing and Guangdong."""

from collections.abc import AsyncIterator, Iterator

import pytest

from libs.clock import ManualClock
from services.order_acceptance.app import SERVICE
from services.order_acceptance.groups.tests.headquarters import Headquarters
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.router import Router, routed
from tests.running import Bench, RunningService


@pytest.fixture(scope="module")
async def hq(bench: Bench, shared_prefix: str, clock: ManualClock) -> AsyncIterator[RunningService]:
    async with bench.running(SERVICE, node="hq", clock=clock, topic_prefix=shared_prefix) as service:
        yield service


@pytest.fixture(scope="module")
async def national(
    bench: Bench, hq: RunningService, bj: RunningService, gd: RunningService
) -> AsyncIterator[Router]:
    async with routed(bench, hq, ("hq", "bj", "gd")) as router:
        yield router


@pytest.fixture
def router(national: Router) -> Iterator[Router]:
    national.behave()
    yield national
    national.behave()


@pytest.fixture(scope="module")
async def headquarters(hq: RunningService, counter: Counter, counter_in_bj: Counter) -> Headquarters:
    """The provinces know the catalogue as headquarters does."""
    made = Headquarters(hq)
    await made.owners.catalogue()
    await made.group()
    return made
