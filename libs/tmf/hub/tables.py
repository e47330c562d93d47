"""The tables of the hub: who listens, what changed, and what of it is still to be sent to whom.

Nothing is written here by the code that changes a record. A trigger on its table does it, in the statement of the
change, whoever makes it and for however many rows: so no write can forget to tell, and where nobody listens a change
costs one look at an empty table. `hub_note()` and `hub_listened()` are made by the ground's revisions.
"""

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

# As the outbox: mostly empty, rewritten all the time.
_QUEUE = {"autovacuum_vacuum_scale_factor": "0", "autovacuum_vacuum_threshold": "5000"}


def define(metadata: MetaData) -> None:
    """Add the tables of the hub to a service's schema."""
    _subscriptions(metadata)
    _changes(metadata)
    _deliveries(metadata)


def _moment(name: str, *, nullable: bool = True) -> "Column[object]":
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _subscriptions(metadata: MetaData) -> None:
    Table(
        "hub_subscriptions",
        metadata,
        Column("id", Text, primary_key=True),
        Column("base", Text, nullable=False, comment="of the API whose events are told"),
        Column("callback", Text, nullable=False),
        Column("query", Text),
        Column(
            "digest", LargeBinary, nullable=False, unique=True, comment="subscriber, API, callback, query"
        ),
        Column("issuer", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column(
            "actor", JSONB, nullable=False, comment="the subscriber: what is told is bounded by these rights"
        ),
        Column("tables", ARRAY(Text), nullable=False, comment="whose changes are noted for it"),
        Column("state", Text, nullable=False, server_default="active", comment="active or ended"),
        Column("reason", Text, comment="why it ended"),
        Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
        _moment("failing_since"),
        _moment("next_at", nullable=False),
        Column("holder", Text, comment="the courier that sends to it now"),
        _moment("held_until"),
        _moment("created", nullable=False),
        Index("hub_subscriptions_subscriber", "issuer", "subject", "base"),
    )


def _changes(metadata: MetaData) -> None:
    Table(
        "hub_changes",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event", UUID(as_uuid=False), nullable=False),
        Column("source", Text, nullable=False, comment="the table"),
        Column("kind", Text, nullable=False, comment="insert, update or delete"),
        Column("row", JSONB, nullable=False, comment="as it became, or was last"),
        Column("was", JSONB, comment="its document before an update"),
        _moment("at"),
        postgresql_with=_QUEUE,
    )


def _deliveries(metadata: MetaData) -> None:
    Table(
        "hub_deliveries",
        metadata,
        Column("subscription", Text, primary_key=True),
        Column("change", BigInteger, primary_key=True),
        Column("record", Text, nullable=False, comment="table and id: told in the order of its changes"),
        Column("state", Text, nullable=False, server_default="waiting", comment="waiting or dead"),
        Column("reason", Text, comment="what the listener said last"),
        Column("attempts", Integer, nullable=False, server_default="0", comment="that the listener refused"),
        _moment("next_at"),
        Index("hub_deliveries_waiting", "subscription", "change", postgresql_where=text("state = 'waiting'")),
        Index("hub_deliveries_change", "change"),
        postgresql_with=_QUEUE,
    )


def trigger_sql(table: str) -> str:
    """What notes the changes of a table, where somebody listens to it."""
    return (
        f'CREATE TRIGGER hub_note AFTER INSERT OR UPDATE OR DELETE ON "{table}" FOR EACH ROW '
        f"WHEN (hub_listened('{table}')) EXECUTE FUNCTION hub_note()"
    )


def watched(*tables: Table) -> None:
    """Give tables of resources their trigger wherever they are made as declared; a service's revisions name it too."""
    for table in tables:
        table.info["ddl"] = trigger_sql(table.name)
        event.listen(table, "after_create", DDL(table.info["ddl"]))  # type: ignore[no-untyped-call]
