"""One service at one node: what it is made of, and how it runs.

A service is declared on one page (`services/<package>/app.py`); everything that all services need alike comes from
here: the database and its migrations, the relay and the consumer, timers, health, metrics, dead letters.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

import httpx
import structlog
from aiokafka.errors import KafkaError
from fastapi import FastAPI
from sqlalchemy import MetaData

from libs.asking import Asker
from libs.clock import Clock, clock_from
from libs.database import Connection, Database
from libs.database.migrations import pending
from libs.messaging import Handles, Outbox, Publishes, Work, unit_of_work
from libs.messaging.consumer import Consumer
from libs.messaging.dead_letters_api import dead_letter_routes
from libs.messaging.dispatch import Dispatch
from libs.messaging.failures import BackOff
from libs.messaging.handles import names
from libs.messaging.lag import measure
from libs.messaging.notices import Notices
from libs.messaging.relay import Relay
from libs.messaging.topics import dead_letters, ensure_topics
from libs.messaging.trim import trim as trim_messages
from libs.node import Settings, Tier
from libs.publishing import Publication, publish, tell_position
from libs.publishing.measuring import measure as measure_publications
from libs.publishing.publications_api import publication_routes
from libs.rebuilding import Copies, Republishes
from libs.rebuilding.rebuilds import carry_on
from libs.rebuilding.rebuilds_api import rebuild_routes
from libs.rebuilding.snapshots import republish
from libs.rebuilding.snapshots_api import snapshot_routes
from libs.security.fields import FieldCipher
from libs.security.keys import Keys
from libs.security.tokens import Verifier
from libs.security.transport import trusted_authorities
from libs.telemetry import trace
from libs.telemetry.metrics import Metrics
from libs.telemetry.settings import tracing
from libs.telemetry.spans import OFF, Tracer
from libs.tmf.hub import store as hub_store
from libs.tmf.hub.api import hub_routes
from libs.tmf.hub.courier import Courier
from libs.tmf.hub.declaration import Hub
from libs.tmf.hub.notifications_api import notification_routes
from libs.web.app import bare_app
from libs.web.health import health_routes
from libs.web.idempotency import trim as trim_keys
from libs.web.routes import Routes

log = structlog.get_logger(__name__)
TRIM_EVERY = timedelta(minutes=10)
MEASURE_EVERY = timedelta(seconds=15)
TOPICS_SECONDS = 5.0
"""How long a start waits for a broker, before it goes on without one."""


class NotMigrated(RuntimeError):
    """The database lacks revisions; a service never runs on a schema that it does not know."""


@dataclass(frozen=True)
class Timer:
    """Something done again and again. `every` is real time; what is due is judged by the clock of business."""

    name: str
    every: timedelta
    run: Callable[["Runtime"], Awaitable[None]]


@dataclass(frozen=True)
class Service:
    """A service as its `app.py` declares it."""

    name: str
    """On the wire: `order-acceptance`."""
    package: str
    """On disk and in the database's name: `order_acceptance`."""
    title: str
    tables: MetaData
    routes: tuple[Routes, ...]
    hubs: tuple[Hub, ...] = ()
    """The APIs whose events others may listen to."""
    handles: tuple[Handles, ...] = ()
    publishes: tuple[Publishes, ...] = ()
    timers: tuple[Timer, ...] = ()
    republishes: tuple[Republishes, ...] = ()
    """What others keep copies of."""
    projections: tuple[Copies, ...] = ()
    """What it keeps copies of, and can rebuild."""
    publications: tuple[Publication, ...] = ()
    """What headquarters publishes of its records, and every province copies."""
    start: Callable[["Runtime"], Awaitable[Any]] | None = None
    """Makes `runtime.state`, once the database is open."""
    seed: Callable[["Runtime"], Awaitable[Any]] | None = None
    """Fills the service with what a node starts with: repeatable, through its own writes."""
    tiers: frozenset[Tier] = field(default_factory=lambda: frozenset[Tier]({"hq", "province"}))


