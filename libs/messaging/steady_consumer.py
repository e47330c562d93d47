"""aiokafka's consumer, made steady: prompt at low rates, cheap when idle, not stopped by what it cannot read."""

import asyncio
from contextlib import suppress
from typing import Any, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from libs.messaging import connections

log = structlog.get_logger(__name__)
connections.mend()

FOREVER_MS = 3_600_000
LOOK_MS = 300

Batches: TypeAlias = dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]


class SteadyConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """aiokafka's consumer with three things changed, all of them in how records are fetched.

    It waits for records instead of returning none, because FastStream then sleeps. It does not fetch ahead from some
    partitions while others wait to be handed out, because that fetch would hold up the next one for as long as the
    broker may wait. And a record that cannot be decoded is handed out empty, instead of stopping the partition and
    losing what was decoded before it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._next: dict[TopicPartition, int] = {}

    async def start(self) -> None:
        await super().start()
        self._fetcher._prefetch_backoff = FOREVER_MS / 1000
        tell = self._coordinator._push_error_to_user

        def told(error: Exception) -> Any:
            # It comes out of `getmany`, where another kind of error is a record's that cannot be decoded.
            return tell(error if isinstance(error, KafkaError) else KafkaError(repr(error)))

        self._coordinator._push_error_to_user = told

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> Batches:
        while True:
            try:
                found: Batches = await super().getmany(
                    *partitions, timeout_ms=timeout_ms, max_records=max_records
                )
            except (KafkaError, ConsumerStoppedError):
                raise
            except Exception as error:
                log.error("consumer.undecodable", error=repr(error))
                found = await self._around_the_bad_one()
            for partition, records in found.items():
                self._next[partition] = records[-1].offset + 1
            if found or not timeout_ms:
                return found
            if self._closed:
                raise ConsumerStoppedError

    def handed_out(self, partition: TopicPartition) -> int | None:
        """The offset after the last record of a partition that was handed out; None before the first."""
        return self._next.get(partition)

    @property
    def broken(self) -> bool:
        """Whether one of its tasks has ended by a failure: what that task did nobody does any more."""
        return not self._closed and any(
            task.done() and not task.cancelled() and task.exception() is not None for task in self._tasks
        )

    async def abandon(self) -> None:
        """Close in a few seconds, whatever has ended of it: a broken one may wait for ever to stop by itself."""
        self._closed = True
        running = [task for task in self._tasks if not task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=2)
        if self._coordinator is not None:
            with suppress(Exception):
                # Otherwise the broker keeps its partitions for it until its session is over.
                await asyncio.wait_for(self._coordinator._maybe_leave_group(), 1)
        with suppress(Exception):
            await asyncio.wait_for(self._client.close(), 2)

    @property
    def _tasks(self) -> "list[asyncio.Task[Any]]":
        coordinator, fetcher = self._coordinator, self._fetcher
        tasks = [self._client._sync_task]
        if coordinator is not None:
            tasks += [
                coordinator._coordination_task,
                coordinator._heartbeat_task,
                coordinator._commit_refresh_task,
            ]
        if fetcher is not None:
            tasks.append(fetcher._fetch_task)
        return [task for task in tasks if task is not None]

    async def _around_the_bad_one(self) -> Batches:
        """Read every partition again from what was last handed out, record by record, up to the bad one."""
        assigned = list(self.assignment())
        for partition in assigned:
            if partition in self._next:
                self.seek(partition, self._next[partition])
            else:
                await self.seek_to_committed(partition)
        for partition in assigned:
            read: list[ConsumerRecord[bytes, bytes]] = []
            while True:
                position = await self.position(partition)
                try:
                    one = await super().getmany(partition, timeout_ms=LOOK_MS, max_records=1)
                except KafkaError:
                    raise
                except Exception:
                    self.seek(partition, position + 1)
                    empty = ConsumerRecord(
                        partition.topic, partition.partition, position, 0, 0, None, None, None, -1, -1, ()
                    )
                    return {partition: [*read, empty]}
                if not one:
                    break
                read += one[partition]
            if read:
                return {partition: read}
        return {}
