"""Forwarding at headquarters, ledger and outbox included, against a bare loop that consumes and produces."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from libs import memory
from libs.clock import SystemClock
from libs.ids import new_id
from libs.messaging.envelope import headers, to_bytes, type_of
from libs.messaging.topics import downlink, ensure_topics, uplink
from libs.security.sealing import seal
from services.hq_router.app import SERVICE
from services.hq_router.tests.nodes import Nodes
from tests.bench.figures import Figure, compare
from tests.bench.serving import elsewhere
from tests.running import PARTITIONS, Bench, RunningService

FORWARDS_A_ROUND = 6_000
_AT_ONCE = 500
_BARE_LEDGER = """
    CREATE TABLE IF NOT EXISTS bare_ledger (
        id text PRIMARY KEY, key text NOT NULL, state text NOT NULL, document jsonb NOT NULL,
        created timestamptz NOT NULL DEFAULT now()
    )
"""


async def forwarding(bench: Bench) -> list[Figure]:
    """Orders from Beijing's uplink to Guangdong's downlink; with a sealed part they are opened and sealed again."""
    async with bench.running(SERVICE, "hq", clock=SystemClock(), pool_size=8) as router:
        nodes = Nodes(router, bench)
        sealed = seal(b'{"identificationId": "440103199001011234"}', bench.keys_of("hq").recipient("hq"))
        prefix = router.topics.prefix
        lines = count()
        # As a process of a node does, for ours and for its bare counterpart, which run side by side.
        memory.settle()

        async def beside(name: str, goal: str, *, ledger: bool, secret: str | None = None) -> Figure:
            async with _loop(bench, router, ledger=ledger) as (source, target):

                async def ours(_: int) -> float:
                    await nodes.all_heard()
                    return await _flow(
                        bench,
                        _messages(nodes, secret, lines),
                        to=prefix + uplink("bj", "work-orders"),
                        through=prefix + downlink("gd", "work-orders"),
                    )

                async def bare(_: int) -> float:
                    return await _flow(bench, _messages(nodes, secret, lines), to=source, through=target)

                return await compare(name, goal, ours, bare, "messages/s")

        return [
            await beside("forward a work order, with ledgers", "ratio ≥ 0.4", ledger=True),
            await beside("forward a work order, beside no ledger", "", ledger=False),
            await beside("forward a sealed work order, with ledgers", "", ledger=True, secret=sealed),
        ]


def _messages(nodes: Nodes, sealed: str | None, lines: "count[int]") -> list[dict[str, Any]]:
    made = []
    for _ in range(FORWARDS_A_ROUND):
        forward = nodes.forward(f"1300040{next(lines) % 10_000:04d}", sealed=sealed)
        told = headers(
            id=forward.origin_transaction,
            type=type_of(type(forward)),
            source="/bj/order-acceptance",
            subject=None,
            time=nodes.now,
            traceparent=None,
        )
        made.append(
            {
                "key": forward.number,
                "headers": {name: value.decode() for name, value in told},
                "value": to_bytes(forward).decode(),
            }
        )
    return made


async def _flow(bench: Bench, messages: list[dict[str, Any]], *, to: str, through: str) -> float:
    told = {"kafka": bench.engines.kafka, "to": to, "through": [through], "messages": messages}
    return float(await elsewhere("tests.bench.flow", json.dumps(told)))


@asynccontextmanager
async def _loop(bench: Bench, router: RunningService, *, ledger: bool) -> AsyncIterator[tuple[str, str]]:
    """The bare counterpart while the block runs: by the batch, committed behind what was acknowledged."""
    source, target = (f"{router.topics.prefix}bare.{new_id()}.{way}" for way in ("up", "down"))
    await ensure_topics(bench.engines.kafka, [source, target], PARTITIONS)
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=bench.engines.kafka,
        group_id=source,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=bench.engines.kafka, enable_idempotence=True)
    await consumer.start()
    await producer.start()
    if ledger:
        await router.db.execute(_BARE_LEDGER)
    running = asyncio.create_task(_go_on(consumer, producer, target, router.db.pool if ledger else None))
    try:
        yield source, target
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await consumer.stop()
        await producer.stop()


async def _go_on(
    consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, target: str, ledger: "asyncpg.Pool[Any] | None"
) -> None:
    while True:
        batches = await consumer.getmany(timeout_ms=100, max_records=_AT_ONCE)
        messages = [message for batch in batches.values() for message in batch]
        if not messages:
            continue
        if ledger is not None:
            rows = [
                (dict(one.headers)["ce_id"].decode(), one.key.decode(), "sent", one.value.decode())
                for one in messages
            ]
            await ledger.executemany(
                "INSERT INTO bare_ledger (id, key, state, document) VALUES ($1, $2, $3, $4)", rows
            )
        sent = [
            await producer.send(target, one.value, key=one.key, headers=list(one.headers)) for one in messages
        ]
        await asyncio.gather(*sent)
        await consumer.commit()
