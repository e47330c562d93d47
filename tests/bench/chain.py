"""A bare chain of as many hops as a cross-province order takes, in a process of its own.

`python -m tests.bench.chain FILE`: FILE is JSON with `kafka`, `postgres` (the URL of a database to write in), `topics`
(the first is where messages come in), `messages` (how many), `alone` (one after another, or all at once), `size` (of
a message, in bytes). At each hop a batch is consumed, its rows are inserted in one transaction, and it is produced to
the next topic and waited for: nothing else. Prints `rate` (messages a second) and `times` (of each, seconds).
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from libs.ids import new_id

TIME_LIMIT = 120.0
_AT_ONCE = 500


async def _consumer(kafka: str, topic: str) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka,
        group_id=f"{topic}-{new_id()}",
        enable_auto_commit=False,
        auto_offset_reset="latest",
    )
    await consumer.start()
    async with asyncio.timeout(30):
        # No event tells it.
        while not consumer.assignment():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    for part in consumer.assignment():
        await consumer.position(part)
    return consumer


async def _records(consumer: AIOKafkaConsumer) -> Sequence[ConsumerRecord]:
    batches = await consumer.getmany(timeout_ms=1000, max_records=_AT_ONCE)
    return [record for batch in batches.values() for record in batch]


async def _hop(
    pool: "asyncpg.Pool[Any]", producer: AIOKafkaProducer, consumer: AIOKafkaConsumer, to: str
) -> None:
    while True:
        records = await _records(consumer)
        if not records:
            continue
        async with pool.acquire() as connection, connection.transaction():
            # What came in, and what it did: two rows a message, as little as keeps it from being done twice.
            keys = [record.key.decode() for record in records]
            place = records[0].topic
            await connection.execute(
                "INSERT INTO bare_inbox SELECT $1, key, now() FROM unnest($2::text[]) AS key", place, keys
            )
            await connection.execute(
                "INSERT INTO bare_work SELECT $1, key, content::jsonb "
                "FROM unnest($2::text[], $3::text[]) AS row(key, content)",
                place,
                keys,
                [record.value.decode() for record in records],
            )
        await asyncio.gather(*[await producer.send(to, record.value, key=record.key) for record in records])
        await consumer.commit()


async def chain(told: dict[str, Any]) -> dict[str, Any]:
    topics: list[str] = told["topics"]
    pool = await asyncpg.create_pool(told["postgres"], min_size=len(topics), max_size=len(topics))
    for table in (
        "bare_inbox (place text, key text, at timestamptz",
        "bare_work (place text, key text, content jsonb",
    ):
        await pool.execute(f"CREATE TABLE IF NOT EXISTS {table}, PRIMARY KEY (place, key))")
    producer = AIOKafkaProducer(bootstrap_servers=told["kafka"], enable_idempotence=True)
    await producer.start()
    consumers = [await _consumer(told["kafka"], topic) for topic in topics]
    hops = [
        asyncio.create_task(_hop(pool, producer, consumer, to))
        for consumer, to in zip(consumers, topics[1:], strict=False)
    ]
    content = json.dumps({"filler": "x" * told["size"]}).encode()
    keys = [new_id() for _ in range(told["messages"])]
    sent: dict[str, float] = {}
    came: dict[str, float] = {}

    async def send(key: str) -> None:
        sent[key] = time.perf_counter()
        await producer.send_and_wait(topics[0], content, key=key.encode())

    async def until(count: int) -> None:
        while len(came) < count:
            came.update(
                {record.key.decode(): time.perf_counter() for record in await _records(consumers[-1])}
            )

    try:
        async with asyncio.timeout(TIME_LIMIT):
            if told["alone"]:
                for place, key in enumerate(keys, 1):
                    await send(key)
                    await until(place)
            else:
                sending = asyncio.gather(*(send(key) for key in keys))
                await until(len(keys))
                await sending
    finally:
        for hop in hops:
            hop.cancel()
        await asyncio.gather(*hops, return_exceptions=True)
        await asyncio.gather(producer.stop(), *(consumer.stop() for consumer in consumers))
        await pool.close()
    took = max(came.values()) - min(sent.values())
    return {"rate": len(keys) / took, "times": [came[key] - sent[key] for key in keys]}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(chain(json.loads(Path(sys.argv[1]).read_text())))))
