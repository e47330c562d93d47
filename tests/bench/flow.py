"""Messages from a process of their own: `python -m tests.bench.flow FILE`.

FILE is JSON: `kafka`, `to` (a topic), `through` (topics in which as many must come out), `messages` (`key`, `headers`,
`value`, each text). Prints how many went through in a second, from the first sent to the last that came out.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

TIME_LIMIT = 120.0
LOOK_SECONDS = 0.005


async def flow(told: dict[str, Any]) -> float:
    producer = AIOKafkaProducer(bootstrap_servers=told["kafka"], linger_ms=5)
    consumer = AIOKafkaConsumer(bootstrap_servers=told["kafka"])
    await producer.start()
    await consumer.start()
    try:
        parts = [
            TopicPartition(topic, part)
            for topic in told["through"]
            for part in await _partitions(consumer, topic)
        ]
        ready = [
            (
                one["key"].encode(),
                [(name, value.encode()) for name, value in one["headers"].items()],
                one["value"].encode(),
            )
            for one in told["messages"]
        ]
        before = sum((await consumer.end_offsets(parts)).values())
        began = time.perf_counter()
        for key, headers, value in ready:
            await producer.send(told["to"], value, key=key, headers=headers)
        await producer.flush()
        async with asyncio.timeout(TIME_LIMIT):
            while sum((await consumer.end_offsets(parts)).values()) < before + len(ready):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)
        return len(ready) / (time.perf_counter() - began)
    finally:
        await producer.stop()
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    consumer.subscribe([topic])
    async with asyncio.timeout(30):
        while not (found := consumer.partitions_for_topic(topic)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return set(found)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(flow(json.loads(Path(sys.argv[1]).read_text())))))
