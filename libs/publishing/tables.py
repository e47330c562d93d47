"""Where publications are, at headquarters, and how far the copies go, in a province."""

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB


def publishing_tables(metadata: MetaData) -> None:
    """For a service of which headquarters publishes records, and every province has copies."""
    Table(
        "publications",
        metadata,
        Column("name", Text, primary_key=True),
        Column("newest", BigInteger, nullable=False, comment="the last number that was given"),
    )
    Table(
        "publication_nodes",
        metadata,
        Column("name", Text, primary_key=True),
        Column("node", Text, primary_key=True),
        Column("position", BigInteger, nullable=False, comment="how far its copy goes, as it said last"),
        Column("conflicts", JSONB, nullable=False, comment="what it could not take in, as it said last"),
        Column("said", DateTime(timezone=True), nullable=False, comment="when it said so, by its clock"),
        Column("heard", DateTime(timezone=True), nullable=False),
        Column("sent", BigInteger, nullable=False, comment="the end of the last page that went to it"),
        Column("sent_at", DateTime(timezone=True)),
        Column("behind_since", DateTime(timezone=True), comment="since when it lacks anything"),
    )
    Table(
        "publication_copies",
        metadata,
        Column("name", Text, primary_key=True),
        Column("position", BigInteger, nullable=False, comment="everything up to here is in the copy"),
        Column("newest", BigInteger, nullable=False, comment="headquarters' last number, as it said"),
    )
    Table(
        "publication_conflicts",
        metadata,
        Column("name", Text, primary_key=True),
        Column("record", Text, primary_key=True),
        Column("number", BigInteger, nullable=False),
        Column("reason", Text, nullable=False, comment="a stable code"),
    )
