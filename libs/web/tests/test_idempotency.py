"""A repeated request is done once, whatever happens between."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import BaseModel

from libs.database import Database
from libs.ids import new_id
from libs.security.roles import Roles
from libs.web import codes, twins
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal
from libs.web.idempotency import insert_sql, kept_params, once, trim
from libs.web.routes import Routes
from libs.web.tests.desk import Desk, client_of


class Wish(BaseModel):
    name: str
    wait: bool = False
    fail: bool = False


class Doing:
    """The endpoints of a test, and a gate that holds their effects back until it opens."""

    def __init__(self) -> None:
        self.entered = asyncio.Semaphore(0)
        self.go_on = asyncio.Event()
        self.refusing = True

    def routes(self) -> Routes:
        routes = Routes("/desk/v1", tag="Desk")
        clerks = Roles("hall-clerk")

        @routes.post("/effect", allow=clerks, body=Wish, status=201)
        async def take_effect(call: Call[Wish]) -> Answer:
            async with once(call) as tx:
                await tx.execute("INSERT INTO effects (name) VALUES ($1)", call.body.name)
                self.entered.release()
                if call.body.wait:
                    await self.go_on.wait()
                if call.body.fail and self.refusing:
                    raise Refusal(Reason(codes.EDITED_MEANWHILE, version=1))
                number = await tx.fetchval("SELECT count(*) FROM effects")
                return tx.answer(
                    Answer(201, {"id": new_id(), "number": number}, {"ETag": '"1"'}, location="/e/1")
                )

        @routes.post("/secret", allow=clerks, body=Wish, status=201, personal=True)
        async def keep_secret(call: Call[Wish]) -> Answer:
            async with once(call) as tx:
                return tx.answer(Answer(201, {"name": call.body.name}))

        @routes.post("/forgotten", allow=clerks, body=Wish)
        async def forget_to_answer(call: Call[Wish]) -> Answer:
            async with once(call) as tx:
                await tx.execute("INSERT INTO effects (name) VALUES ('forgotten')")
            return Answer(200)

        @routes.post("/hot", allow=clerks, body=Wish, status=201)
        async def in_one_statement(call: Call[Wish]) -> Answer:
            taken = await call.runtime.db.fetchval("SELECT true FROM effects WHERE name = $1", call.body.name)
            if taken:
                raise Refusal(Reason(codes.EDITED_MEANWHILE, version=1))
            self.entered.release()
            if call.body.wait:
                await self.go_on.wait()
            answer = Answer(201, {"id": new_id()})
            await call.runtime.db.execute(
                f"WITH kept AS ({insert_sql(first=2)}) INSERT INTO effects (name) VALUES ($1)",
                call.body.name,
                *kept_params(call, answer),
            )
            return answer

        @routes.post("/exempt", allow=clerks, body=Wish, idempotent=False)
        async def exempt(call: Call[Wish]) -> Answer:
            return Answer(200, {"claimed": call.idempotency is not None})

        return routes


@pytest.fixture
def doing() -> Doing:
    return Doing()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(db=database)


@pytest.fixture
def client(doing: Doing, desk: Desk) -> httpx.AsyncClient:
    return client_of(doing.routes(), desk=desk)


async def post(
    client: httpx.AsyncClient, path: str, key: str | None = "key-1", by: str = "clerk", **wish: Any
) -> Any:
    headers = {"Authorization": f"Bearer {by}"} | ({"Idempotency-Key": key} if key is not None else {})
    return await client.post(f"/desk/v1/{path}", json={"name": "a"} | wish, headers=headers)


async def effects(database: Database) -> int:
    return int(await database.fetchval("SELECT count(*) FROM effects"))


@pytest.mark.parametrize("path", ["effect", "hot"])
async def test_a_repetition_gets_the_first_answer_and_does_nothing(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    first = await post(client, path)
    second = await post(client, path)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["content-type"] == "application/json"
    assert [second.headers.get(name) for name in ("location", "etag")] == [
        first.headers.get(name) for name in ("location", "etag")
    ]
    assert second.headers["idempotency-replayed"] == "true"
    assert await effects(database) == 1


@pytest.mark.parametrize("path", ["effect", "hot"])
async def test_the_same_key_with_another_body_is_refused(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    await post(client, path)
    other = await post(client, path, note="x", name="b")
    broken = await post(client, path, name=7)
    for answer in (other, broken):
        assert (answer.status_code, answer.json()["code"]) == (409, "idempotency-key-reused")
    assert await effects(database) == 1


async def test_a_key_belongs_to_its_caller_and_path(client: httpx.AsyncClient, database: Database) -> None:
    answers = [
        await post(client, "effect"),
        await post(client, "effect", by="other-clerk"),
        await post(client, "secret"),
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert not any("idempotency-replayed" in answer.headers for answer in answers)
    assert await effects(database) == 2


@pytest.mark.parametrize("path", ["effect", "hot"])
async def test_without_a_key_nothing_protects_a_repetition(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    await post(client, path, key=None, name="a")
    await post(client, path, key=None, name="b")
    assert await effects(database) == 2
    assert await database.fetchval("SELECT count(*) FROM idempotency_keys") == 0


async def test_a_refusal_stores_nothing_and_is_judged_anew(
    client: httpx.AsyncClient, doing: Doing, database: Database
) -> None:
    refused = await post(client, "effect", fail=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "edited-meanwhile")
    assert await effects(database) == 0
    doing.refusing = False
    assert (await post(client, "effect", fail=True)).status_code == 201


async def test_a_twin_of_the_same_moment_waits_for_the_first_without_a_connection(
    client: httpx.AsyncClient, doing: Doing, database: Database
) -> None:
    first = asyncio.create_task(post(client, "effect", wait=True))
    await doing.entered.acquire()
    others = [asyncio.create_task(post(client, "effect", wait=True)) for _ in range(30)]
    # All connections but the first's are free for everybody else.
    async with database.connection(), database.connection():
        assert await database.fetchval("SELECT 1") == 1
    doing.go_on.set()
    answers = await asyncio.gather(first, *others)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await effects(database) == 1


async def test_a_twin_that_waits_too_long_is_told_so(
    client: httpx.AsyncClient, doing: Doing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "LONGEST_WAIT", 0.05)
    first = asyncio.create_task(post(client, "effect", wait=True))
    await doing.entered.acquire()
    twin = await post(client, "effect", wait=True)
    assert (twin.status_code, twin.json()["code"]) == (409, "request-in-progress")
    doing.go_on.set()
    assert (await first).status_code == 201


async def test_a_twin_in_another_process_waits_in_the_database_and_few_do(
    client: httpx.AsyncClient, doing: Doing, database: Database, engines: Any
) -> None:
    """Another process is another pool: it shares the database and nothing else."""
    name = await database.fetchval("SELECT current_database()")
    elsewhere = await Database.open(f"{engines.postgres_url}/{name}", size=8)
    try:
        there = client_of(doing.routes(), desk=Desk(db=elsewhere))
        firsts = [asyncio.create_task(post(client, "effect", key=f"k{n}", wait=True)) for n in range(3)]
        for _ in firsts:
            await doing.entered.acquire()
        twins_there = [asyncio.create_task(post(there, "effect", key=f"k{n}", wait=True)) for n in range(3)]
        refused, waiting = await asyncio.wait(twins_there, return_when=asyncio.FIRST_COMPLETED)
        # A quarter of eight connections may wait: the third is refused at once.
        assert [task.result().json()["code"] for task in refused] == ["request-in-progress"]
        assert len(waiting) == 2
        doing.go_on.set()
        done = await asyncio.gather(*firsts)
        again = await asyncio.gather(*waiting)
        assert {answer.status_code for answer in (*done, *again)} == {201}
        assert {answer.content for answer in again} < {answer.content for answer in done}
        assert await effects(database) == 3
    finally:
        await elsewhere.close()


async def test_two_hot_twins_make_one_effect(
    client: httpx.AsyncClient, doing: Doing, database: Database
) -> None:
    both = [asyncio.create_task(post(client, "hot", wait=True)) for _ in range(4)]
    await doing.entered.acquire()
    doing.go_on.set()
    answers = await asyncio.gather(*both)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await effects(database) == 1


async def test_a_crash_before_the_commit_leaves_nothing_behind(
    client: httpx.AsyncClient, doing: Doing, database: Database
) -> None:
    first = asyncio.create_task(post(client, "effect", wait=True))
    await doing.entered.acquire()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert await effects(database) == 0
    assert (await post(client, "effect")).status_code == 201


async def test_a_personal_answer_is_kept_encrypted(client: httpx.AsyncClient, database: Database) -> None:
    first = await post(client, "secret", name="zhang san")
    kept = await database.fetchrow("SELECT answer, encrypted FROM idempotency_keys")
    assert kept is not None
    assert kept["encrypted"] is True
    assert "zhang san" not in kept["answer"]
    assert (await post(client, "secret", name="zhang san")).json() == first.json() == {"name": "zhang san"}


async def test_an_effect_without_an_answer_is_undone(client: httpx.AsyncClient, database: Database) -> None:
    assert (await post(client, "forgotten")).status_code == 500
    assert await effects(database) == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "tab\there"])
async def test_a_key_that_is_none_is_refused(client: httpx.AsyncClient, key: str) -> None:
    answer = await client.post(
        "/desk/v1/effect",
        json={"name": "a"},
        headers=[(b"Authorization", b"Bearer clerk"), (b"Idempotency-Key", key.encode("latin-1"))],
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")


async def test_an_exempt_endpoint_claims_nothing(client: httpx.AsyncClient) -> None:
    assert (await post(client, "exempt")).json() == {"claimed": False}


async def test_a_locked_record_is_busy_not_broken(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.web.idempotency.PATIENCE", "50ms")
    async with database.transaction() as other:
        await other.execute("LOCK TABLE effects IN EXCLUSIVE MODE")
        answer = await post(client, "effect")
    assert (answer.status_code, answer.json()["code"]) == (409, "record-busy")


async def test_keys_are_forgotten_after_seven_days(
    client: httpx.AsyncClient, desk: Desk, database: Database
) -> None:
    await post(client, "effect", key="old")
    desk.clock.advance(timedelta(days=6))
    await post(client, "effect", key="young")
    async with database.transaction() as connection:
        assert await trim(connection, desk.clock.now()) == 0
        assert await trim(connection, desk.clock.now() + timedelta(days=1, seconds=1)) == 1
    assert "idempotency-replayed" in (await post(client, "effect", key="young")).headers
    assert "idempotency-replayed" not in (await post(client, "effect", key="old")).headers


async def test_only_a_success_can_be_kept(desk: Desk, database: Database) -> None:
    routes = Routes("/desk/v1")

    @routes.post("/odd", allow=Roles("hall-clerk"))
    async def answer_oddly(call: Call[None]) -> Answer:
        async with once(call) as tx:
            return tx.answer(Answer(409))

    assert (await post(client_of(routes, desk=desk), "odd")).status_code == 500


async def test_another_unique_violation_is_not_taken_for_a_repetition(desk: Desk, database: Database) -> None:
    await database.execute("CREATE UNIQUE INDEX effects_name ON effects (name)")
    routes = Routes("/desk/v1")
    seen: list[str | None] = []

    @routes.post("/clash", allow=Roles("hall-clerk"))
    async def clash(call: Call[None]) -> Answer:
        try:
            async with once(call) as tx:
                await tx.execute("INSERT INTO effects (name) VALUES ('same')")
                return tx.answer(Answer(201))
        except asyncpg.UniqueViolationError as error:
            seen.append(error.constraint_name)
            raise Refusal(Reason(codes.EDITED_MEANWHILE, version=1)) from None

    client = client_of(routes, desk=desk)
    assert [(await post(client, "clash", key=key)).status_code for key in ("1", "2")] == [201, 409]
    assert seen == ["effects_name"]
