"""A service that runs inside a test, and the bench on which databases, keys and services are made."""

import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from fastapi import FastAPI
from sqlalchemy import MetaData

from deploy.local.databases import DatabaseServer, Schema
from deploy.local.engines import Engines
from libs.clock import Clock, ManualClock
from libs.database import Database
from libs.node import HQ, Settings
from libs.security.actor import Actor
from libs.security.issue import issue
from libs.security.key_files import generate_keys
from libs.security.keys import Keys
from tests.topics import Topics

if TYPE_CHECKING:
    from libs.service import Runtime, Service

PARTITIONS = 2


def random_mark() -> str:
    return f"t{secrets.token_hex(4)}"


def address(node: str) -> str:
    """The front door, and issuer, of a node in tests."""
    return f"http://{node}.unicrm.test"


class RunningService:
    """One service at one node, started in this process; `client` speaks to it as over HTTP."""

    def __init__(
        self, bench: "Bench", service: "Service", settings: Settings, clock: Any, topics: Topics, relay: bool
    ) -> None:
        self.service = service
        self.settings = settings
        self.clock = clock
        self.topics = topics
        self.app: FastAPI
        self.runtime: Runtime
        self.client: httpx.AsyncClient
        self._bench = bench
        self._relay = relay
        self._stack = AsyncExitStack()

    @property
    def node(self) -> str:
        return self.settings.node

    @property
    def db(self) -> Database:
        return self.runtime.db

    async def start(self) -> None:
        # Here and not above: who tests what a service is made of needs databases, and no service.
        from libs.service import build_app

        self.app = build_app(self.service, self.settings, self.clock, relay=self._relay)
        self.runtime = self.app.state.runtime
        await self.runtime.http.aclose()
        self.runtime.http = httpx.AsyncClient(transport=self._bench.neighbours(self.settings.topic_prefix))
        await self._stack.enter_async_context(self.app.router.lifespan_context(self.app))
        transport = httpx.ASGITransport(app=self.app)
        self.client = httpx.AsyncClient(transport=transport, base_url=self.settings.public_url, timeout=30)
        self._stack.push_async_callback(self.client.aclose)

    async def stop(self) -> None:
        """As at the end of its process; database and topics stay for the next `start()`."""
        await self._stack.aclose()

    async def restart(self) -> None:
        """End it and start it again: what it knows now is what it had written down."""
        await self.stop()
        await self.start()

    async def tick(self, name: str) -> None:
        """Run a timer of the service now. Raises KeyError where it has none of this name."""
        # Here and not above, as in `start`.
        from libs.service import timers_of

        timers = {timer.name: timer for timer in timers_of(self.service)}
        await self.runtime.run(timers[name])

    def token(self, *roles: str, issuer: str | None = None, **claims: Any) -> str:
        """A token for this node: `token("hall-clerk", subject="op-7", hall="gd-hall-2", area="020")`.

        `issuer` is the code of the node that signs it, if another than this one (`"hq"`); further keywords are the
        fields of an Actor.
        """
        signer = issuer or self.node
        given: dict[str, Any] = {"subject": f"{roles[0]}-1", "name": "李娜"} | claims
        if "dealer-clerk" in roles:
            given.setdefault("dealer", f"{self.node}-dealer-1")
            given.setdefault("channel", "dealer")
        if "hall-clerk" in roles:
            given.setdefault("hall", f"{self.node}-hall-1")
            given.setdefault("channel", "hall")
        actor = Actor(issuer=address(signer), node=signer, roles=frozenset(roles), **given)
        return issue(self._bench.keys_of(signer).signing, actor, audience=self.node, now=self.clock.now())

    def bearer(self, *roles: str, key: str | None = None, **claims: Any) -> dict[str, str]:
        """Headers of a request in these roles; `key` is its Idempotency-Key."""
        headers = {"Authorization": f"Bearer {self.token(*roles, **claims)}"}
        return headers if key is None else headers | {"Idempotency-Key": key}


