"""The jobs of rebuilding: at the owner of records, and where a copy of them is kept."""

from sqlalchemy import BigInteger, Column, DateTime, Index, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB


def snapshot_table(metadata: MetaData) -> Table:
    """For a service that owns records: what it has been asked to republish."""
    return Table(
        "snapshots",
        metadata,
        Column("id", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False, comment="waiting, writing, written, sent"),
        Column("after", Text, nullable=False, comment="the last record that was written"),
        Column("records", BigInteger, nullable=False, comment="how many there were at the beginning"),
        Column("written", BigInteger, nullable=False),
        Column("outbox_id", BigInteger, comment="once it leaves the outbox, so has everything before it"),
        Column("created", DateTime(timezone=True), nullable=False),
        Column("ended", DateTime(timezone=True)),
        # Who asks while one waits gets that one: of a kind there are at most two to do.
        Index("snapshots_one_waits", "kind", unique=True, postgresql_where=text("state = 'waiting'")),
    )


def rebuild_table(metadata: MetaData) -> Table:
    """For a service that keeps copies: which of them are being rebuilt, and how far that is."""
    return Table(
        "rebuilds",
        metadata,
        Column("id", Text, primary_key=True),
        Column("projection", Text, nullable=False),
        Column("state", Text, nullable=False, comment="doubting, republishing, catching-up, settling, done"),
        Column("after", Text, nullable=False, comment="the last copy that was doubted"),
        Column("asked", Text, nullable=False, comment="the key under which the owner was asked"),
        Column("snapshot", Text, comment="the owner's job"),
        Column("records", BigInteger, nullable=False),
        Column("sent", BigInteger, nullable=False),
        Column("target", JSONB, comment="offsets of the owner's topic, by partition"),
        Column("mended", BigInteger, nullable=False, comment="copies for which the owner had to be asked"),
        Column("removed", BigInteger, nullable=False, comment="copies of what the owner does not have"),
        Column("trouble", Text, comment="what it waits for, where it cannot go on"),
        Column("actor", Text, nullable=False),
        Column("created", DateTime(timezone=True), nullable=False),
        Column("ended", DateTime(timezone=True)),
        Index("rebuilds_one_at_a_time", "projection", unique=True, postgresql_where=text("state <> 'done'")),
    )
