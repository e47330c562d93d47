"""Whatever is lost, doubled or comes late between headquarters and a province, the copy ends as what was published."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from pydantic import BaseModel

from libs.clock import ManualClock
from libs.database import Connection, Database
from libs.database.ground import ground_tables
from libs.messaging import Message, Outbox, Work, unit_of_work
from libs.messaging.tiers import Spoofed
from libs.publishing import (
    Conflict,
    Page,
    Publication,
    apply_pages,
    copy_of,
    note_positions,
    page_of,
    publish,
    publishing_tables,
    tell_position,
)
from libs.publishing.measuring import measure
from libs.publishing.publications_api import state_of
from tests.engines import MakeDatabase, eventually

TABLES = sa.MetaData()
ground_tables(TABLES)
publishing_tables(TABLES)
sa.Table(
    "things",
    TABLES,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("says", sa.Text, nullable=False),
    sa.Column("number", sa.BigInteger),
    sa.Column("changed", sa.Boolean, nullable=False, server_default=sa.true()),
)


class Thing(BaseModel):
    id: str
    says: str
    number: int


class Things(BaseModel):
    ce_type: ClassVar[str] = "test.things.v1"
    after: int
    upto: int
    newest: int
    records: list[Thing]


class Held(BaseModel):
    ce_type: ClassVar[str] = "test.held.v1"
    node: str
    publication: str
    position: int
    conflicts: list[Any] = []
    at: datetime


async def changed(tx: Connection) -> bool:
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM things WHERE changed)"))


async def number(tx: Connection, first: int) -> int:
    rows = await tx.fetch(
        """UPDATE things AS t SET number = n.number, changed = false
           FROM (SELECT id, $1::bigint + row_number() OVER (ORDER BY id) AS number FROM things WHERE changed) AS n
           WHERE t.id = n.id RETURNING t.id""",
        first,
    )
    return len(rows)


async def page(tx: Connection, after: int, most: int = 3) -> Page:
    rows = await tx.fetch(
        "SELECT id, says, number FROM things WHERE number > $1 ORDER BY number LIMIT $2", after, most
    )
    things = [Thing(**dict(row)) for row in rows]
    return page_of(things, most)


THINGS = Publication(name="things", changed=changed, number=number, page=page, message=Things, statement=Held)


async def take(work: Work, records: Sequence[Thing]) -> list[Conflict]:
    for one in records:
        await work.tx.execute(
            """INSERT INTO things AS t (id, says, number) VALUES ($1, $2, $3)
               ON CONFLICT (id) DO UPDATE SET says = excluded.says, number = excluded.number
               WHERE t.number < excluded.number""",
            one.id,
            one.says,
            one.number,
        )
    return []


class Node:
    """As much of a service's runtime as publishing needs."""

    def __init__(self, node: str, db: Database, clock: ManualClock) -> None:
        self.settings = SimpleNamespace(node=node)
        self.db = db
        self.clock = clock
        self.outbox = Outbox(node, "test")

    def unit(self) -> Any:
        return unit_of_work(self.db, self.clock, self.outbox, self)  # type: ignore[arg-type]

    async def sent(self) -> list[bytes]:
        """What it wrote since it was asked last, in this order."""
        rows = await self.db.fetch("DELETE FROM outbox RETURNING id, payload")
        return [row["payload"] for row in sorted(rows, key=lambda row: row["id"])]

    async def says(self) -> dict[str, str]:
        return {row["id"]: row["says"] for row in await self.db.fetch("SELECT id, says FROM things")}


