"""Dead letters over HTTP, at a service as small as one can be."""

import json
from base64 import b64encode
from typing import Any

import httpx
import pytest
from sqlalchemy import BigInteger, Column, Identity, MetaData, Table, Text

from libs.database.ground import ground_tables
from libs.messaging import Handles, Outgoing, Work
from libs.messaging.tests.conftest import ce
from libs.messaging.tests.stage import NumberReserved, remember, until
from libs.service import Service
from tests.engines import RunService
from tests.running import RunningService

TASKS = "gd.till.tasks"
PATH = "/api/till/v1/deadLetters"

TABLES = MetaData()
ground_tables(TABLES)
Table(
    "seen",
    TABLES,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("type", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("attempt", BigInteger, nullable=False),
)


async def take(work: Work, messages: list[Any]) -> None:
    await remember(work, messages)
    if any(message.data.number == "13000000000" for message in messages):
        raise ValueError("no such number")


TILL = Service(
    name="till",
    package="till",
    title="A till",
    tables=TABLES,
    routes=(),
    handles=(Handles(lambda node: f"{node}.till.tasks", NumberReserved, take),),
)


async def dead(till: RunningService, count: int = 1) -> list[str]:
    async with till.runtime.unit() as work:
        work.send(
            *(Outgoing(TASKS, f"k{n}", NumberReserved(number="13000000000", attempt=n)) for n in range(count))
        )

    async def all_dead() -> bool:
        return bool(await till.db.fetchval("SELECT count(*) = $1 FROM dead_letters", count))

    await until(all_dead)
    return [row["id"] for row in await till.db.fetch("SELECT id FROM dead_letters ORDER BY id DESC")]


def as_(till: RunningService, role: str, **more: str) -> dict[str, str]:
    return till.bearer(role) | more


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("sent", "readable"),
    [
        (b'{"attempt": 7}', True),
        (b'{"number": "13012345678", "att', False),
        (b'{"number": "13012345678", "attempt": 7, "more": NaN}', False),
        (b"\x80\x81", False),
    ],
    ids=["another shape", "truncated", "a number that is none", "no text"],
)
async def test_what_came_is_shown_as_it_came(running: RunService, sent: bytes, readable: bool) -> None:
    async with running(TILL) as till:
        await till.topics.put_raw(TASKS, "k", sent, ce(now=till.clock.now().isoformat()))

        async def letter() -> str | None:
            id: str | None = await till.db.fetchval("SELECT id FROM dead_letters")
            return id

        id = await until(letter)
        shown = await till.client.get(f"{PATH}/{id}?purpose=audit", headers=as_(till, "auditor"))
        as_it_came = json.loads(sent) if readable else {"base64": b64encode(sent).decode()}
        assert shown.json()["payload"] == as_it_came


async def test_a_supervisor_lists_mends_and_replays(running: RunService) -> None:
    async with running(TILL) as till:
        (id,) = await dead(till)
        listed = await till.client.get(
            f"{PATH}?state=dead&type=test.number-reserved.v1", headers=as_(till, "supervisor")
        )
        assert listed.status_code == 200
        assert listed.headers["X-Total-Count"] == "1"
        (entry,) = listed.json()
        assert (entry["id"], entry["reason"], entry["topic"], entry["key"]) == (id, "failed", TASKS, "k0")
        assert "payload" not in entry

        failed = await till.client.post(f"{PATH}/{id}/replay", headers=as_(till, "supervisor"))
        assert code(failed) == (409, "replay-failed")
        assert "no such number" in failed.json()["reason"]

        body = {"payload": {"number": "13012345678", "attempt": 3}}
        mended = await till.client.patch(f"{PATH}/{id}", json=body, headers=as_(till, "supervisor"))
        assert (mended.status_code, mended.json()["mended"], mended.json()["attempts"]) == (200, True, 1)

        key = {"Idempotency-Key": "replay-1"}
        replayed = await till.client.post(f"{PATH}/{id}/replay", headers=as_(till, "supervisor", **key))
        again = await till.client.post(f"{PATH}/{id}/replay", headers=as_(till, "supervisor", **key))
        assert replayed.status_code == again.status_code == 200
        assert replayed.json() == again.json()
        assert (replayed.json()["state"], replayed.json()["replayedBy"]) == ("replayed", "supervisor-1")
        assert await till.db.fetchval("SELECT array_agg(attempt) FROM seen") == [3]

        other = await till.client.post(f"{PATH}/{id}/replay", headers=as_(till, "supervisor"))
        assert code(other) == (409, "dead-letter-replayed")
        late = await till.client.patch(f"{PATH}/{id}", json=body, headers=as_(till, "supervisor"))
        assert code(late) == (409, "dead-letter-replayed")


