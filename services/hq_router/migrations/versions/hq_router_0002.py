"""Nodes and switches; what is held says why, what is sent is asked after."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "hq_router_0002"
down_revision = "hq_router_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "last_heard", sa.DateTime(timezone=True), nullable=False, comment="when its heartbeat arrived"
        ),
        sa.Column(
            "processes",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the versions that it can run, by process",
        ),
        sa.PrimaryKeyConstraint("code"),
        comment="signs of life; a node that never gave one has no row",
    )
    op.create_table(
        "operator_acts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("forward", sa.Text(), nullable=True, comment="the ledger's id of what it was done to"),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("business", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="what operators did to the tier: only ever added to",
    )
    op.create_index("operator_acts_forward", "operator_acts", ["forward", "id"], unique=False)
    op.create_table(
        "switches",
        sa.Column("node", sa.Text(), nullable=False, comment="* for every node"),
        sa.Column("business", sa.Text(), nullable=False, comment="* for every business"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="who turned it last"),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("node <> '*' OR business <> '*'", name="switches_not_everything"),
        sa.CheckConstraint("state IN ('on', 'off')", name="switches_state"),
        sa.PrimaryKeyConstraint("node", "business"),
    )
    op.add_column(
        "forwards",
        sa.Column("held_because", sa.Text(), nullable=True, comment="why it is held: the code of a reason"),
    )
    op.add_column("forwards", sa.Column("held_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "forwards",
        sa.Column(
            "ask_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="of one that is sent: when home is asked how far it is",
        ),
    )
    # Until now only an unknown version held anything.
    op.execute(
        "UPDATE forwards SET held_because = 'version-unknown', held_since = updated WHERE state = 'held'"
    )
    op.execute("UPDATE forwards SET ask_at = updated + interval '5 minutes' WHERE state = 'sent'")
    op.create_check_constraint(
        "forwards_held_has_a_reason", "forwards", "(state = 'held') = (held_because IS NOT NULL)"
    )
    op.create_check_constraint(
        "forwards_held_since", "forwards", "(state = 'held') = (held_since IS NOT NULL)"
    )
    op.drop_index(op.f("forwards_held"), table_name="forwards", postgresql_where="(state = 'held'::text)")
    op.create_index(
        "forwards_ask", "forwards", ["ask_at"], unique=False, postgresql_where=sa.text("state = 'sent'")
    )
    op.create_index(
        "forwards_held_for",
        "forwards",
        ["home", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "forwards_held_number",
        "forwards",
        ["number", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "forwards_held_until",
        "forwards",
        ["deadline"],
        unique=False,
        postgresql_where=sa.text("state = 'held'"),
    )
