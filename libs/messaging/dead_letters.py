"""Dead letters: messages that could not be taken in, or sent: a table of the service, announced on its topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field
from pydantic.alias_generators import to_camel

from libs.database import Connection
from libs.ids import new_id
from libs.json_text import json_text
from libs.messaging.envelope import LONGEST_ATTRIBUTE, Envelope, Message, Outgoing, RawHeaders
from libs.messaging.outbox import Outbox
from libs.messaging.topics import dead_letters as dead_letters_topic
from libs.telemetry import trace

Reason = Literal["failed", "unknown-type", "unparsable", "too-old", "unsendable", "never-due"]
Direction = Literal["in", "out"]

LONGEST_DETAIL = 4_000


class DeadLetterAnnounced(BaseModel, alias_generator=to_camel, populate_by_name=True):
    """Tells whoever watches over a node that a service gave a message up."""

    ce_type: ClassVar[str] = "unicrm.dead-letter.v1"

    id: str = Field(description="under /api/<service>/v1/deadLetters")
    direction: Direction
    reason: Reason
    topic: str
    key: str
    message_id: str
    message_type: str | None
    message_source: str


@dataclass(slots=True)
class DeadLetter:
    """One message given up, as it came."""

    direction: Direction
    reason: Reason
    detail: str
    topic: str
    key: str
    source: str
    ce_id: str
    ce_type: str | None
    subject: str | None
    ce_time: datetime | None
    headers: list[tuple[str, str | None]]
    payload: bytes
    partition: int | None = None
    offset: int | None = None

    @classmethod
    def of_outbox_row(cls, row: Any, source: str, detail: str) -> "DeadLetter":
        """A row that no broker will ever take."""
        kept = kept_thread(row["traceparent"])
        return cls(
            "out",
            "unsendable",
            detail,
            row["topic"],
            row["key"],
            source,
            row["ce_id"],
            row["ce_type"],
            row["subject"],
            row["created"],
            kept,
            row["payload"],
        )

    @classmethod
    def of_message(cls, message: Message[Any], reason: Reason, detail: str) -> "DeadLetter":
        """A message that had been read, and parked."""
        return cls(
            "in",
            reason,
            detail,
            message.topic,
            message.key,
            message.source,
            message.id,
            message.type,
            message.subject,
            message.time,
            kept_thread(message.traceparent),
            message.payload,
        )

    @classmethod
    def of_record(
        cls,
        envelope: Envelope | None,
        reason: Reason,
        detail: str,
        *,
        topic: str,
        key: bytes | None,
        headers: RawHeaders,
        payload: bytes | None,
        partition: int,
        offset: int,
    ) -> "DeadLetter":
        """A record as the broker gave it, with or without a readable envelope."""
        source, ce_id = (envelope.source, envelope.id) if envelope else address(topic, partition, offset)
        return cls(
            "in",
            reason,
            detail,
            topic,
            readable(key or b""),
            source,
            ce_id,
            envelope.type if envelope else None,
            envelope.subject if envelope else None,
            envelope.time if envelope else None,
            [(clean(name), None if value is None else readable(value)) for name, value in headers],
            payload or b"",
            partition,
            offset,
        )


def address(topic: str, partition: int, offset: int) -> tuple[str, str]:
    """Source and id of a record that has none of its own: the place where it lies."""
    return f"kafka:{topic}", f"{partition}/{offset}"


def kept_thread(thread: str | None) -> list[tuple[str, str | None]]:
    """The headers that are left of what was read before: its thread."""
    return [] if thread is None else list(trace.headers(thread))


def readable(raw: bytes) -> str:
    """Bytes of any origin as text that PostgreSQL takes."""
    return clean(raw.decode("utf-8", "backslashreplace"))


def clean(text: str) -> str:
    return text.replace("\0", "\\x00")


_COLUMNS = (
    "id, direction, reason, detail, topic, key, source, ce_id, ce_type, subject, ce_time, headers, payload, "
    "kafka_partition, kafka_offset"
)
_INSERT = f"""
INSERT INTO dead_letters ({_COLUMNS}, created)
SELECT {_COLUMNS}, $16 FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::jsonb[], $13::bytea[], $14::int[], $15::bigint[])
    AS row({_COLUMNS})
"""


async def bury(tx: Connection, outbox: Outbox, letters: Sequence[DeadLetter], now: datetime) -> None:
    """Write dead letters and announce them, in the caller's transaction."""
    if not letters:
        return
    rows = [
        (
            new_id(),
            letter.direction,
            letter.reason,
            clean(letter.detail)[:LONGEST_DETAIL],
            letter.topic,
            letter.key,
            letter.source,
            letter.ce_id,
            letter.ce_type,
            letter.subject,
            letter.ce_time,
            json_text(letter.headers),
            letter.payload,
            letter.partition,
            letter.offset,
        )
        for letter in letters
    ]
    await tx.execute(_INSERT, *(list(column) for column in zip(*rows, strict=True)), now)
    _, node, service = outbox.source.split("/")
    topic = dead_letters_topic(node, service)
    announced = [
        Outgoing(
            topic,
            # A key of any length is kept; told of it is as much as a message of ours can say.
            letter.key[:LONGEST_ATTRIBUTE],
            DeadLetterAnnounced(
                id=row[0],
                direction=letter.direction,
                reason=letter.reason,
                topic=letter.topic,
                key=letter.key[:LONGEST_ATTRIBUTE],
                message_id=letter.ce_id,
                message_type=letter.ce_type,
                message_source=letter.source,
            ),
        )
        for row, letter in zip(rows, letters, strict=True)
        # An announcement that cannot be sent is not announced in its turn.
        if letter.topic != topic
    ]
    await outbox.put(tx, announced, now)
