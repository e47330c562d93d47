"""operators, clients, failed attempts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "access_0001"
down_revision = None
branch_labels = ("access",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column(
            "grants", postgresql.ARRAY(sa.Text()), nullable=False, comment="client_credentials, password"
        ),
        sa.Column(
            "roles",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="of the client itself; people keep their own",
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_update", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "failed_attempts",
        sa.Column(
            "subject", sa.Text(), nullable=False, comment="digest of the name that was tried, known or not"
        ),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_index("failed_attempts_since", "failed_attempts", ["since"], unique=False)
    op.create_table(
        "operators",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "username", sa.Text(), nullable=False, comment="in its normal form: see operators/rules.py"
        ),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("hall", sa.Text(), nullable=True),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("area_bound", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_update", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cardinality(roles) > 0", name="operators_have_roles"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("username"),
    )
