"""Broken cards are replaced without fee"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "order_acceptance_0009"
down_revision = "order_acceptance_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_card_writings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "doubted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="not confirmed yet, in a rebuild",
        ),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "known_card_writings_doubted",
        "known_card_writings",
        ["id"],
        unique=False,
        postgresql_where=sa.text("doubted"),
    )
    op.create_index(
        op.f("ix_known_card_writings_order_id"), "known_card_writings", ["order_id"], unique=False
    )
    op.add_column(
        "product_orders",
        sa.Column(
            "replaces_card_of",
            sa.Text(),
            nullable=True,
            comment="the order whose broken card it replaces without fee",
        ),
    )
    op.create_index(
        "product_orders_card_replaced_once",
        "product_orders",
        ["replaces_card_of"],
        unique=True,
        postgresql_where=sa.text(
            "replaces_card_of IS NOT NULL AND state NOT IN ('rejected', 'failed', 'cancelled')"
        ),
    )
