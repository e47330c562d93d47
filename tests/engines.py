"""Fixtures for every test that needs PostgreSQL, Kafka, or a service that runs (a pytest plugin).

    async def test_a_reservation_ends_by_itself(running: RunService) -> None:
        async with running(SERVICE, node="gd") as resource:
            answer = await resource.client.post(PATH, json={…}, headers=resource.bearer("hall-clerk"))
            resource.clock.advance(timedelta(minutes=31))
            await resource.tick("expire-reservations")
            await eventually(lambda: is_free(resource.db))

The engines are real. They start with the first test that asks for them and are shared by test sessions that run at
the same time; with `ENGINES=docker` in the environment they are containers of the session's own. Every database is new
(a copy of a migrated template), every test has topics of its own.
"""

import asyncio
import inspect
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import asyncpg
import pytest
from hypothesis import settings

# How long an example takes is a matter of the machine, and of what else runs on it.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

if TYPE_CHECKING:
    from sqlalchemy import MetaData

    from deploy.local.engines import Engines
    from libs.database import Database
    from libs.service import Service
    from tests.running import Bench, RunningService

T = TypeVar("T")


class MakeDatabase(Protocol):
    """A fresh database with a service's schema.

    `await database("resource")` copies what the service's migrations make; `tables` adds declared tables where the
    package has no migrations (a toy of a test). `await database()` has the ground's tables alone.
    """

    async def __call__(self, package: str = "ground", *, tables: "MetaData | None" = None) -> "Database": ...


class RunService(Protocol):
    """Starts a service in this process, against a database and topics of its own.

    All that one test starts sees each other's messages and, by `runtime.http`, each other's endpoints. Further
    keywords are settings (`task_deadline_seconds=0.2`). `clock`: a ManualClock unless given; share one between
    services that are to see the same time.
    """

    def __call__(
        self, service: "Service", node: str = "gd", *, clock: Any = None, **settings: Any
    ) -> "AbstractAsyncContextManager[RunningService]": ...


@pytest.fixture(scope="session")
async def engines() -> "AsyncIterator[Engines]":
    """`.postgres_url` (without a database) and `.kafka` (`host:port`) of the real engines."""
    from deploy.local.shared_engines import shared_engines
    from deploy.local.trouble import Trouble

    chosen = shared_engines
    if os.environ.get("ENGINES") == "docker":
        from tests.docker_engines import docker_engines

        chosen = docker_engines
    try:
        async with chosen() as started:
            yield started
    except Trouble as trouble:
        pytest.exit(str(trouble), returncode=1)


@pytest.fixture(scope="session")
async def bench(engines: "Engines", tmp_path_factory: pytest.TempPathFactory) -> "AsyncIterator[Bench]":
    """What the fixtures below are made of; for fixtures of a wider scope: `bench.running(…)`, `bench.database(…)`."""
    from tests.running import Bench

    async with Bench.open(engines, tmp_path_factory.mktemp("keys")) as opened:
        yield opened


@pytest.fixture
async def database(bench: "Bench") -> AsyncIterator[MakeDatabase]:
    """See MakeDatabase; every database is closed and removed with the test."""
    async with AsyncExitStack() as stack:

        async def make(package: str = "ground", *, tables: "MetaData | None" = None) -> "Database":
            return await stack.enter_async_context(bench.database(package, tables=tables))

        yield make


@pytest.fixture
async def topic_prefix(bench: "Bench") -> AsyncIterator[str]:
    """What stands before the names of this test's topics (`t1a2b3c4.`); they are removed after it."""
    from tests.running import random_mark

    prefix = f"{random_mark()}."
    yield prefix
    await bench.remove_topics(prefix)


@pytest.fixture
async def running(bench: "Bench", topic_prefix: str) -> RunService:
    """See RunService."""

    def run(
        service: "Service", node: str = "gd", *, clock: Any = None, **settings: Any
    ) -> "AbstractAsyncContextManager[RunningService]":
        return bench.running(service, node, clock=clock, topic_prefix=topic_prefix, **settings)

    return run


@pytest.fixture(scope="session")
def keys_folder(bench: "Bench") -> Path:
    """Keys of hq, bj, gd and the executors: `<folder>/<node>/`, `<folder>/public/<node>.json`."""
    return bench.keys


async def eventually(
    condition: Callable[[], T | Awaitable[T]], within: float = 10, *, every: float = 0.02
) -> T:
    """Wait until `condition()` (or what it awaits) is true, and answer it.

    An AssertionError inside counts as "not yet". After `within` seconds the last one is raised.
    """
    end = time.monotonic() + within
    while True:
        last: AssertionError | None = None
        found: Any = None
        try:
            found = condition()
            if inspect.isawaitable(found):
                found = await found
            if found:
                return found  # type: ignore[no-any-return]
        except AssertionError as error:
            last = error
        if time.monotonic() > end:
            raise last or AssertionError(f"not within {within} s; the last answer was {found!r}")
        await asyncio.sleep(every)


async def emptied(db: "Database", tables: str) -> None:
    """Empty these tables of a service that runs: where what it reads by the clock stands in the way, once more."""
    for attempt in range(10):
        try:
            await db.execute(f"TRUNCATE {tables}")
        except asyncpg.DeadlockDetectedError:
            if attempt == 9:
                raise
        else:
            return