class Tiers:
    """Headquarters, a province, and what is on its way between them."""

    def __init__(self, hq: Node, gd: Node, clock: ManualClock) -> None:
        self.hq, self.gd, self.clock = hq, gd, clock
        self.down: list[bytes] = []
        self.up: list[bytes] = []

    async def change(self, id: str, says: str) -> None:
        await self.hq.db.execute(
            """INSERT INTO things (id, says) VALUES ($1, $2)
               ON CONFLICT (id) DO UPDATE SET says = excluded.says, changed = true""",
            id,
            says,
        )

    async def tick(self) -> None:
        await publish(self.hq, THINGS)  # type: ignore[arg-type]
        self.down += await self.hq.sent()

    async def state(self) -> None:
        await tell_position(self.gd, THINGS)  # type: ignore[arg-type]
        self.up += await self.gd.sent()

    async def arrive_in_gd(self, *payloads: bytes, source: str = "/hq/test") -> None:
        messages = [_message(Things.model_validate_json(one), source) for one in payloads]
        async with self.gd.unit() as work:
            await apply_pages(work, THINGS, messages, take)
        self.up += await self.gd.sent()

    async def arrive_at_hq(self, payload: bytes) -> None:
        said = Held.model_validate_json(payload)
        async with self.hq.unit() as work:
            await note_positions(work, THINGS, [_message(said, "/gd/test", "gd.uplink.control")])
        self.down += await self.hq.sent()

    async def settle(self) -> int:
        """Lose nothing more, and let time pass, until nothing moves; how many rounds that takes."""
        for round_ in range(1, 100):
            self.clock.advance(timedelta(minutes=3))
            await self.tick()
            await self.state()
            down, self.down, up, self.up = self.down, [], self.up, []
            if not down and round_ > 1:
                return round_
            if down:
                await self.arrive_in_gd(*down)
            for one in up:
                await self.arrive_at_hq(one)
        raise AssertionError("it never comes to rest")

    async def position(self) -> tuple[int, int]:
        """How far the copy goes, and what headquarters numbered last."""
        async with self.gd.db.connection() as connection:
            copy = await copy_of(connection, THINGS)
        return copy.position, int(await self.hq.db.fetchval("SELECT newest FROM publications"))


def _message(data: BaseModel, source: str, topic: str = "gd.downlink.control") -> Message[Any]:
    now = datetime.fromisoformat("2026-11-26T00:00:00+00:00")
    return Message("1", "t", source, None, now, "things", topic, data, b"")


@pytest.fixture
async def tiers(database: MakeDatabase) -> Tiers:
    clock = ManualClock()
    made = [Node(code, await database("publishing", tables=TABLES), clock) for code in ("hq", "gd")]
    return Tiers(*made, clock)


@pytest.mark.parametrize("seed", range(8))
async def test_the_copy_ends_as_what_was_published_whatever_becomes_of_the_messages(
    tiers: Tiers, seed: int
) -> None:
    chance = random.Random(seed)

    async def something() -> None:
        match chance.randrange(7):
            case 0 | 1:
                await tiers.change(f"thing-{chance.randrange(12)}", str(chance.random()))
            case 2:
                await tiers.tick()
            case 3:
                await tiers.state()
            case 4 if tiers.down:
                # Late, early, or again: and often lost.
                one = tiers.down.pop(chance.randrange(len(tiers.down)))
                if chance.random() < 0.3:
                    tiers.down.append(one)
                if chance.random() < 0.7:
                    await tiers.arrive_in_gd(one)
            case 5 if tiers.up:
                one = tiers.up.pop(chance.randrange(len(tiers.up)))
                if chance.random() < 0.7:
                    await tiers.arrive_at_hq(one)
            case _:
                tiers.clock.advance(timedelta(seconds=chance.choice((1, 30, 200))))

    for _ in range(60):
        await something()
    await tiers.settle()
    assert await tiers.gd.says() == await tiers.hq.says()
    position, newest = await tiers.position()
    assert position == newest


async def test_nothing_is_sent_where_nothing_was_said_and_nothing_twice_that_is_under_way(
    tiers: Tiers,
) -> None:
    await tiers.change("a", "1")
    await tiers.tick()
    assert tiers.down == []
    await tiers.state()
    await tiers.arrive_at_hq(tiers.up.pop())
    assert len(tiers.down) == 1
    await tiers.tick()
    await tiers.state()
    await tiers.arrive_at_hq(tiers.up.pop())
    assert len(tiers.down) == 1, "the page is still on its way"
    tiers.clock.advance(timedelta(minutes=3))
    await tiers.tick()
    assert len(tiers.down) == 2, "it seems to be lost"


