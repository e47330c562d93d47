"""What messaging measures: how far the consumer is behind, and what waits in the tables."""

from typing import Protocol

from libs.database import Database
from libs.messaging.consumer import Consumer


class Gauges(Protocol):
    """Where the numbers go (`libs.telemetry.metrics.Metrics`)."""

    def consumer_lag(self, topic: str, partition: int, messages: int) -> None: ...

    def outbox_depth(self, rows: int) -> None: ...

    def dead_letters(self, count: int) -> None: ...

    def parked(self, count: int) -> None: ...


_COUNTS = """
SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM dead_letters WHERE state = 'dead'),
       (SELECT count(*) FROM parked)
"""


async def measure(db: Database, consumer: Consumer | None, prefix: str, gauges: Gauges) -> None:
    """Set the gauges once. The lag is what the last fetch told: no request goes to the broker for it."""
    counts = await db.fetchrow(_COUNTS)
    assert counts is not None
    gauges.outbox_depth(counts[0])
    gauges.dead_letters(counts[1])
    gauges.parked(counts[2])
    for (topic, partition), messages in lag_of(consumer).items():
        gauges.consumer_lag(topic.removeprefix(prefix), partition, messages)


def lag_of(consumer: Consumer | None) -> dict[tuple[str, int], int]:
    """Messages of each assigned partition that the consumer has not read, as far as its last fetch knew."""
    found = {}
    for client in consumer.kafka_consumers if consumer is not None else ():
        for partition in client.assignment():
            end = client.highwater(partition)
            read = client.handed_out(partition)
            if end is not None and read is not None:
                found[partition.topic, partition.partition] = max(0, end - read)
    return found
