"""What tests stand on, tried with a service that keeps notes: it exists nowhere else."""

import time
from datetime import timedelta
from typing import Any, ClassVar

import httpx
import pytest
from pydantic import BaseModel
from sqlalchemy import Column, MetaData, Table, Text

from libs.clock import ManualClock
from libs.database.ground import ground_tables
from libs.messaging import Handles, Message, Outgoing, Publishes, Work
from libs.messaging.topics import events, tasks
from libs.security.roles import Roles
from libs.service import Runtime, Service, Timer
from libs.web.call import Answer, Call
from libs.web.routes import Routes
from tests.engines import MakeDatabase, RunService, eventually

TABLES = MetaData()
ground_tables(TABLES)
NOTE = Table("note", TABLES, Column("id", Text, primary_key=True), Column("text", Text, nullable=False))


class WriteNote(BaseModel):
    ce_type: ClassVar[str] = "unicrm.notes.write.v1"
    id: str
    text: str


class NoteWritten(BaseModel):
    ce_type: ClassVar[str] = "unicrm.notes.written.v1"
    id: str


routes = Routes("/api/notes/v1", tag="Notes")


@routes.post("/notes", allow=Roles("hall-clerk"), body=WriteNote, answer=WriteNote, status=201)
async def write_note(call: Call[WriteNote]) -> Answer:
    runtime: Any = call.runtime
    async with runtime.unit() as work:
        await _keep(work, [call.body])
    return Answer(201, call.body)


@routes.get("/notes/{id}", allow=Roles("hall-clerk", "hq-operator"), answer=WriteNote)
async def read_note(call: Call[None]) -> Answer:
    row = await call.runtime.db.fetchrow("SELECT id, text FROM note WHERE id = $1", call.path["id"])
    return Answer(200, dict(row)) if row else Answer(404)


async def take_in(work: Work, messages: list[Message[WriteNote]]) -> None:
    await _keep(work, [message.data for message in messages])


async def _keep(work: Work, notes: list[WriteNote]) -> None:
    await work.tx.execute(
        "INSERT INTO note SELECT * FROM unnest($1::text[], $2::text[])",
        [note.id for note in notes],
        [note.text for note in notes],
    )
    work.send(*(Outgoing(events("gd", "notes"), note.id, NoteWritten(id=note.id)) for note in notes))


async def _sweep(runtime: Runtime) -> None:
    await runtime.db.execute("DELETE FROM note WHERE text < $1", runtime.clock.now().isoformat())


NOTES = Service(
    name="notes",
    package="notes",
    title="Notes",
    tables=TABLES,
    routes=(routes,),
    handles=(Handles(lambda node: tasks(node, "notes"), WriteNote, take_in),),
    publishes=(Publishes(lambda node: events(node, "notes"), (NoteWritten,)),),
    timers=(Timer("sweep", timedelta(hours=1), _sweep),),
)


async def test_a_request_is_kept_and_told_to_others(running: RunService) -> None:
    async with running(NOTES) as notes:
        answer = await notes.client.post(
            "/api/notes/v1/notes", json={"id": "1", "text": "好"}, headers=notes.bearer("hall-clerk", key="k")
        )
        assert answer.status_code == 201, answer.text
        (event,) = await notes.topics.wait("gd.notes.events")
        assert (event.key, event.type, event.data) == ("1", NoteWritten.ce_type, {"id": "1"})


async def test_a_message_put_twice_has_its_effect_once(running: RunService) -> None:
    async with running(NOTES) as notes:
        task = WriteNote(id="1", text="once")
        same = await notes.topics.put("gd.notes.tasks", "1", task, time=notes.clock.now())
        await notes.topics.put("gd.notes.tasks", "1", task, id=same, time=notes.clock.now())
        last = WriteNote(id="2", text="then")
        await notes.topics.put("gd.notes.tasks", "1", last, time=notes.clock.now())
        await eventually(lambda: notes.db.fetchval("SELECT count(*) = 2 FROM note"))
        assert len(await notes.topics.wait("gd.notes.events", 2)) == 2


async def test_what_was_written_is_there_after_a_restart(running: RunService) -> None:
    async with running(NOTES) as notes:
        await notes.db.execute("INSERT INTO note VALUES ('1', 'kept')")
        await notes.restart()
        answer = await notes.client.get("/api/notes/v1/notes/1", headers=notes.bearer("hall-clerk"))
        assert answer.json() == {"id": "1", "text": "kept"}


async def test_time_passes_only_when_the_test_says_so(running: RunService) -> None:
    clock = ManualClock()
    async with running(NOTES, clock=clock) as notes:
        later = (clock.now() + timedelta(minutes=30)).isoformat()
        await notes.db.execute("INSERT INTO note VALUES ('1', $1)", later)
        await notes.tick("sweep")
        assert await notes.db.fetchval("SELECT count(*) FROM note") == 1
        clock.advance(timedelta(minutes=31))
        await notes.tick("sweep")
        assert await notes.db.fetchval("SELECT count(*) FROM note") == 0


async def test_headquarters_token_counts_in_a_province_and_a_neighbours_does_not(running: RunService) -> None:
    async with running(NOTES) as notes:
        path = "/api/notes/v1/notes/1"
        hq = notes.bearer("hq-operator", issuer="hq")
        assert (await notes.client.get(path, headers=hq)).status_code == 404
        beijing = notes.bearer("hall-clerk", issuer="bj")
        assert (await notes.client.get(path, headers=beijing)).status_code == 401


async def test_two_nodes_of_a_test_reach_each_other_by_http_but_share_no_rows(running: RunService) -> None:
    async with running(NOTES, "gd") as gd, running(NOTES, "bj") as bj:
        await gd.db.execute("INSERT INTO note VALUES ('1', 'home')")
        url = f"{gd.settings.public_url}/api/notes/v1/notes/1"
        answer = await bj.runtime.http.get(url, headers=gd.bearer("hall-clerk"))
        assert answer.json()["text"] == "home"
        assert await bj.db.fetchval("SELECT count(*) FROM note") == 0
        with pytest.raises(httpx.ConnectError):
            await bj.runtime.http.get("http://sh.unicrm.test/api/notes/v1/notes/1")


async def test_every_database_is_new_and_soon_there(database: MakeDatabase) -> None:
    first = await database("notes", tables=TABLES)
    await first.execute("INSERT INTO note VALUES ('1', 'mine')")
    began = time.perf_counter()
    second = await database("notes", tables=TABLES)
    assert await second.fetchval("SELECT count(*) FROM note") == 0
    assert time.perf_counter() - began < 1


async def test_a_condition_that_never_holds_says_what_it_saw() -> None:
    with pytest.raises(AssertionError, match="the last answer was 3"):
        await eventually(_three, within=0.05)


class _Three(int):
    def __bool__(self) -> bool:
        return False


def _three() -> int:
    return _Three(3)
