"""The first tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "product_0001"
down_revision = None
branch_labels = ("product",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="1, 2, …: shown as ETag"),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the representation, without href",
        ),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lifecycle_status", sa.Text(), nullable=False),
        sa.Column(
            "national", sa.Boolean(), nullable=False, comment="headquarters' own; nobody else writes it"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "categories",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="1, 2, …: shown as ETag"),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the representation, without href",
        ),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lifecycle_status", sa.Text(), nullable=False),
        sa.Column(
            "national", sa.Boolean(), nullable=False, comment="headquarters' own; nobody else writes it"
        ),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_categories_parent"), "categories", ["parent"], unique=False)
    op.create_table(
        "offerings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="1, 2, …: shown as ETag"),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the representation, without href",
        ),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lifecycle_status", sa.Text(), nullable=False),
        sa.Column(
            "national", sa.Boolean(), nullable=False, comment="headquarters' own; nobody else writes it"
        ),
        sa.Column(
            "kind", sa.Text(), nullable=True, comment="from its categories; null in a draft without one"
        ),
        sa.Column("business", sa.Text(), nullable=True, comment="of a business fee: what it is asked for"),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="OfferingChanged as it was last told; null before the first",
        ),
        sa.Column(
            "prices_change_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when one of its prices begins or ends next",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "offerings_document",
        "offerings",
        ["document"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"document": "jsonb_path_ops"},
    )
    op.create_index("offerings_name", "offerings", ["name"], unique=False)
    op.create_index(
        "offerings_one_fee",
        "offerings",
        ["business"],
        unique=True,
        postgresql_where=sa.text("lifecycle_status = 'Launched'"),
    )
    op.create_index("offerings_prices_change_at", "offerings", ["prices_change_at"], unique=False)
    op.create_table(
        "prices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="1, 2, …: shown as ETag"),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the representation, without href",
        ),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lifecycle_status", sa.Text(), nullable=False),
        sa.Column(
            "national", sa.Boolean(), nullable=False, comment="headquarters' own; nobody else writes it"
        ),
        sa.Column("price_type", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "specifications",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="1, 2, …: shown as ETag"),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the representation, without href",
        ),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_update", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lifecycle_status", sa.Text(), nullable=False),
        sa.Column(
            "national", sa.Boolean(), nullable=False, comment="headquarters' own; nobody else writes it"
        ),
        sa.Column("brand", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
