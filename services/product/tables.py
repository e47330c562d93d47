"""What product owns: the catalogue. Each record is its document, and the columns that something is decided on."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from libs.database.ground import ground_tables
from libs.publishing import publishing_tables
from libs.rebuilding.tables import snapshot_table
from libs.tmf import document_index, resource_columns
from libs.tmf.hub.tables import watched

METADATA = sa.MetaData()
ground_tables(METADATA)
snapshot_table(METADATA)
publishing_tables(METADATA)

PUBLISHED = sa.text("lifecycle_status NOT IN ('In study', 'In design', 'In test')")
"""What headquarters publishes of its records: all but drafts, which it may still delete."""


def _record() -> tuple[sa.Column[object], ...]:
    return (
        *resource_columns(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("lifecycle_status", sa.Text, nullable=False),
        sa.Column("national", sa.Boolean, nullable=False, comment="headquarters' own; nobody else writes it"),
        sa.Column("edition", sa.BigInteger, comment="the number under which headquarters published it last"),
        sa.Column("edition_version", sa.BigInteger, comment="at headquarters: which version that was"),
    )


def _published(table: str) -> tuple[sa.Index, ...]:
    return (
        sa.Index(f"{table}_edition", "edition"),
        sa.Index(
            f"{table}_to_publish",
            "id",
            postgresql_where=sa.and_(PUBLISHED, sa.text("edition_version IS DISTINCT FROM version")),
        ),
    )


def _overlaid() -> tuple[sa.Column[object], ...]:
    """A province may say otherwise, within bounds; then `document` is what is in force there."""
    return (
        sa.Column("overlay", JSONB, comment="what this province says otherwise than headquarters"),
        sa.Column("original", JSONB, comment="the document as headquarters published it, under an overlay"),
    )


catalogs = sa.Table("catalogs", METADATA, *_record(), *_published("catalogs"))

categories = sa.Table(
    "categories",
    METADATA,
    *_record(),
    sa.Column("parent", sa.Text, index=True),
    *_published("categories"),
)

specifications = sa.Table(
    "specifications",
    METADATA,
    *_record(),
    sa.Column("brand", sa.Text),
    *_published("specifications"),
)

prices = sa.Table(
    "prices", METADATA, *_record(), *_overlaid(), sa.Column("price_type", sa.Text), *_published("prices")
)

offerings = sa.Table(
    "offerings",
    METADATA,
    *_record(),
    *_overlaid(),
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
    *_published("offerings"),
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