class Runtime:
    """A service that runs at a node: what its handlers reach for."""

    def __init__(self, service: Service, settings: Settings, clock: Clock) -> None:
        self.service = service
        self.settings = settings
        self.clock = clock
        self.keys = Keys.load(settings.keys_dir)
        self.outbox = Outbox(settings.node, service.name)
        self.metrics = Metrics(settings.node, service.name)
        self.tracer: Tracer = OFF
        self.dispatch = Dispatch(settings.node, service.handles)
        self.http = httpx.AsyncClient(
            timeout=httpx.Timeout(5.0),
            limits=httpx.Limits(max_connections=20),
            verify=trusted_authorities(settings.ca_file),
        )
        self.verifier = Verifier.of(settings, clock, self.http)
        self.state: Any = None
        self.consumer: Consumer | None = None
        self._db: Database | None = None

    @property
    def db(self) -> Database:
        """The service's own database. Raises RuntimeError before it is open."""
        if self._db is None:
            raise RuntimeError(f"{self.service.name} has no database yet")
        return self._db

    @cached_property
    def cipher(self) -> FieldCipher:
        return FieldCipher.of(self.keys)

    @cached_property
    def asker(self) -> Asker:
        """How this service asks the others."""
        return Asker(self.service.name, self.settings.within, self.keys, self.clock, self.http, self.tracer)

    @property
    def url(self) -> str:
        return self.settings.database_url(self.service.package)

    def unit(self) -> AbstractAsyncContextManager[Work]:
        """A transaction whose sends leave with its commit."""
        return unit_of_work(self.db, self.clock, self.outbox, self, self.dispatch)

    @asynccontextmanager
    async def work(self, tx: Connection) -> AsyncIterator[Work]:
        """A unit of work inside a transaction that somebody else commits, and after it wakes the outbox."""
        work = Work(tx, self.clock.now(), self, self.outbox, self.dispatch)
        yield work
        await work.finish()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Runtime"]:
        """With its database, without messages or timers: what seeds and rebuilds need.

        Raises NotMigrated.
        """
        name = f"{self.settings.node} {self.service.name}"
        self._db = await Database.open(self.url, size=self.settings.pool_size, application=name)
        try:
            async with tracing(self.settings.tracing, self.settings.node, self.service.name) as tracer:
                self.tracer = self.outbox.tracer = self.db.tracer = tracer
                if await pending(self.db, self.service.package):
                    raise NotMigrated(
                        f"run `unicrm migrate {self.service.name}` first: {name} lacks revisions"
                    )
                if self.service.start is not None:
                    self.state = await self.service.start(self)
                yield self
        finally:
            await self.http.aclose()
            await self.db.close()
            self._db = None

    @asynccontextmanager
    async def running(self, *, relay: bool = True) -> AsyncIterator["Runtime"]:
        """With everything: relay, consumer, timers. Stops in the reverse order, nothing cut off.

        Without `relay` a process of its own sends what is written here, and is told of it.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.opened())
            settings = self.settings
            making = asyncio.create_task(self._make_topics(), name=f"{self.service.name} topics")
            stack.push_async_callback(_ended, making)
            # Without a broker work is accepted all the same: what it sends waits in the outbox.
            if (await asyncio.wait({making}, timeout=TOPICS_SECONDS))[0]:
                making.result()
            sender: Relay | Notices = Notices(self.outbox, self.db)
            if relay:
                sender = relay_of(self.service, settings, self.clock, self.outbox)
            await sender.start()
            stack.push_async_callback(sender.stop)
            if self.service.handles:
                self.consumer = Consumer(self)
                await self.consumer.start(after=making)
                stack.push_async_callback(self.consumer.stop)
            if self.service.hubs:
                courier = Courier(self, self.service.hubs)
                await courier.start()
                stack.push_async_callback(courier.stop)
            for timer in timers_of(self.service):
                task = asyncio.create_task(self._again(timer), name=f"{self.service.name} {timer.name}")
                stack.push_async_callback(_ended, task)
            yield self

    async def run(self, timer: Timer) -> None:
        """One round of a timer; spans of what it sends name it."""
        named = trace.timer.set(timer.name)
        try:
            await timer.run(self)
        finally:
            trace.timer.reset(named)

    async def _make_topics(self) -> None:
        """Make the topics that are missing, as soon as there is a broker. Raises KafkaError where it refuses one."""
        settings = self.settings
        names = [settings.topic_prefix + topic for topic in topics_of(self.service, settings.node)]
        back_off = BackOff()
        while True:
            try:
                await ensure_topics(settings.kafka, names, settings.topic_partitions)
                return
            except (KafkaError, OSError) as error:
                # "No leader yet" is the plain KafkaError of `ensure_topics`.
                if not (isinstance(error, OSError) or error.retriable or type(error) is KafkaError):
                    raise
                log.warning("topics.wait-for-the-broker", service=self.service.name, error=repr(error))
                await back_off.wait(asyncio.Event())

    async def _again(self, timer: Timer) -> None:
        """A timer's life: what it runs into is logged, and the next round comes."""
        while True:
            try:
                await self.run(timer)
            except Exception as error:
                log.warning("timer.failed", service=self.service.name, timer=timer.name, error=repr(error))
            await asyncio.sleep(timer.every.total_seconds())