async def test_what_a_province_says_follows_what_it_took_in(tiers: Tiers) -> None:
    await tiers.change("a", "1")
    await tiers.tick()
    await tiers.state()
    await tiers.arrive_at_hq(tiers.up.pop())
    message = _message(Things.model_validate_json(tiers.down.pop()), "/hq/test")
    async with tiers.gd.unit() as work:
        await apply_pages(work, THINGS, [message], take)
        saying = asyncio.create_task(tell_position(tiers.gd, THINGS))  # type: ignore[arg-type]
        await eventually(lambda: _waits_for_a_lock(tiers.gd.db))
        assert not saying.done()
    await saying
    said = [Held.model_validate_json(one).position for one in await tiers.gd.sent()]
    assert said == [message.data.upto] * 2


async def _waits_for_a_lock(db: Database) -> bool:
    sql = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
    return bool(await db.fetchval(sql))


async def test_it_is_told_for_how_long_a_province_lacks_something(tiers: Tiers) -> None:
    shown: dict[tuple[str, str], tuple[float, int]] = {}

    class Gauges:
        def publication(self, name: str, node: str, behind: float, conflicts: int) -> None:
            shown[name, node] = (behind, conflicts)

    async def look() -> tuple[float, int]:
        await measure(tiers.hq.db, tiers.clock.now(), Gauges())
        return shown["things", "gd"]

    await tiers.settle()
    assert await look() == (0.0, 0)
    await tiers.change("a", "1")
    await tiers.tick()
    tiers.clock.advance(timedelta(minutes=20))
    await tiers.change("a", "2")
    await tiers.tick()
    assert await look() == (1200.0, 0)
    await tiers.settle()
    assert await look() == (0.0, 0)


async def test_after_a_database_was_put_back_new_changes_reach_a_province_that_knew_more(
    tiers: Tiers,
) -> None:
    await tiers.change("a", "1")
    await tiers.settle()
    # Headquarters forgets the last hour, in which it numbered more.
    position, newest = await tiers.position()
    await tiers.hq.db.execute("UPDATE publications SET newest = 5; UPDATE things SET number = 5")
    assert state_of(position, 5) == "ahead"
    tiers.clock.advance(timedelta(seconds=1))
    await tiers.change("a", "2")
    await tiers.settle()
    assert await tiers.gd.says() == {"a": "2"}
    position, newest = await tiers.position()
    assert position == newest


async def test_a_province_whose_database_was_put_back_gets_what_it_lost(tiers: Tiers) -> None:
    await tiers.change("a", "1")
    await tiers.settle()
    await tiers.gd.db.execute("DELETE FROM things; DELETE FROM publication_copies")
    # Headquarters does not know yet, and sends what comes next.
    await tiers.change("b", "1")
    await tiers.tick()
    await tiers.arrive_in_gd(tiers.down.pop())
    assert (await tiers.gd.says(), (await tiers.position())[0]) == ({"b": "1"}, 0)
    await tiers.settle()
    assert await tiers.gd.says() == {"a": "1", "b": "1"}


async def test_a_province_takes_pages_from_headquarters_alone(tiers: Tiers) -> None:
    page = Things(after=0, upto=1, newest=1, records=[Thing(id="a", says="wrong", number=1)])
    with pytest.raises(Spoofed):
        await tiers.arrive_in_gd(page.model_dump_json().encode(), source="/bj/test")
    assert await tiers.gd.says() == {}


async def test_an_older_statement_does_not_take_back_a_newer_one(tiers: Tiers) -> None:
    await tiers.change("a", "1")
    await tiers.state()
    old = tiers.up.pop()
    tiers.clock.advance(timedelta(seconds=1))
    await tiers.settle()
    await tiers.arrive_at_hq(old)
    row = await tiers.hq.db.fetchrow("SELECT position, conflicts FROM publication_nodes")
    assert row is not None
    assert row["position"] == (await tiers.position())[1]
    assert tiers.down == []


@pytest.mark.parametrize(
    ("position", "newest", "state"),
    [(None, 7, "awaited"), (7, 7, "current"), (3, 7, "behind"), (8, 7, "ahead"), (0, 0, "current")],
)
def test_how_a_copy_stands(position: int | None, newest: int, state: str) -> None:
    assert state_of(position, newest) == state
