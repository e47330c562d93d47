"""The ledger keeps the trace of a forward."""

import sqlalchemy as sa
from alembic import op

revision = "hq_router_0004"
down_revision = "hq_router_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "forwards",
        sa.Column(
            "trace",
            sa.Text(),
            nullable=True,
            comment="the thread that it came with, where somebody records it",
        ),
    )