async def test_content_shows_only_for_a_purpose(running: RunService) -> None:
    async with running(TILL) as till:
        (id,) = await dead(till)
        plain = await till.client.get(f"{PATH}/{id}", headers=as_(till, "auditor"))
        assert plain.status_code == 200
        assert not {"payload", "headers", "originalPayload"} & plain.json().keys()
        full = await till.client.get(f"{PATH}/{id}?purpose=audit", headers=as_(till, "auditor"))
        assert full.json()["payload"] == {"number": "13000000000", "attempt": 0}
        assert dict(full.json()["headers"])["ce_type"] == "test.number-reserved.v1"
        refused = await till.client.get(f"{PATH}/{id}?purpose=counter-service", headers=as_(till, "auditor"))
        assert code(refused) == (403, "purpose-not-permitted")
        unknown = await till.client.get(f"{PATH}/{id}?purpose=curiosity", headers=as_(till, "auditor"))
        assert code(unknown) == (400, "purpose-unknown")


async def test_lists_come_in_pages(running: RunService) -> None:
    async with running(TILL) as till:
        ids = await dead(till, 5)
        page = await till.client.get(f"{PATH}?offset=1&limit=2", headers=as_(till, "supervisor"))
        assert [entry["id"] for entry in page.json()] == ids[1:3]
        assert page.headers["X-Total-Count"] == "5"
        assert page.headers["X-Result-Count"] == "2"
        one = await till.client.get(
            f"{PATH}?key=k3&topic={TASKS}&reason=failed", headers=as_(till, "auditor")
        )
        assert len(one.json()) == 1
        none = await till.client.get(f"{PATH}?state=replayed", headers=as_(till, "auditor"))
        assert none.json() == []
        wrong = await till.client.get(f"{PATH}?colour=red", headers=as_(till, "auditor"))
        assert code(wrong) == (400, "unknown-parameter")


async def test_who_may_do_what(running: RunService) -> None:
    async with running(TILL) as till:
        (id,) = await dead(till)
        body = {"payload": {"number": "1"}}
        for role in ("hall-clerk", "machine"):
            assert (await till.client.get(PATH, headers=as_(till, role))).status_code == 403
        assert (
            await till.client.patch(f"{PATH}/{id}", json=body, headers=as_(till, "auditor"))
        ).status_code == 403
        assert (
            await till.client.post(f"{PATH}/{id}/replay", headers=as_(till, "auditor"))
        ).status_code == 403
        assert (await till.client.get(PATH)).status_code == 401
        for answer in (
            await till.client.get(f"{PATH}/none", headers=as_(till, "supervisor")),
            await till.client.patch(f"{PATH}/none", json=body, headers=as_(till, "supervisor")),
            await till.client.post(f"{PATH}/none/replay", headers=as_(till, "supervisor")),
        ):
            assert code(answer) == (404, "not-found")
        bad = await till.client.patch(
            f"{PATH}/{id}", json={"payload": "text"}, headers=as_(till, "supervisor")
        )
        assert bad.status_code == 400
        assert await till.db.fetchval("SELECT original_payload IS NULL AND state = 'dead' FROM dead_letters")


async def test_the_reasons_are_told_in_chinese_too(running: RunService) -> None:
    async with running(TILL) as till:
        (id,) = await dead(till)
        answer = await till.client.post(
            f"{PATH}/{id}/replay", headers=as_(till, "supervisor", **{"Accept-Language": "zh-CN"})
        )
        assert "再次处理失败" in answer.json()["reason"]
