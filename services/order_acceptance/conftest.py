"""Order acceptance in Guangdong, and where a test asks for it in Beijing, with the others around it.

The services of a module's tests are the same; every test has numbers, cards and payments of its own, and executors
that behave until it tells them otherwise.
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from libs.clock import ManualClock
from services.order_acceptance.app import SERVICE
from services.order_acceptance.tests.asked import Asked, asked_at
from services.order_acceptance.tests.counter import Counter
from services.order_acceptance.tests.others import Others, played
from services.order_acceptance.tests.router import Router, routed
from tests.running import Bench, RunningService, random_mark


@pytest.fixture(scope="module")
async def shared_prefix(bench: Bench) -> AsyncIterator[str]:
    """What stands before the topics of a module's services, so that they hear each other."""
    prefix = f"{random_mark()}."
    yield prefix
    await bench.remove_topics(prefix)


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
async def gd(bench: Bench, shared_prefix: str, clock: ManualClock) -> AsyncIterator[RunningService]:
    async with bench.running(SERVICE, node="gd", clock=clock, topic_prefix=shared_prefix) as service:
        yield service


@pytest.fixture(scope="module")
async def bj(bench: Bench, shared_prefix: str, clock: ManualClock) -> AsyncIterator[RunningService]:
    async with bench.running(SERVICE, node="bj", clock=clock, topic_prefix=shared_prefix) as service:
        yield service


@pytest.fixture(scope="module")
async def executors_in_gd(gd: RunningService) -> AsyncIterator[Others]:
    async with played(gd) as others:
        yield others


@pytest.fixture(scope="module")
async def executors_in_bj(bj: RunningService) -> AsyncIterator[Others]:
    async with played(bj) as others:
        yield others


@pytest.fixture(scope="module")
async def routing(bench: Bench, bj: RunningService, gd: RunningService) -> AsyncIterator[Router]:
    async with routed(bench, gd, ("bj", "gd")) as router:
        yield router


@pytest.fixture
def others(executors_in_gd: Others) -> Iterator[Others]:
    """The executors of Guangdong."""
    executors_in_gd.behave()
    yield executors_in_gd
    executors_in_gd.behave()


@pytest.fixture
def others_in_bj(executors_in_bj: Others) -> Iterator[Others]:
    executors_in_bj.behave()
    yield executors_in_bj
    executors_in_bj.behave()


@pytest.fixture
def router(routing: Router) -> Iterator[Router]:
    routing.behave()
    yield routing
    routing.behave()


@pytest.fixture(scope="module")
async def counter(gd: RunningService) -> Counter:
    """A hall clerk's counter in Guangdong; the catalogue and one customer are known."""
    return await _opened(gd)


@pytest.fixture(scope="module")
async def counter_in_bj(bj: RunningService) -> Counter:
    """The same in Beijing, where the customer of Guangdong is not known."""
    made = Counter(bj)
    await made.owners.catalogue()
    return made


@pytest.fixture
async def owners(bench: Bench, gd: RunningService) -> AsyncIterator[Asked]:
    """Product, customer, resource and access of Guangdong, there for one test."""
    async with asked_at(bench, gd) as asked:
        yield asked


async def _opened(service: RunningService) -> Counter:
    made = Counter(service)
    await made.owners.catalogue()
    await made.owners.customer()
    return made
