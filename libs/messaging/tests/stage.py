"""A stage for the tests of messaging: a service with a database of its own, as small as one can be, at one node."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, ClassVar, TypeVar

import asyncpg
from pydantic import BaseModel
from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from libs.clock import Clock, ManualClock
from libs.database import Database
from libs.messaging import Handles, Outbox, Outgoing, Work, unit_of_work
from libs.messaging.consumer import Consumer
from libs.messaging.dispatch import Dispatch
from libs.messaging.relay import Relay
from libs.messaging.tables import define
from libs.messaging.topics import ensure_topics
from libs.telemetry.spans import OFF, Tracer
from tests.engines import eventually

NODE = "gd"
T = TypeVar("T")


class NumberReserved(BaseModel):
    """A number was reserved; `attempt` counts how often."""

    ce_type: ClassVar[str] = "test.number-reserved.v1"
    number: str
    attempt: int = 0


class NumberReleased(BaseModel):
    """A number is free again."""

    ce_type: ClassVar[str] = "test.number-released.v1"
    number: str


METADATA = MetaData()
define(METADATA)
SEEN = Table(
    "seen",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("type", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("attempt", BigInteger, nullable=False),
)


def schema() -> str:
    """The tables above as one script."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    made: list[str] = []
    for table in METADATA.sorted_tables:
        made.append(str(CreateTable(table).compile(dialect=dialect)))
        made += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
    return ";\n".join(made)


async def remember(work: Work, messages: list[Any]) -> None:
    """The effect that most tests count: one row for each message."""
    await work.tx.execute(
        "INSERT INTO seen (type, number, attempt) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])",
        [message.type for message in messages],
        [message.data.number for message in messages],
        [getattr(message.data, "attempt", 0) for message in messages],
    )


class Stage:
    """One service at node gd: what `Runtime` gives to messaging, and the parts of messaging to start at will."""

    def __init__(
        self, *, url: str, kafka: str, prefix: str, service: str, db: Database, clock: Clock
    ) -> None:
        self.url = url
        self.db = db
        self.clock = clock
        self.settings = SimpleNamespace(node=NODE, kafka=kafka, topic_prefix=prefix, instance=None)
        self.service = SimpleNamespace(name=service)
        self.outbox = Outbox(NODE, service)
        self.tracer: Tracer = OFF
        self.dispatch = Dispatch(NODE, ())
        self.notes: list[Any] = []
        self._stack = AsyncExitStack()

    @property
    def prefix(self) -> str:
        return str(self.settings.topic_prefix)

    @property
    def as_runtime(self) -> Any:
        return self

    def unit(self) -> Any:
        return unit_of_work(self.db, self.clock, self.outbox, self.as_runtime, self.dispatch)

    async def topics(self, *names: str, partitions: int = 2) -> None:
        await ensure_topics(self.settings.kafka, [self.prefix + name for name in names], partitions)

    async def relay(self, outbox: Outbox | None = None) -> Relay:
        """Start a relay, as another process would when given an outbox of its own."""
        relay = Relay(
            url=self.url,
            kafka=self.settings.kafka,
            outbox=outbox or self.outbox,
            clock=self.clock,
            prefix=self.prefix,
        )
        await relay.start()
        self._stack.push_async_callback(relay.stop)
        return relay

    async def consumer(self, *handles: Handles) -> Consumer:
        """Start the consumer of these declarations and wait until it has joined."""
        self.dispatch = Dispatch(NODE, handles)
        await self.topics(*self.dispatch.topics, f"{NODE}.{self.service.name}.dead-letters")
        consumer = Consumer(self.as_runtime)
        await consumer.start()
        self._stack.push_async_callback(consumer.stop)
        await consumer.until_joined()
        return consumer

    async def send(self, *outgoings: Outgoing) -> None:
        """Send in a transaction of its own."""
        async with self.unit() as work:
            work.send(*outgoings)

    async def seen(self) -> list[tuple[str, int]]:
        """Number and attempt of every message that had its effect, in order."""
        return [
            (row[0], row[1]) for row in await self.db.fetch("SELECT number, attempt FROM seen ORDER BY id")
        ]

    async def count(self, table: str, where: str = "true") -> int:
        return int(await self.db.fetchval(f"SELECT count(*) FROM {table} WHERE {where}"))

    async def close(self) -> None:
        await self._stack.aclose()
        await self.db.close()


@asynccontextmanager
async def a_stage(
    postgres_url: str,
    kafka: str,
    *,
    service: str = "resource",
    clock: Clock | None = None,
    prefix: str | None = None,
) -> AsyncIterator[Stage]:
    """A stage on a database made for it, which goes with it."""
    name = f"messaging_{secrets.token_hex(6)}"
    server = await asyncpg.connect(f"{postgres_url}/postgres")
    try:
        await server.execute(f"CREATE DATABASE {name}")
        url = f"{postgres_url}/{name}"
        db = await Database.open(url, application=name)
        await db.execute(schema())
        stage = Stage(
            url=url,
            kafka=kafka,
            prefix=f"{name[-12:]}." if prefix is None else prefix,
            service=service,
            db=db,
            clock=clock or ManualClock(datetime.now(UTC)),
        )
        try:
            yield stage
        finally:
            await stage.close()
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.close()


async def until(condition: Callable[[], Awaitable[T]], within: float = 20) -> T:
    """Wait until what the condition awaits, the answer of a database for instance, is true; and answer it."""
    found: T = await eventually(condition, within)
    return found


def reserved(topic: str, number: str, attempts: Iterable[int] = (0,)) -> list[Outgoing]:
    """A message for each attempt, keyed by the number."""
    return [Outgoing(topic, number, NumberReserved(number=number, attempt=attempt)) for attempt in attempts]
