"""Run beside a province's mirror, from standard input: what its user may do at headquarters' broker, and may not.

Told by `TRESPASS`, a JSON object {"kafka", "user", "password", "write": [topics], "read": [topics]}; tells, as JSON on
its last line, for each attempt what became of it: `done`, or the name of the error.
"""

import asyncio
import json
import logging
import os
import ssl
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

_WITHIN = 20


def _signed_in(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "bootstrap_servers": told["kafka"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": told["user"],
        "sasl_plain_password": told["password"],
        "ssl_context": ssl.create_default_context(cafile="/run/secrets/ca.crt"),
    }


async def _write(told: dict[str, Any], topic: str) -> None:
    producer = AIOKafkaProducer(**_signed_in(told))
    await producer.start()
    try:
        await producer.send_and_wait(topic, b"{}", key=b"trespass")
    finally:
        await producer.stop()


async def _read(told: dict[str, Any], topic: str) -> None:
    consumer = AIOKafkaConsumer(**_signed_in(told), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.getmany(timeout_ms=2000)
        # What may not be described is not even fetched: the client only notes it, and goes on asking.
        if topic in consumer._client.cluster.unauthorized_topics:
            raise TopicAuthorizationFailedError(topic)
    finally:
        await consumer.stop()


async def _became(attempt: Any) -> str:
    try:
        await asyncio.wait_for(attempt, _WITHIN)
    except (KafkaError, TimeoutError) as error:
        return type(error).__name__
    return "done"


async def main() -> None:
    told = json.loads(os.environ["TRESPASS"])
    found = {f"write {topic}": await _became(_write(told, topic)) for topic in told["write"]}
    found |= {f"read {topic}": await _became(_read(told, topic)) for topic in told["read"]}
    print(json.dumps(found))


logging.disable(logging.CRITICAL)
asyncio.run(main())
