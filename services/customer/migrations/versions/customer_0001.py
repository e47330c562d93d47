"""Parties, customers, billing accounts, identity checks"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "customer_0001"
down_revision = None
branch_labels = ("customer",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
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
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="individual or organization"),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("personal", sa.Text(), nullable=True, comment="the whole representation, encrypted"),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("account_manager", sa.Text(), nullable=True),
        sa.Column(
            "facts_version",
            sa.BigInteger(),
            nullable=False,
            comment="of what other services are told: also rises when the party or a list changes",
        ),
        sa.Column("facts_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("customers_account_manager", "customers", ["account_manager", "id"], unique=False)
    op.create_index("customers_dealer", "customers", ["dealer", "id"], unique=False)
    op.create_index(op.f("ix_customers_party"), "customers", ["party"], unique=False)
    op.create_table(
        "disclosures",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="issuer and subject, joined by a blank"),
        sa.Column("place", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column(
            "attributes", postgresql.ARRAY(sa.Text()), nullable=False, comment="those that were shown in full"
        ),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="who saw personal data in full, when, why and of whom",
    )
    op.create_index("disclosures_actor", "disclosures", ["actor", "at"], unique=False)
    op.create_index("disclosures_record", "disclosures", ["record", "at"], unique=False)
    op.create_table(
        "identities",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("party_kind", sa.Text(), nullable=False, comment="Individual or Organization"),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index(op.f("ix_identities_party"), "identities", ["party"], unique=False)
    op.create_table(
        "identity_checks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="issuer and subject, joined by a blank"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column(
            "record",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the event: digests and a sealed content, nothing in clear",
        ),
        sa.Column(
            "place", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="who made it, and where"
        ),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_identity_checks_digest"), "identity_checks", ["digest"], unique=False)
    op.create_table(
        "individuals",
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
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("personal", sa.Text(), nullable=True, comment="the whole representation, encrypted"),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("account_manager", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "organizations",
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
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("personal", sa.Text(), nullable=True, comment="the whole representation, encrypted"),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("dealer", sa.Text(), nullable=True),
        sa.Column("account_manager", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "task_results",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("work_order", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True, comment="what the task opened, and its undo closes"),
        sa.Column(
            "result",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="what was answered, and is answered to every repetition",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("task_id"),
    )
    op.create_index(op.f("ix_task_results_work_order"), "task_results", ["work_order"], unique=False)
    op.create_table(
        "billing_accounts",
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
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("work_order", sa.Text(), nullable=True, comment="of an account that was opened by a task"),
        sa.Column("personal", sa.Text(), nullable=True, comment="the whole representation, encrypted"),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_billing_accounts_customer"), "billing_accounts", ["customer"], unique=False)
    op.create_table(
        "list_entries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False, comment="blacklist or redlist"),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column(
            "digests",
            postgresql.ARRAY(sa.Text()),
            nullable=True,
            comment="of one identity, with every key held when it was listed",
        ),
        sa.Column("identification_type", sa.Text(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=True, comment="the identity's number, masked"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("list IN ('blacklist', 'redlist')", name="list_entries_list"),
        sa.CheckConstraint("num_nonnulls(customer, digests) = 1", name="list_entries_one_subject"),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("list_entries_customer", "list_entries", ["list", "customer"], unique=True)
    op.create_index("list_entries_digests", "list_entries", ["digests"], unique=False, postgresql_using="gin")
    op.create_table(
        "organization_agents",
        sa.Column("organization", sa.Text(), nullable=False),
        sa.Column("individual", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["individual"],
            ["individuals.id"],
        ),
        sa.ForeignKeyConstraint(["organization"], ["organizations.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization", "individual"),
    )
    op.create_index(
        op.f("ix_organization_agents_individual"), "organization_agents", ["individual"], unique=False
    )
