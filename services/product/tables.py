"""What product owns: the catalogue. Each record is its document, and the columns that something is decided on."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from libs.database.ground import ground_tables
from libs.rebuilding.tables import snapshot_table
from libs.tmf import document_index, resource_columns
from libs.tmf.hub.tables import watched

METADATA = sa.MetaData()
ground_tables(METADATA)
snapshot_table(METADATA)


def _record() -> tuple[sa.Column[object], ...]:
    return (
        *resource_columns(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("lifecycle_status", sa.Text, nullable=False),
        sa.Column("national", sa.Boolean, nullable=False, comment="headquarters' own; nobody else writes it"),
    )


catalogs = sa.Table("catalogs", METADATA, *_record())

categories = sa.Table(
    "categories",
    METADATA,
    *_record(),
    sa.Column("parent", sa.Text, index=True),
)

specifications = sa.Table("specifications", METADATA, *_record(), sa.Column("brand", sa.Text))

prices = sa.Table("prices", METADATA, *_record(), sa.Column("price_type", sa.Text))

offerings = sa.Table(
    "offerings",
    METADATA,
    *_record(),
    sa.Column("kind", sa.Text, comment="from its categories; null in a draft without one"),
    sa.Column("business", sa.Text, comment="of a business fee: what it is asked for"),
    sa.Column("facts", JSONB, comment="OfferingChanged as it was last told; null before the first"),
    sa.Column(
        "prices_change_at",
        sa.DateTime(timezone=True),
        comment="when one of its prices begins or ends next",
    ),
    # Two prices for one business at one time, and the counter would ask for both.
    sa.Index(
        "offerings_one_fee",
        "business",
        unique=True,
        postgresql_where=sa.text("lifecycle_status = 'Launched'"),
    ),
    sa.Index("offerings_name", "name"),
    sa.Index("offerings_prices_change_at", "prices_change_at"),
    # Which offerings name this price, this category, that specification?
    document_index("offerings"),
)


def _job(name: str, *columns: sa.Column[object]) -> sa.Table:
    """A job that is done by the timer; its row says where it is."""
    return sa.Table(
        name,
        METADATA,
        *resource_columns(),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        *columns,
        sa.Index(f"{name}_open", "id", postgresql_where=sa.text("status IN ('Not Started', 'Running')")),
    )


export_jobs = _job(
    "export_jobs",
    sa.Column("part", sa.Integer, nullable=False, comment="which of the collections that it covers"),
    sa.Column("after", sa.Text, nullable=False, comment="the last record that was written"),
)

import_jobs = _job(
    "import_jobs",
    sa.Column("actor", JSONB, nullable=False, comment="in whose name it acts"),
    sa.Column("language", sa.Text, nullable=False, comment="of its errorLog"),
    sa.Column(
        "after", sa.BigInteger, nullable=False, comment="the last line that was looked at in this pass"
    ),
    sa.Column("turn", sa.Integer, nullable=False, comment="which pass"),
    sa.Column("helped", sa.BigInteger, nullable=False, comment="lines that this pass has taken in"),
)

import_faults = sa.Table(
    "import_faults",
    METADATA,
    sa.Column("job", sa.Text, sa.ForeignKey("import_jobs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("line", sa.BigInteger, primary_key=True),
    sa.Column("waits", sa.Boolean, nullable=False, comment="what it refers to may come in a later line"),
    sa.Column("reasons", JSONB, nullable=False),
)

files = sa.Table(
    "files",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("sort", sa.Text, nullable=False, comment="export, or import: brought for one"),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("lines", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("created", sa.DateTime(timezone=True), nullable=False),
    sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False, index=True),
)

file_lines = sa.Table(
    "file_lines",
    METADATA,
    sa.Column("file", sa.Text, sa.ForeignKey("files.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("line", sa.BigInteger, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
)

watched(catalogs, categories, specifications, offerings, prices)
