"""What product owns: the catalogue. Each record is its document, and the columns that something is decided on."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from libs.database.ground import ground_tables
from libs.rebuilding.tables import snapshot_table
from libs.tmf import document_index, resource_columns

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
