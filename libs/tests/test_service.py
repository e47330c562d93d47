"""A service runs only on a database that it knows, and its timers go on whatever happens to them."""

from datetime import timedelta

import pytest
from sqlalchemy import MetaData

from libs.database.ground import ground_tables
from libs.service import NotMigrated, Runtime, Service, Timer, topics_of
from tests.engines import RunService, eventually

TABLES = MetaData()
ground_tables(TABLES)


def toy(**more: object) -> Service:
    return Service(name="toy", package="toy", title="Toy", tables=TABLES, routes=(), **more)  # type: ignore[arg-type]


async def test_a_timer_that_fails_is_run_again(running: RunService) -> None:
    rounds = 0

    async def stumble(_: Runtime) -> None:
        nonlocal rounds
        rounds += 1
        raise RuntimeError("stumbled")

    async with running(toy(timers=(Timer("stumble", timedelta(milliseconds=10), stumble),))):
        await eventually(lambda: rounds >= 3)


async def test_a_service_is_ready_when_database_broker_and_migrations_are(running: RunService) -> None:
    async with running(toy()) as service:
        answer = await service.client.get("/health/ready")
        assert answer.json()["checks"] == {"database": "ok", "broker": "ok", "migrations": "ok"}


async def test_without_a_broker_a_service_starts_and_says_that_it_is_not_ready(
    running: RunService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work can be accepted then: whoever keeps its processes need not start them again and again."""
    monkeypatch.setattr("libs.service.TOPICS_SECONDS", 0.2)
    async with running(toy(), kafka="127.0.0.1:1") as service:
        assert (await service.client.get("/health/live")).status_code == 200
        answer = await service.client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"] == {"database": "ok", "broker": "failed", "migrations": "ok"}


async def test_a_database_without_its_revisions_stops_the_start(running: RunService) -> None:
    async with running(toy()) as service:
        await service.db.execute("DELETE FROM alembic_version")
        await service.stop()
        with pytest.raises(NotMigrated, match="unicrm migrate toy"):
            await service.start()
        await service.runtime.http.aclose()


async def test_what_is_sent_leaves_with_its_transaction_and_not_without(running: RunService) -> None:
    from libs.messaging import Outgoing, Publishes
    from libs.messaging.dead_letters import DeadLetterAnnounced

    topic = "gd.toy.events"
    declared = (Publishes(lambda _: topic, (DeadLetterAnnounced,)),)
    async with running(toy(publishes=declared)) as service:
        assert topic in topics_of(service.service, "gd")

        def announced(id_: str) -> DeadLetterAnnounced:
            return DeadLetterAnnounced.model_construct(id=id_)

        async def stumble() -> None:
            async with service.runtime.unit() as work:
                work.send(Outgoing(topic=topic, key="k", data=announced("never")))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await stumble()
        async with service.runtime.unit() as work:
            work.send(Outgoing(topic=topic, key="k", data=announced("sent")))
        (sent,) = await service.topics.wait(topic)
        assert sent.data["id"] == "sent"
