"""Dated group orders"""

import sqlalchemy as sa
from alembic import op

revision = "order_acceptance_0010"
down_revision = "order_acceptance_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "group_orders",
        sa.Column(
            "locks_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of a dated one: from when on it locks its subscriptions, until it has all",
        ),
    )
