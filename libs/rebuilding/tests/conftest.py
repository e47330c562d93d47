"""An owner of things and a service that keeps copies of them, as small as they can be, at one node."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel
from sqlalchemy import BigInteger, Column, MetaData, Table, Text

from libs.database import Connection
from libs.database.ground import ground_tables
from libs.messaging import Handles, Message, Outgoing, Publishes, Work
from libs.messaging.topics import events
from libs.rebuilding import Copies, Republishes, copy_columns
from libs.rebuilding.tables import rebuild_table, snapshot_table
from libs.security.roles import SERVICE, Roles
from libs.service import Service
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.routes import PUBLIC, Routes
from tests.engines import RunService, eventually
from tests.running import RunningService


class ThingChanged(BaseModel):
    """A thing of the owner's."""

    ce_type: ClassVar[str] = "test.thing-changed.v1"
    id: str
    version: int
    name: str
    deleted: bool = False


OWNED = MetaData()
ground_tables(OWNED)
snapshot_table(OWNED)
THINGS = Table(
    "things",
    OWNED,
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
)

COPIED = MetaData()
ground_tables(COPIED)
rebuild_table(COPIED)
KNOWN = Table("known_things", COPIED, *copy_columns("known_things"), Column("name", Text, nullable=False))


def row(thing: ThingChanged) -> dict[str, Any]:
    return thing.model_dump(exclude={"ce_type"}) | {"record": thing.model_dump_json()}


COPIES = Copies(KNOWN, owner="owner", kind="things", model=ThingChanged, row=row)


async def page(tx: Connection, after: str, limit: int) -> Sequence[ThingChanged]:
    rows = await tx.fetch("SELECT * FROM things WHERE id > $1 ORDER BY id LIMIT $2", after, limit)
    return [ThingChanged(**row) for row in rows]


async def count(tx: Connection) -> int:
    return int(await tx.fetchval("SELECT count(*) FROM things"))


async def on_things(work: Work, messages: list[Message[ThingChanged]]) -> None:
    await COPIES.keep(work.tx, [message.data for message in messages])


routes = Routes(tag="Owner")
tokens: list[str] = []


@routes.post("/oauth2/token", allow=PUBLIC)
async def token(call: Call[None]) -> Answer:
    return Answer(200, {"access_token": tokens[0], "expires_in": 900})


@routes.get("/api/owner/v1/facts/things/{id}", allow=Roles(SERVICE))
async def thing(call: Call[None]) -> Answer:
    found = await call.runtime.db.fetchrow("SELECT * FROM things WHERE id = $1", call.path["id"])
    if found is None:
        raise Refusal(Reason(codes.NOT_FOUND))
    return Answer(200, ThingChanged(**found))


OWNER = Service(
    "owner",
    "toy_owner",
    "Owner",
    OWNED,
    (routes,),
    publishes=(Publishes(lambda node: events(node, "owner"), (ThingChanged,)),),
    republishes=(Republishes("things", page, count),),
)
COPIER = Service(
    "copier",
    "toy_copier",
    "Copier",
    COPIED,
    (),
    handles=(Handles(lambda node: events(node, "owner"), ThingChanged, on_things),),
    projections=(COPIES,),
)


class Pair:
    """The owner and the copier."""

    def __init__(self, owner: RunningService, copier: RunningService) -> None:
        self.owner = owner
        self.copier = copier

    async def change(self, *names: str, suffix: str = "") -> None:
        """Make these things, or their next versions, and tell of them."""
        async with self.owner.runtime.unit() as work:
            rows = await work.tx.fetch(
                """INSERT INTO things SELECT name, 1, name || $2 FROM unnest($1::text[]) AS n(name)
                   ON CONFLICT (id) DO UPDATE SET version = things.version + 1, name = excluded.name RETURNING *""",
                list(names),
                suffix,
            )
            work.send(*(Outgoing(events("gd", "owner"), one["id"], ThingChanged(**one)) for one in rows))

    async def owned(self) -> dict[str, tuple[int, str]]:
        rows = await self.owner.db.fetch("SELECT * FROM things")
        return {row["id"]: (row["version"], row["name"]) for row in rows}

    async def copied(self) -> dict[str, tuple[int, str]]:
        rows = await self.copier.db.fetch("SELECT * FROM known_things WHERE NOT deleted")
        return {row["id"]: (row["version"], row["name"]) for row in rows}

    async def whole(self) -> bool:
        return await self.owned() == await self.copied()

    async def begin(self, role: str = "supervisor", **body: Any) -> dict[str, Any]:
        answer = await self.copier.client.post(
            "/api/copier/v1/rebuilds",
            json={"projection": "known_things"} | body,
            headers=self.copier.bearer(role),
        )
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def seen(self, id: str) -> dict[str, Any]:
        answer = await self.copier.client.get(
            f"/api/copier/v1/rebuilds/{id}", headers=self.copier.bearer("auditor")
        )
        found: dict[str, Any] = answer.json()
        return found

    async def done(self, id: str) -> dict[str, Any]:
        """The job once it is done."""

        async def look() -> dict[str, Any] | None:
            found = await self.seen(id)
            return found if found["state"] == "done" else None

        found = await eventually(look, 30)
        assert found is not None
        return found


@pytest.fixture
async def pair(running: RunService) -> AsyncIterator[Pair]:
    async with running(OWNER) as owner, running(COPIER, clock=owner.clock) as copier:
        tokens[:] = [owner.token(SERVICE, subject="copier", client=True)]
        yield Pair(owner, copier)
