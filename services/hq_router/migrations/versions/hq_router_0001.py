"""Segments, ported numbers, the ledger of forwards with its hops, and bills."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "hq_router_0001"
down_revision = None
branch_labels = ("hq_router",)
depends_on = None


def upgrade() -> None:
    # For the rule that a ported number has one entry at a time: equality inside a gist index.
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.create_table(
        "bills",
        sa.Column("collected_by", sa.Text(), nullable=False),
        sa.Column("payment", sa.Text(), nullable=False),
        sa.Column("work_order", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="payment or refund"),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("accounting_day", sa.Date(), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="of the day's figures that first count it"
        ),
        sa.Column("late", sa.Boolean(), nullable=False, comment="came after its day was closed"),
        sa.Column("acceptance", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name="bills_amount_positive"),
        sa.CheckConstraint("collected_by <> home", name="bills_between_two"),
        sa.PrimaryKeyConstraint("collected_by", "payment", "work_order", "kind"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("bills_day", "bills", ["accounting_day", "collected_by", "home"], unique=False)
    op.create_index("bills_number", "bills", ["number", "id"], unique=False)
    op.create_table(
        "forwards",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("origin_transaction", sa.Text(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("home", sa.Text(), nullable=True),
        sa.Column("home_transaction", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False, comment="held, sent or ended"),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("business", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("process_version", sa.Integer(), nullable=False),
        sa.Column("route_type", sa.Text(), nullable=False),
        sa.Column("route_value", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("accounting_day", sa.Date(), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("hall", sa.Text(), nullable=True),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("area", sa.Text(), nullable=True, comment="where it was accepted"),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column(
            "late", sa.Boolean(), nullable=False, comment="something of it came after its day was closed"
        ),
        sa.Column("hops", sa.SmallInteger(), nullable=False, comment="how often it was sent to another home"),
        sa.Column(
            "tried", postgresql.ARRAY(sa.Text()), nullable=False, comment="homes that said it is not theirs"
        ),
        sa.Column("sequence", sa.BigInteger(), nullable=False, comment="of home's last word"),
        sa.Column("outcome", sa.Text(), nullable=True, comment="home's last word, or the router's own"),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("trail", sa.Integer(), nullable=False, comment="how many lines of hops there are"),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the forward as it came, sealed for headquarters",
        ),
        sa.Column(
            "result",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="the end as it was told to the origin, for whoever asks again",
        ),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'ended') = (result IS NOT NULL)", name="forwards_ended_has_result"),
        sa.CheckConstraint("(state = 'held') = (next_at IS NOT NULL)", name="forwards_held_is_due"),
        sa.CheckConstraint("state IN ('held', 'sent', 'ended')", name="forwards_state"),
        sa.PrimaryKeyConstraint("origin", "origin_transaction", "attempt"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("forwards_day", "forwards", ["accounting_day", "id"], unique=False)
    op.create_index(
        "forwards_held", "forwards", ["next_at"], unique=False, postgresql_where=sa.text("state = 'held'")
    )
    op.create_index("forwards_home", "forwards", ["home", "id"], unique=False)
    op.create_index("forwards_number", "forwards", ["number", "id"], unique=False)
    op.create_index(
        "forwards_open",
        "forwards",
        ["state", "id"],
        unique=False,
        postgresql_where=sa.text("state <> 'ended'"),
    )
    op.create_table(
        "hops",
        sa.Column("forward", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False, comment="whence (up) or whither (down)"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "direction",
            sa.Text(),
            nullable=False,
            comment="up: to headquarters; down: from it; here: decided",
        ),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("forward", "n"),
    )
    op.create_table(
        "ported_numbers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="who entered or changed it last"),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_update", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("number"), "="),
            (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="ported_numbers_one_at_a_time",
        ),
        sa.CheckConstraint("(operator = 'unicom') = (node IS NOT NULL)", name="ported_numbers_node_is_ours"),
        sa.CheckConstraint("valid_until > valid_from", name="ported_numbers_period"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "segment_versions",
        sa.Column("version", sa.Text(), nullable=False, comment="of the numbering plan that was loaded"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("loaded", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "segments",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column(
            "node",
            sa.Text(),
            nullable=True,
            comment="the province; none: whose the numbers around it are, nobody has this one",
        ),
        sa.PrimaryKeyConstraint("prefix"),
    )