class Bench:
    """The session's engines with what every test needs of them."""

    def __init__(
        self,
        engines: Engines,
        server: DatabaseServer,
        keys: Path,
        producer: AIOKafkaProducer,
        admin: AIOKafkaAdminClient,
    ) -> None:
        self.engines = engines
        self.server = server
        self.keys = keys
        self._producer = producer
        self._admin = admin
        self._loaded: dict[str, Keys] = {}
        self._present: dict[str, list[RunningService]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, engines: Engines, keys: Path) -> AsyncIterator["Bench"]:
        generate_keys(keys, ["hq", "bj", "gd", "production"])
        async with DatabaseServer.open(engines.postgres_url) as server:
            producer = AIOKafkaProducer(bootstrap_servers=engines.kafka)
            admin = AIOKafkaAdminClient(bootstrap_servers=engines.kafka)
            await producer.start()
            await admin.start()
            try:
                yield cls(engines, server, keys, producer, admin)
            finally:
                await producer.stop()
                await admin.close()

    def keys_of(self, node: str) -> Keys:
        if node not in self._loaded:
            if not (self.keys / node).is_dir():
                generate_keys(self.keys, [node])
            self._loaded[node] = Keys.load(self.keys / node)
        return self._loaded[node]

    @asynccontextmanager
    async def database(
        self, package: str = "ground", *, tables: MetaData | None = None
    ) -> AsyncIterator[Database]:
        """A fresh database, removed at the end of the block."""
        schema = Schema("ground") if package == "ground" and tables is None else Schema.of(package, tables)
        name = f"{random_mark()}_{package}"
        database = await Database.open(await self.server.clone(schema, name))
        try:
            yield database
        finally:
            await database.close()
            await self.server.drop(name)

    @asynccontextmanager
    async def running(
        self,
        service: "Service",
        node: str = "gd",
        *,
        clock: Clock | None = None,
        topic_prefix: str | None = None,
        relay: bool = True,
        **given: Any,
    ) -> AsyncIterator[RunningService]:
        """A service of its own database, started in this process until the end of the block.

        Without `relay` what it writes to the outbox stays there.
        """
        prefix = topic_prefix or f"{random_mark()}."
        _make_room(service.package, self.keys)
        settings = self._settings(node, prefix, given)
        name = settings.database_name(service.package)
        await self.server.clone(Schema.of(service.package, service.tables), name)
        topics = Topics(self.engines.kafka, prefix, self._producer, PARTITIONS)
        started = RunningService(self, service, settings, clock or ManualClock(), topics, relay)
        present = self._present.setdefault(prefix, [])
        try:
            await started.start()
            present.append(started)
            yield started
        finally:
            with suppress(ValueError):
                present.remove(started)
            await started.stop()
            await self.server.drop(name)
            if topic_prefix is None:
                await self.remove_topics(prefix)

    def _settings(self, node: str, prefix: str, given: dict[str, Any]) -> Settings:
        self.keys_of(node)
        issuers = {address(code): str(self.keys / "public" / f"{code}.json") for code in {node, HQ}}
        return Settings(
            **{
                "node": node,
                "public_url": address(node),
                "hq_url": None if node == HQ else address(HQ),
                "postgres_url": self.engines.postgres_url,
                "kafka": self.engines.kafka,
                "database_prefix": f"{random_mark()}_",
                "topic_prefix": prefix,
                "topic_partitions": PARTITIONS,
                "keys_dir": self.keys / node,
                "jwks": issuers,
                "development": True,
                "request_log": False,
            }
            | given
        )

    def neighbours(self, prefix: str) -> httpx.AsyncBaseTransport:
        """HTTP between the services that one test runs: by the node's address and the path."""
        return _Neighbours(self._present.setdefault(prefix, []))

    async def remove_topics(self, prefix: str) -> None:
        """Remove a test's topics: thousands of them would fill the broker's memory."""
        self._present.pop(prefix, None)
        mine = [name for name in await self._admin.list_topics() if name.startswith(prefix)]
        if mine:
            await self._admin.delete_topics(mine)


class _Neighbours(httpx.AsyncBaseTransport):
    def __init__(self, present: list[RunningService]) -> None:
        self._present = present

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        origin = f"{request.url.scheme}://{request.url.host}"
        for one in self._present:
            if one.settings.public_url == origin and _serves(one.app, request.url.path):
                return await httpx.ASGITransport(app=one.app).handle_async_request(request)
        raise httpx.ConnectError(f"no service of this test answers {request.url}", request=request)


def _serves(app: FastAPI, path: str) -> bool:
    literal = [str(getattr(route, "path", "")).split("/{", 1)[0] for route in app.routes]
    return any(path == beginning or path.startswith(f"{beginning}/") for beginning in literal)


def _make_room(package: str, folder: Path) -> None:
    """Give a toy service of a test its place in `services`, with no revisions of its own."""
    name = f"services.{package}"
    if name in sys.modules or find_spec(name) is not None:
        return
    room = folder / "rooms" / package
    (room / "migrations" / "versions").mkdir(parents=True, exist_ok=True)
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    module.__path__ = module.__spec__.submodule_search_locations = [str(room)]
    sys.modules[name] = module
