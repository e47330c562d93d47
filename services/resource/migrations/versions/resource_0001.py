"""Numbers and cards, profiles, reservations, results of tasks, card writings"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "resource_0001"
down_revision = None
branch_labels = ("resource",)
depends_on = None


def upgrade() -> None:
    # Numbers are looked for by any run of their digits.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "card_writing_log",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("writing", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("hall", sa.Text(), nullable=True),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("area_of_act", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False, comment="handed-out or confirmed"),
        sa.Column("writer", sa.Text(), nullable=True, comment="thumbprint of the card writer's key"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_card_writing_log_writing"), "card_writing_log", ["writing"], unique=False)
    op.create_table(
        "card_writings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column(
            "actor", sa.Text(), nullable=False, comment="who accepted the order, and may write its card"
        ),
        sa.Column("iccid", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True, comment="encrypted; forgotten when the card is written"),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_id", "iccid", name="card_writings_once"),
    )
    op.create_table(
        "profile_loads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("hall", sa.Text(), nullable=True),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("area_of_act", sa.Text(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profiles", sa.Integer(), nullable=False),
        sa.Column("approved", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        comment="keys that one person brought in; a second has to approve them",
    )
    op.create_table(
        "profiles",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("imsi", sa.Text(), nullable=False),
        sa.Column(
            "ki", sa.Text(), nullable=False, comment="encrypted; goes out sealed, and never back to a reader"
        ),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("iccid", sa.Text(), nullable=True, comment="of the personalised card that carries it"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("load", sa.Text(), nullable=True, comment="none for what a seed laid in"),
        sa.Column("work_order", sa.Text(), nullable=True),
        sa.Column("held_by", sa.Text(), nullable=True, comment="the task whose undo gives it back"),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'reserved') = (held_by IS NOT NULL)", name="profiles_one_holder"),
        sa.CheckConstraint(
            "state IN ('waiting', 'free', 'reserved', 'in-use', 'retired')", name="profiles_state_known"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("held_by"),
        sa.UniqueConstraint("iccid"),
        sa.UniqueConstraint("imsi"),
    )
    op.create_index("profiles_load", "profiles", ["load"], unique=False)
    op.create_index(
        "profiles_pool",
        "profiles",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'free' AND iccid IS NULL"),
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("hall", sa.Text(), nullable=True),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("area_of_act", sa.Text(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_back", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "what",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the resources as they were reserved: id and value",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "resources",
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
        sa.Column("category", sa.Text(), nullable=False, comment="msisdn: a number; sim: a card"),
        sa.Column("value", sa.Text(collation="C"), nullable=False, comment="national digits, or the ICCID"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True, comment="of a card: personalised, blank, esim"),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("network", sa.Text(), nullable=True),
        sa.Column("number_class", sa.Text(), nullable=True),
        sa.Column(
            "until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a reservation or a rest ends by itself; never, for a work order",
        ),
        sa.Column("reservation", sa.Text(), nullable=True, comment="which holds it"),
        sa.Column("work_order", sa.Text(), nullable=True, comment="which holds it, or bound it"),
        sa.Column("held_by", sa.Text(), nullable=True, comment="the task whose undo gives it back"),
        sa.Column(
            "bound_to", sa.Text(), nullable=True, comment="of a number its subscription, of a card its number"
        ),
        sa.CheckConstraint(
            "(category = 'sim') = (kind IS NOT NULL) AND kind IN ('personalised', 'blank', 'esim')",
            name="resources_kind_of_cards",
        ),
        sa.CheckConstraint(
            "(state = 'reserved') = (num_nonnulls(reservation, held_by) = 1)", name="resources_one_holder"
        ),
        sa.CheckConstraint(
            "category = 'msisdn' AND state IN ('free', 'reserved', 'in-use', 'cooling', 'frozen')"
            " OR category = 'sim' AND state IN ('in-stock', 'reserved', 'bound', 'retired')",
            name="resources_state_known",
        ),
        sa.CheckConstraint("reservation IS NULL OR until IS NOT NULL", name="resources_reservation_ends"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("category", "value", name="resources_value_once"),
        postgresql_with={"autovacuum_vacuum_scale_factor": "0.01", "autovacuum_vacuum_threshold": "1000"},
    )
    op.create_index(
        "resources_due", "resources", ["until"], unique=False, postgresql_where=sa.text("until IS NOT NULL")
    )
    op.create_index(
        "resources_free_by_beginning",
        "resources",
        ["value"],
        unique=False,
        postgresql_include=["area", "network", "number_class"],
        postgresql_where=sa.text("category = 'msisdn' AND state = 'free'"),
    )
    op.create_index(
        "resources_free_by_end",
        "resources",
        [sa.literal_column("reverse(value)")],
        unique=False,
        postgresql_include=["value", "area", "network", "number_class"],
        postgresql_where=sa.text("category = 'msisdn' AND state = 'free'"),
    )
    op.create_index(
        "resources_free_by_run",
        "resources",
        ["value"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"value": "gin_trgm_ops"},
        postgresql_where=sa.text("category = 'msisdn' AND state = 'free'"),
    )
    op.create_index(
        "resources_reserved",
        "resources",
        ["reservation"],
        unique=False,
        postgresql_where=sa.text("reservation IS NOT NULL"),
    )
    op.create_index("resources_stock", "resources", ["category", "state", "kind", "area"], unique=False)
    op.create_table(
        "task_results",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False, comment="what was asked for, by the task's name"),
        sa.Column("work_order", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("output", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("task_id"),
    )
