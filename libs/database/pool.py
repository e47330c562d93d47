"""A service's own database: connections and transactions."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from libs.telemetry.spans import OFF, Attributes, Tracer

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    # Only the stubs are generic.
    Connection = asyncpg.Connection | PoolConnectionProxy


async def _as_it_is(_: Any) -> None:
    """Nothing to reset: nobody here changes the session that a pooled connection has.

    Locks are taken for a transaction, settings with SET LOCAL, and listeners have connections of their own. The
    driver's own reset would cost every request a second round trip; an open transaction it still rolls back.
    """


class Database:
    """The pool of one service. jsonb is text on both sides, numeric is Decimal, timestamps are aware."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", size: int, name: str = "") -> None:
        self.pool = pool
        self.size = size
        self.tracer: Tracer = OFF
        """Sees transactions, and statements outside of one: the first word of each, never the text."""
        self._seen: Attributes = {"db.system.name": "postgresql", "db.namespace": name}

    @classmethod
    async def open(cls, url: str, *, size: int = 4, application: str = "unicrm") -> "Database":
        """Connect; one connection is made at once, so that a wrong address fails at the start."""
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            max_inactive_connection_lifetime=300,
            command_timeout=30,
            reset=_as_it_is,
            server_settings={
                "application_name": application[:63],
                "timezone": "UTC",
                "idle_in_transaction_session_timeout": "60000",
                # Plans with generic parameters are chosen after five runs; JIT never pays for short statements.
                "jit": "off",
                # What is read by key lies in memory or on flash. With the price of a turning disk a plan for arrays
                # of unknown length looks so dear that a statement is planned again for each of its runs.
                "random_page_cost": "1.1",
            },
        )
        assert pool is not None
        return cls(pool, size, url.rpartition("/")[2])

    async def close(self) -> None:
        await self.pool.close()

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """One connection of the pool, waiting at most five seconds for it."""
        return self.pool.acquire(timeout=5)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction: committed at the end of the block, rolled back by an exception."""
        with self.tracer.within("transaction", self._seen):
            async with self.connection() as connection, connection.transaction():
                yield connection

    @asynccontextmanager
    async def held(self) -> AsyncIterator["Held"]:
        """One connection for several statements, each of them its own transaction.

        For a request that asks and then writes: a connection is taken and given back once. Nothing that may take
        long is awaited inside, and no other connection of this pool: sixteen that hold one and wait for one wait
        for each other.
        """
        async with self.connection() as connection:
            yield self._holding(connection)

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        async with self.connection() as connection:
            return await self._holding(connection).fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        async with self.connection() as connection:
            return await self._holding(connection).fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self.connection() as connection:
            return await self._holding(connection).fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        async with self.connection() as connection:
            return await self._holding(connection).execute(query, *args)

    def _holding(self, connection: Connection) -> "Held":
        return Held(connection, self.tracer, self._seen)


class Held:
    """A connection of the pool, outside of any transaction; its statements are seen by the tracer as the pool's."""

    __slots__ = ("_connection", "_seen", "_tracer")

    def __init__(self, connection: Connection, tracer: Tracer, seen: Attributes) -> None:
        self._connection = connection
        self._tracer = tracer
        self._seen = seen

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        with self._within(query):
            return await self._connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        with self._within(query):
            return await self._connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        with self._within(query):
            return await self._connection.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        with self._within(query):
            return await self._connection.execute(query, *args)

    def _within(self, query: str) -> AbstractContextManager[Any]:
        return (
            self._tracer.within(query.split(None, 1)[0].upper(), self._seen) if self._tracer.on else _UNSEEN
        )


_UNSEEN: AbstractContextManager[Any] = nullcontext()
