"""Equal requests at the same moment: one goes ahead, the others wait a little for its answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from weakref import WeakKeyDictionary

from libs.database import Database
from libs.web import codes
from libs.web.errors import Reason, Refusal

LONGEST_WAIT = 5.0
"""Seconds that a twin waits for the first."""


class Twins:
    """The claims under way in this process, for one database.

    A twin in this process waits here and holds no connection. One that meets its twin of another process waits in the
    database, and of these there are never more than a quarter of the pool.
    """

    def __init__(self, pool_size: int) -> None:
        self._locks: dict[bytes, asyncio.Lock] = {}
        self._wanted: dict[bytes, int] = {}
        self._in_database = 0
        self._most_in_database = max(1, pool_size // 4)

    @asynccontextmanager
    async def alone(self, digest: bytes) -> AsyncIterator[None]:
        """One at a time for each claim. Raises Refusal 409 request-in-progress after LONGEST_WAIT."""
        lock = self._locks.setdefault(digest, asyncio.Lock())
        self._wanted[digest] = self._wanted.get(digest, 0) + 1
        try:
            try:
                async with asyncio.timeout(LONGEST_WAIT):
                    await lock.acquire()
            except TimeoutError:
                raise in_progress() from None
            try:
                yield
            finally:
                lock.release()
        finally:
            self._wanted[digest] -= 1
            if not self._wanted[digest]:
                del self._wanted[digest], self._locks[digest]

    @contextmanager
    def waiting_in_database(self) -> Iterator[None]:
        """Around a wait that holds a connection. Raises Refusal 409 request-in-progress when too many do."""
        if self._in_database >= self._most_in_database:
            raise in_progress()
        self._in_database += 1
        try:
            yield
        finally:
            self._in_database -= 1


_of: WeakKeyDictionary[Database, Twins] = WeakKeyDictionary()


def twins_of(database: Database) -> Twins:
    """The one registry of this process for that database."""
    found = _of.get(database)
    if found is None:
        found = _of[database] = Twins(database.size)
    return found


def in_progress() -> Refusal:
    """The refusal of a twin that may not wait any longer."""
    return Refusal(Reason(codes.REQUEST_IN_PROGRESS, path="Idempotency-Key"), headers={"Retry-After": "1"})