def relay_of(service: Service, settings: Settings, clock: Clock, outbox: Outbox) -> Relay:
    """What sends the messages that a service writes at a node."""
    return Relay(
        url=settings.database_url(service.package),
        kafka=settings.kafka,
        outbox=outbox,
        clock=clock,
        prefix=settings.topic_prefix,
    )


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _trim(runtime: Runtime) -> None:
    """Forget what is past its keeping: answered keys, the inbox, replayed dead letters, what listeners were told."""
    now = runtime.clock.now()
    async with runtime.db.connection() as connection:
        await trim_messages(connection, now, runtime.outbox)
        await trim_keys(connection, now)
        await hub_store.trim(connection, now)


async def _measure(runtime: Runtime) -> None:
    await measure(runtime.db, runtime.consumer, runtime.settings.topic_prefix, runtime.metrics)
    runtime.metrics.notifications(*await hub_store.count(runtime.db))
    if runtime.service.publications:
        await measure_publications(runtime.db, runtime.clock.now(), runtime.metrics)


async def _republish(runtime: Runtime) -> None:
    await republish(runtime, runtime.service.republishes)


async def _rebuild(runtime: Runtime) -> None:
    await carry_on(runtime, runtime.service.projections)


async def _publish(runtime: Runtime) -> None:
    for publication in runtime.service.publications:
        await publish(runtime, publication)


async def _tell_position(runtime: Runtime) -> None:
    for publication in runtime.service.publications:
        await tell_position(runtime, publication)


OF_EVERY_SERVICE = (Timer("trim", TRIM_EVERY, _trim), Timer("measure", MEASURE_EVERY, _measure))
REPUBLISH = Timer("republish", timedelta(seconds=1), _republish)
REBUILD = Timer("rebuild", timedelta(seconds=1), _rebuild)
PUBLISHING = (
    Timer("publish", timedelta(seconds=1), _publish),
    Timer("tell-position", timedelta(minutes=1), _tell_position),
)


def timers_of(service: Service) -> tuple[Timer, ...]:
    """A service's timers, with those that follow from what it declares, and those that every service has."""
    owning = (REPUBLISH,) if service.republishes else ()
    copying = (REBUILD,) if service.projections else ()
    publishing = PUBLISHING if service.publications else ()
    return (*service.timers, *owning, *copying, *publishing, *OF_EVERY_SERVICE)


def topics_of(service: Service, node: str) -> list[str]:
    """Every topic that a service listens to or writes at a node."""
    declared: list[Handles | Publishes] = [*service.handles, *service.publishes]
    found = {topic for one in declared for topic in names(one.topic, node)}
    return sorted({*found, dead_letters(node, service.name)})


async def _database_answers(runtime: Any) -> None:
    await runtime.db.fetchval("SELECT 1")


async def _broker_answers(runtime: Any) -> None:
    host, _, port = runtime.settings.kafka.split(",")[0].rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()


async def _migrated(runtime: Any) -> None:
    if await pending(runtime.db, runtime.service.package):
        raise NotMigrated(runtime.service.package)


def routes_of(service: Service) -> Sequence[Routes]:
    """A service's endpoints, with those that every service has."""
    checks = {"database": _database_answers, "broker": _broker_answers, "migrations": _migrated}
    hubs = (hub_routes(hub) for hub in service.hubs)
    telling = (notification_routes(service.name),) if service.hubs else ()
    owning = (snapshot_routes(service.name, service.republishes),) if service.republishes else ()
    copying = (rebuild_routes(service.name, service.projections),) if service.projections else ()
    publishing = (publication_routes(service.name, service.publications),) if service.publications else ()
    own = (*service.routes, *hubs, *telling, *owning, *copying, *publishing)
    return (*own, dead_letter_routes(service.name), health_routes(checks))


def build_app(
    service: Service, settings: Settings, clock: Clock | None = None, *, relay: bool = True
) -> FastAPI:
    """The service as an ASGI app; its lifespan starts and stops all that it runs, `relay` included or not.

    `app.state.runtime` is there from the beginning, its database from the start of the lifespan on.
    """
    runtime = Runtime(service, settings, clock or clock_from(settings.clock_file))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with runtime.running(relay=relay):
            log.info("service.started", service=service.name)
            yield
        log.info("service.stopped", service=service.name)

    app = bare_app(service.title, routes_of(service), lifespan=lifespan)
    app.state.runtime = runtime
    return app
