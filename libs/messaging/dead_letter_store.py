"""Dead letters looked at, mended and replayed, by people."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from libs.database import Connection
from libs.messaging.envelope import Envelope, Message
from libs.messaging.failures import describe, is_infrastructure
from libs.messaging.inbox import revive
from libs.messaging.outbox import share_of
from libs.messaging.reading import Unparsable, read
from libs.messaging.spans import taking_in
from libs.messaging.work import Work
from libs.telemetry import trace

if TYPE_CHECKING:
    from libs.service import Runtime

Letter = asyncpg.Record

FILTERS = ("state", "direction", "topic", "ce_type", "reason", "key")
_LISTED = (
    "id, state, direction, reason, detail, topic, kafka_partition, kafka_offset, key, source, ce_id, ce_type, subject, "
    "ce_time, attempts, created, replayed, replayed_by, original_payload IS NOT NULL AS mended"
)


class NoSuchDeadLetter(LookupError):
    """No dead letter of this service has the id."""


class AlreadyReplayed(Exception):
    """The dead letter has had its effect; there is nothing to mend or to replay."""


class ReplayFailed(Exception):
    """The handler failed again, or there is none for it; nothing changed but the count of attempts. Says why."""


class DeadLetters:
    """The dead letters of one service at one node."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._db = runtime.db
        self._clock = runtime.clock
        self._outbox = runtime.outbox
        self._dispatch = runtime.dispatch

    async def list(
        self, filters: Mapping[str, str], offset: int = 0, limit: int = 20
    ) -> tuple[int, Sequence[Letter]]:
        """How many there are, and one page of them without payloads, newest first. `filters` by names of FILTERS."""
        wanted = [name for name in FILTERS if name in filters]
        where = " AND ".join(f"{name} = ${i}" for i, name in enumerate(wanted, 1)) or "true"
        values = [filters[name] for name in wanted]
        total = await self._db.fetchval(f"SELECT count(*) FROM dead_letters WHERE {where}", *values)
        rows = await self._db.fetch(
            f"SELECT {_LISTED} FROM dead_letters WHERE {where} ORDER BY id DESC "
            f"OFFSET ${len(values) + 1} LIMIT ${len(values) + 2}",
            *values,
            offset,
            limit,
        )
        return total, rows

    async def show(self, id: str, tx: "Connection | None" = None) -> Letter:
        """One, with headers, payload and original payload. Raises NoSuchDeadLetter."""
        row = await (tx or self._db).fetchrow(
            f"SELECT {_LISTED}, headers, payload, original_payload FROM dead_letters WHERE id = $1", id
        )
        if row is None:
            raise NoSuchDeadLetter(id)
        return row

    async def mend(self, id: str, payload: bytes) -> None:
        """Put another payload in place; what came first stays beside it. Raises NoSuchDeadLetter, AlreadyReplayed."""
        async with self._db.transaction() as tx:
            await self._dead(tx, id)
            await tx.execute(
                "UPDATE dead_letters SET original_payload = coalesce(original_payload, payload), payload = $2 "
                "WHERE id = $1",
                id,
                payload,
            )

    async def replay(self, id: str, by: str) -> None:
        """Do what the message asks, whatever its age, in a transaction of its own, and wake the relay.

        Raises NoSuchDeadLetter, AlreadyReplayed, ReplayFailed.
        """
        try:
            async with self._db.transaction() as tx:
                await self.replay_in(tx, id, by)
        except ReplayFailed:
            await self.count_attempt(id)
            raise
        self._outbox.wake()

    async def replay_in(self, tx: Connection, id: str, by: str) -> None:
        """The same in the caller's transaction, which ends with a ReplayFailed; `count_attempt` goes after it.

        The handler is the one that failed, in the service where it failed; the inbox row turns from dead to done with
        the effect. One that could not be sent goes to the outbox again.
        """
        row = await self._dead(tx, id)
        try:
            if row["direction"] == "out":
                await self._send_again(tx, row)
            else:
                await self._take_in(tx, row)
        except ReplayFailed:
            raise
        except Exception as error:
            if is_infrastructure(error):
                raise
            raise ReplayFailed(describe(error)) from error
        await tx.execute(
            "UPDATE dead_letters SET state = 'replayed', replayed = $2, replayed_by = $3 WHERE id = $1",
            id,
            self._clock.now(),
            by,
        )

    async def count_attempt(self, id: str) -> None:
        """Remember that a replay failed."""
        await self._db.execute("UPDATE dead_letters SET attempts = attempts + 1 WHERE id = $1", id)

    async def _dead(self, tx: Connection, id: str) -> Letter:
        row = await tx.fetchrow("SELECT * FROM dead_letters WHERE id = $1 FOR UPDATE", id)
        if row is None:
            raise NoSuchDeadLetter(id)
        if row["state"] != "dead":
            raise AlreadyReplayed(id)
        return row

    async def _take_in(self, tx: Connection, row: Letter) -> None:
        handles = self._dispatch.find(row["topic"], row["ce_type"] or "")
        if handles is None:
            raise ReplayFailed(
                f"nobody takes {row['ce_type'] or 'a message without type'} from {row['topic']}"
            )
        message = self._read(row, handles.model)
        work = Work(tx, self._clock.now(), self._runtime, self._outbox, self._dispatch)
        if await revive(tx, row["ce_id"], row["source"], work.now):
            with taking_in(self._runtime.tracer, [message]):
                await self._dispatch.hand_over(work, [message])
        await work.finish()

    def _read(self, row: Letter, model: Any) -> Message[Any]:
        envelope = Envelope(
            row["ce_id"],
            row["ce_type"],
            row["source"],
            row["subject"],
            row["ce_time"],
            row["key"],
            row["topic"],
            _thread(row),
        )
        try:
            return read(envelope, row["payload"], model)
        except Unparsable as error:
            raise ReplayFailed(f"unparsable: {error}") from error

    async def _send_again(self, tx: Connection, row: Letter) -> None:
        """Under its own id: should it have been sent after all, the receiver knows it."""
        await tx.execute(
            "INSERT INTO outbox (share, topic, key, ce_id, ce_type, subject, traceparent, payload, created) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            share_of(row["key"]),
            row["topic"],
            row["key"],
            row["ce_id"],
            row["ce_type"],
            row["subject"],
            _thread(row) or trace.outgoing(),
            row["payload"],
            row["ce_time"],
        )


def _thread(row: Letter) -> str | None:
    """The thread that the message came with, or was to leave with."""
    headers = dict(json.loads(row["headers"]))
    return trace.taken_in(headers.get("traceparent"), headers.get("tracestate"))
