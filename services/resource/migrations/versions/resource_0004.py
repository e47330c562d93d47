"""What is told of card writings can be told again"""

import sqlalchemy as sa
from alembic import op

revision = "resource_0004"
down_revision = "resource_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshots",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="waiting, writing, written, sent"),
        sa.Column("after", sa.Text(), nullable=False, comment="the last record that was written"),
        sa.Column("records", sa.BigInteger(), nullable=False, comment="how many there were at the beginning"),
        sa.Column("written", sa.BigInteger(), nullable=False),
        sa.Column(
            "outbox_id",
            sa.BigInteger(),
            nullable=True,
            comment="once it leaves the outbox, so has everything before it",
        ),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "snapshots_one_waits",
        "snapshots",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
