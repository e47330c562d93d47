"""A service at one tier, with real records of everybody, and what the test must know to ask for each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from deploy.authorisation import Whose, endpoints_of
from libs.ids import new_id
from libs.web.routes import Endpoint, Public
from tests.house.authorisation.people import Person
from tests.running import RunningService

NEVER = timedelta(days=1000)
Maker = Callable[[Person, str], Awaitable[str]]
"""Makes a record that is somebody's, as (person, path of the endpoint) says; answers its id in that path."""
Operation = tuple[str, str]
"""Method and path of an endpoint."""


@dataclass(frozen=True)
class Naming:
    """A body that names a record of another kind: who does not reach that is told one of `codes`, others are not.

    In a change of a record it is one's own that is to name another."""

    record: str
    body: Callable[[str], Any]
    codes: frozenset[str]
    whose: Whose | None = None
    """How far that record can be reached; as the endpoint's own, unless given."""


def naming(record: str, body: Callable[[str], Any], *codes: str, whose: Whose | None = None) -> Naming:
    return Naming(record, body, frozenset(codes), whose)


@dataclass
class World:
    """What is said here of an endpoint is only what does not follow from its route."""

    service: RunningService
    makers: Mapping[str, Maker]
    bodies: Mapping[Operation, Callable[[], Any]] = field(default_factory=dict)
    """What is sent, where `{}` would not come far enough to be asked whose the record is."""
    names: Mapping[Operation, tuple[Naming, ...]] = field(default_factory=dict)
    """The records that a body names. An endpoint that makes bounded records has to be here, if only to name none."""
    used_up: frozenset[Operation] = frozenset()
    """The endpoints after which a record is not what it was, and that no If-Match holds back: each gets a new one."""
    listed_by: Mapping[str, str] = field(default_factory=dict)
    """In lists at these paths, the attribute that says which record it is about; elsewhere `id`."""
    _made: dict[tuple[str, Person], "asyncio.Task[str]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """With what every service has."""
        service = self.service.service
        mending = ("PATCH", f"/api/{service.name}/v1/deadLetters/{{id}}")
        self.makers = everywhere(self.service) | self.makers
        rebuilding = ("POST", f"/api/{service.name}/v1/rebuilds")
        self.bodies = {
            mending: lambda: {"payload": {}},
            rebuilding: lambda: {"projection": "nothing"},
            **self.bodies,
        }
        self.names = {**{("POST", f"{hub.base}/hub"): () for hub in service.hubs}, **self.names}
        self.used_up |= {("DELETE", f"{hub.base}/hub/{{id}}") for hub in service.hubs}
        self.used_up |= {("POST", f"/api/{service.name}/v1/hubNotifications/{{id}}/resend")}

    @cached_property
    def endpoints(self) -> list[Endpoint]:
        return endpoints_of(self.service.service)

    @property
    def guarded(self) -> list[Endpoint]:
        """Those that ask for a token."""
        return [one for one in self.endpoints if not isinstance(one.allow, Public)]

    async def record(self, kind: str, person: Person, path: str = "") -> str:
        """The one record of a kind that is this person's."""
        made = self._made.get((kind, person))
        if made is None:
            made = self._made[kind, person] = asyncio.create_task(self.fresh(kind, person, path))
        return await made

    async def fresh(self, kind: str, person: Person, path: str = "") -> str:
        """Another one."""
        return await self.makers[kind](person, path)

    async def post(self, path: str, body: Any, person: Person) -> str:
        """What somebody makes over the API; its id."""
        headers = person.headers(self.service, key=new_id())
        answer = await self.service.client.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), f"{path} as {person}: {answer.text}"
        return str(answer.json()["id"])


def everywhere(service: RunningService) -> dict[str, Maker]:
    """What every service has."""

    async def listener(person: Person, path: str) -> str:
        base = path.partition("/hub")[0]
        headers = person.headers(service)
        body = {"callback": f"http://127.0.0.1:9/{new_id()}"}
        answer = await service.client.post(f"{base}/hub", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def dead_letter(person: Person, path: str) -> str:
        id = new_id()
        await service.db.execute(
            """INSERT INTO dead_letters
                 (id, direction, reason, detail, topic, key, source, ce_id, headers, payload, created)
               VALUES ($1, 'in', 'failed', 'x', 'nobodys', 'k', '/gd/nobody', $1, '[]', '{}', $2)""",
            id,
            service.clock.now(),
        )
        return id

    async def rebuild(person: Person, path: str) -> str:
        id = new_id()
        await service.db.execute(
            """INSERT INTO rebuilds (id, projection, state, after, asked, records, sent, mended, removed, actor,
                                     created)
               VALUES ($1, 'known_accounts', 'done', '', '', 0, 0, 0, 0, 'x', $2)""",
            id,
            service.clock.now(),
        )
        return id

    async def publication(person: Person, path: str) -> str:
        # There is one of each, whoever looks.
        return f"{service.service.publications[0].name}.gd"

    async def notification(person: Person, path: str) -> str:
        id, now = new_id(), service.clock.now()
        await service.db.execute(
            """INSERT INTO hub_subscriptions (id, base, callback, digest, issuer, subject, actor, tables, next_at,
                                              created)
               VALUES ($1, '/x', 'http://127.0.0.1:9', $2, 'x', 'x', '{}', '{}', $4, $3)""",
            id,
            id.encode(),
            now,
            now + NEVER,
        )
        change = await service.db.fetchval(
            """INSERT INTO hub_changes (event, source, kind, "row", at)
               VALUES (gen_random_uuid(), 'x', 'insert', '{}', $1) RETURNING id""",
            now,
        )
        await service.db.execute(
            "INSERT INTO hub_deliveries (subscription, change, record, state) VALUES ($1, $2, 'x/1', 'dead')",
            id,
            change,
        )
        return f"{change}-{id}"

    return {
        "listener": listener,
        "dead letter": dead_letter,
        "notification": notification,
        "publication": publication,
        "rebuild": rebuild,
    }
