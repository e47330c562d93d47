"""Sending: a message is a row of the outbox, written in the transaction of the change that it tells of.

Where the order of a key matters, the writer locks the row of that key (several: in sorted order) before it puts:
then ids of one key follow the order of their commits, and the relay keeps it.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple
from zlib import crc32

from libs.database import Connection
from libs.ids import new_id
from libs.messaging import spans
from libs.messaging.envelope import Outgoing, source_of, to_bytes, type_of
from libs.telemetry import trace
from libs.telemetry.spans import OFF, Tracer

SHARES = 16
LARGEST_PAYLOAD = 900 * 1024


class MessageTooLarge(ValueError):
    """A message above 900 KiB: it is refused when it is written, not when it is sent."""


class OutboxRows(NamedTuple):
    """One array for each column of the outbox, and the moment; in the order of `insert_sql`'s parameters."""

    share: list[int]
    topic: list[str]
    key: list[str]
    ce_id: list[str]
    ce_type: list[str]
    subject: list[str | None]
    traceparent: list[str]
    payload: list[bytes]
    created: datetime

    def values(self) -> tuple[Any, ...]:
        """Message by message, for `values_sql`: what arrays have side by side, and not the moment."""
        return tuple(chain.from_iterable(zip(*self[:-1], strict=True)))


PARAMETERS = len(OutboxRows._fields)
_KINDS = ("smallint", "text", "text", "text", "text", "text", "text", "bytea")
INTO_OUTBOX = f"INSERT INTO outbox ({', '.join(OutboxRows._fields)})"


def insert_sql(first: int = 1) -> str:
    """The insert of `OutboxRows`, its nine parameters numbered from `first`, for a statement of the caller's own:

    `WITH made AS (INSERT INTO product_order …), sent AS ({insert_sql(5)}) SELECT …`
    """
    arrays = ", ".join(f"${first + i}::{kind}[]" for i, kind in enumerate(_KINDS))
    columns = ", ".join(OutboxRows._fields[:-1])
    created = f"${first + len(_KINDS)}::timestamptz"
    return f"{INTO_OUTBOX} SELECT {columns}, {created} FROM unnest({arrays}) AS row({columns})"


def values_sql(first: int, messages: int, created: str) -> str:
    """The SELECT of so many messages, to be put behind `INTO_OUTBOX`: their `values()` from parameter `first` on.

    Where one or two are sent and each is counted, arrays would cost more than the rows do. `created` is a parameter.
    """
    places = (f"${first + n}" for n in range(messages * len(_KINDS)))
    rows = (f"({', '.join(f'{next(places)}::{kind}' for kind in _KINDS)})" for _ in range(messages))
    return f"SELECT row.*, {created}::timestamptz FROM (VALUES {', '.join(rows)}) AS row"


INSERT_OUTBOX = insert_sql()


def share_of(key: str) -> int:
    """The sixteenth of all keys that a key belongs to: 0 to 15."""
    return crc32(key.encode()) % SHARES


def payload_of(outgoing: Outgoing) -> bytes:
    """The bytes that will travel. Raises MessageTooLarge above 900 KiB, TypeError for data that is no contract."""
    payload = to_bytes(outgoing.data)
    if len(payload) > LARGEST_PAYLOAD:
        raise MessageTooLarge(
            f"{type_of(type(outgoing.data))} for {outgoing.topic}: {len(payload)} bytes, at most {LARGEST_PAYLOAD}"
        )
    return payload


class Outbox:
    """The outbox of one service at one node."""

    def __init__(self, node: str, service: str) -> None:
        self.source = source_of(node, service)
        self.written = asyncio.Event()
        """Set when there may be rows to send; the relay waits for it and clears it."""
        self.own = False
        """Whether it was this process that wrote: then relays of other processes must hear of it."""
        self.tracer: Tracer = OFF

    def rows(self, outgoings: Sequence[Outgoing], now: datetime) -> OutboxRows:
        """The messages as arrays. Raises MessageTooLarge above 900 KiB, TypeError for data that is no contract."""
        thread = trace.outgoing()
        made = OutboxRows([], [], [], [], [], [], [], [], now)
        for outgoing in outgoings:
            payload = payload_of(outgoing)
            made.share.append(share_of(outgoing.key))
            made.topic.append(outgoing.topic)
            made.key.append(outgoing.key)
            made.ce_id.append(outgoing.id or new_id())
            made.ce_type.append(type_of(type(outgoing.data)))
            made.subject.append(outgoing.subject)
            made.traceparent.append(outgoing.traceparent or thread)
            made.payload.append(payload)
        if self.tracer.on:
            made.traceparent[:] = spans.sent(self.tracer, made)
        return made

    async def put(self, tx: Connection, outgoings: Sequence[Outgoing], now: datetime) -> None:
        """Write the messages in the caller's transaction, in one statement; call `wake` after its commit."""
        if outgoings:
            await tx.execute(INSERT_OUTBOX, *self.rows(outgoings, now))

    def wake(self) -> None:
        """Tell the relay of this process that rows were committed."""
        self.own = True
        self.written.set()
