"""The tables under every service that carry its messages: outbox, inbox, dead letters, parked messages."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

# A queue is empty most of the time and rewritten all the time: vacuum by count of dead rows, not by share.
_QUEUE = {
    "autovacuum_vacuum_scale_factor": "0",
    "autovacuum_vacuum_threshold": "5000",
    "autovacuum_analyze_scale_factor": "0",
    "autovacuum_analyze_threshold": "50000",
}


def define(metadata: MetaData) -> None:
    """Add the tables of messaging to a service's schema."""
    _outbox(metadata)
    _inbox(metadata)
    _dead_letters(metadata)
    _parked(metadata)


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _outbox(metadata: MetaData) -> None:
    Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column(
            "share", SmallInteger, nullable=False, comment="which sixteenth of the keys; a relay holds some"
        ),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("ce_id", Text, nullable=False),
        Column("ce_type", Text, nullable=False),
        Column("subject", Text),
        Column("traceparent", Text),
        Column("payload", LargeBinary, nullable=False),
        _moment("created"),
        postgresql_with=_QUEUE,
    )


def _inbox(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        # Identifiers sort by time: leading with them keeps inserts at the right end of the index.
        Column("ce_id", Text, primary_key=True),
        Column("source", Text, primary_key=True),
        Column("subscriber", Text, primary_key=True),
        Column("state", Text, nullable=False, server_default=text("'done'"), comment="done or dead"),
        _moment("received"),
        Index("inbox_received", "received"),
    )


def _dead_letters(metadata: MetaData) -> None:
    Table(
        "dead_letters",
        metadata,
        Column("id", Text, primary_key=True),
        Column("state", Text, nullable=False, server_default=text("'dead'"), comment="dead or replayed"),
        Column("direction", Text, nullable=False, comment="in: came and failed; out: could not be sent"),
        Column("reason", Text, nullable=False),
        Column("detail", Text, nullable=False),
        Column("topic", Text, nullable=False),
        Column("kafka_partition", Integer),
        Column("kafka_offset", BigInteger),
        Column("key", Text, nullable=False),
        Column("source", Text, nullable=False, comment="with ce_id: the row of the inbox"),
        Column("ce_id", Text, nullable=False),
        Column("ce_type", Text),
        Column("subject", Text),
        _moment("ce_time", nullable=True),
        Column("headers", JSONB, nullable=False, comment="all that came, as pairs"),
        Column("payload", LargeBinary, nullable=False),
        Column("original_payload", LargeBinary, comment="what came, once the payload was mended"),
        Column("attempts", Integer, nullable=False, server_default=text("0"), comment="replays that failed"),
        _moment("created"),
        _moment("replayed", nullable=True),
        Column("replayed_by", Text),
        Index("dead_letters_state", "state", "id"),
        Index("dead_letters_message", "ce_id", "source"),
    )


def _parked(metadata: MetaData) -> None:
    Table(
        "parked",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("key", Text, nullable=False, comment="what the message waits for"),
        Column("topic", Text, nullable=False),
        Column("message_key", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("ce_id", Text, nullable=False),
        Column("ce_type", Text, nullable=False),
        Column("subject", Text),
        _moment("ce_time"),
        Column("traceparent", Text),
        Column("payload", LargeBinary, nullable=False),
        _moment("created"),
        Index("parked_key", "key", "id"),
        postgresql_with=_QUEUE,
    )
