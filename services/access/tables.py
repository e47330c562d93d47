"""The schema of access: who may ask for a token, and who has failed to lately."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from libs.database.ground import ground_tables

METADATA = MetaData()
ground_tables(METADATA)


def _moment(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False)


operators = Table(
    "operators",
    METADATA,
    Column("id", Text, primary_key=True),
    Column(
        "username", Text, nullable=False, unique=True, comment="in its normal form: see operators/rules.py"
    ),
    Column("password_hash", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("hall", Text),
    Column("dealer", Text),
    Column("area", Text),
    Column("area_bound", Boolean, nullable=False, server_default=text("false")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    _moment("created"),
    _moment("last_update"),
    CheckConstraint("cardinality(roles) > 0", name="operators_have_roles"),
)

clients = Table(
    "clients",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("secret_hash", Text, nullable=False),
    Column("grants", ARRAY(Text), nullable=False, comment="client_credentials, password"),
    Column("roles", ARRAY(Text), nullable=False, comment="of the client itself; people keep their own"),
    Column("name", Text, nullable=False),
    Column("channel", Text),
    Column("dealer", Text),
    Column("area", Text),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    _moment("created"),
    _moment("last_update"),
)

failed_attempts = Table(
    "failed_attempts",
    METADATA,
    Column("subject", Text, primary_key=True, comment="digest of the name that was tried, known or not"),
    Column("failures", SmallInteger, nullable=False),
    _moment("since"),
    Index("failed_attempts_since", "since"),
)
