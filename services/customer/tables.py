"""The schema of customer.

`document` is a representation as everybody may see it, personal attributes masked or left out; `personal` is the
whole of it encrypted, where anything had to be masked.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from libs.database.ground import ground_tables
from libs.publishing import publishing_tables
from libs.rebuilding.tables import snapshot_table
from libs.tmf import resource_columns
from libs.tmf.hub.tables import watched

METADATA = sa.MetaData()
ground_tables(METADATA)
snapshot_table(METADATA)
publishing_tables(METADATA)

_MOMENT = sa.DateTime(timezone=True)

LISTED_IDENTITY = sa.text("list = 'blacklist' AND digests IS NOT NULL")
"""What headquarters publishes of its lists."""
TO_PUBLISH = sa.text("edition IS NULL")
"""At headquarters: what changed since it was published last has no number yet."""


def _personal() -> "sa.Column[str | None]":
    return sa.Column("personal", sa.Text, comment="the whole representation, encrypted")


def _care() -> "list[sa.Column[str | None]]":
    """Who may see a record, beside those who see all of the node."""
    return [
        sa.Column("area", sa.Text),
        sa.Column("dealer", sa.Text),
        sa.Column("account_manager", sa.Text),
    ]


def _referring() -> "list[sa.Column[list[str] | None]]":
    return [sa.Column("refers", ARRAY(sa.Text), comment="ids of records of this service that it names")]


def _referred(table: str) -> sa.Index:
    """Who refers to a record that is to be removed?"""
    return sa.Index(
        f"{table}_refers", "refers", postgresql_using="gin", postgresql_where=sa.text("refers IS NOT NULL")
    )


individuals = sa.Table(
    "individuals",
    METADATA,
    *resource_columns(),
    sa.Column("status", sa.Text, nullable=False),
    _personal(),
    *_care(),
)

organizations = sa.Table(
    "organizations",
    METADATA,
    *resource_columns(),
    sa.Column("status", sa.Text, nullable=False),
    _personal(),
    *_care(),
)

identities = sa.Table(
    "identities",
    METADATA,
    # An identity belongs to one party of the node. While the digest's key rotates, it has a row for each key held.
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("party", sa.Text, nullable=False, index=True),
    sa.Column("party_kind", sa.Text, nullable=False, comment="Individual or Organization"),
)

organization_agents = sa.Table(
    "organization_agents",
    METADATA,
    sa.Column(
        "organization", sa.Text, sa.ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("individual", sa.Text, sa.ForeignKey("individuals.id"), primary_key=True, index=True),
)

customers = sa.Table(
    "customers",
    METADATA,
    *resource_columns(),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, comment="individual or organization"),
    sa.Column("party", sa.Text, nullable=False, index=True),
    sa.Column("level", sa.Text),
    _personal(),
    *_care(),
    sa.Column(
        "facts_version",
        sa.BigInteger,
        nullable=False,
        comment="of what other services are told: also rises when the party or a list changes",
    ),
    sa.Column("facts_at", _MOMENT, nullable=False),
    sa.Index("customers_dealer", "dealer", "id"),
    sa.Index("customers_account_manager", "account_manager", "id"),
)

branches = sa.Table(
    "branches",
    METADATA,
    sa.Column("customer", sa.Text, sa.ForeignKey("customers.id"), primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False, comment="of headquarters' record"),
    sa.Column("party", sa.Text, nullable=False, index=True),
    sa.Column("identity_digests", ARRAY(sa.Text), nullable=False),
    sa.Column("agent_digests", ARRAY(sa.Text), nullable=False),
    sa.Column("received", _MOMENT, nullable=False),
    sa.Index("branches_identity_digests", "identity_digests", postgresql_using="gin"),
    comment="customers that are headquarters' own: copies, never newer than the master",
)

branch_holders = sa.Table(
    "branch_holders",
    METADATA,
    sa.Column("customer", sa.Text, sa.ForeignKey("customers.id"), primary_key=True),
    sa.Column("node", sa.Text, primary_key=True, comment="the province that holds a branch"),
    sa.Column("version", sa.BigInteger, nullable=False, comment="of our record that its branch was made of"),
    sa.Column("said", _MOMENT, nullable=False, comment="by the province, when it said so last"),
    sa.Column("heard", _MOMENT, nullable=False),
    comment="at headquarters: where its customers have branches, and how new these are",
)

billing_accounts = sa.Table(
    "billing_accounts",
    METADATA,
    *resource_columns(),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("customer", sa.Text, sa.ForeignKey("customers.id"), nullable=False, index=True),
    sa.Column("area", sa.Text),
    sa.Column("work_order", sa.Text, comment="of an account that was opened by a task"),
    *_referring(),
    _personal(),
    _referred("billing_accounts"),
)


def _account(name: str) -> sa.Table:
    """An account that is no customer's."""
    return sa.Table(
        name,
        METADATA,
        *resource_columns(),
        sa.Column("state", sa.Text, nullable=False),
        *_referring(),
        _personal(),
        *_care(),
        _referred(name),
    )


party_accounts = _account("party_accounts")
settlement_accounts = _account("settlement_accounts")
financial_accounts = _account("financial_accounts")

bill_formats = sa.Table("bill_formats", METADATA, *resource_columns())
bill_presentation_media = sa.Table("bill_presentation_media", METADATA, *resource_columns())
billing_cycles = sa.Table("billing_cycles", METADATA, *resource_columns())

identity_checks = sa.Table(
    "identity_checks",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("actor", sa.Text, nullable=False, comment="issuer and subject, joined by a blank"),
    sa.Column("digest", sa.Text, nullable=False, index=True),
    sa.Column(
        "record", JSONB, nullable=False, comment="the event: digests and a sealed content, nothing in clear"
    ),
    sa.Column("place", JSONB, nullable=False, comment="who made it, and where"),
    sa.Column("valid_until", _MOMENT, nullable=False),
    sa.Column("created", _MOMENT, nullable=False),
)

list_entries = sa.Table(
    "list_entries",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("list", sa.Text, nullable=False, comment="blacklist or redlist"),
    sa.Column("customer", sa.Text, sa.ForeignKey("customers.id")),
    sa.Column("digests", ARRAY(sa.Text), comment="of one identity, with every key held when they were made"),
    sa.Column("identification_type", sa.Text),
    sa.Column("shown", sa.Text, comment="the identity's number, masked"),
    sa.Column("personal", sa.Text, comment="the identity's number, encrypted; a copy has none"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("valid_from", _MOMENT),
    sa.Column("valid_until", _MOMENT),
    sa.Column(
        "in_force",
        sa.Boolean,
        nullable=False,
        server_default=sa.true(),
        comment="whether what is told of customers counts it",
    ),
    sa.Column("changes_at", _MOMENT, comment="when it begins or ends next"),
    sa.Column(
        "national",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="headquarters' own; nobody else writes it",
    ),
    sa.Column("edition", sa.BigInteger, comment="the number under which headquarters published it last"),
    sa.CheckConstraint("list IN ('blacklist', 'redlist')", name="list_entries_list"),
    sa.CheckConstraint("num_nonnulls(customer, digests) = 1", name="list_entries_one_subject"),
    sa.CheckConstraint("valid_from < valid_until", name="list_entries_forward"),
    sa.Index("list_entries_customer", "customer"),
    sa.Index("list_entries_digests", "digests", postgresql_using="gin"),
    sa.Index("list_entries_changes_at", "changes_at"),
    sa.Index("list_entries_edition", "edition", postgresql_where=sa.text("national")),
    sa.Index("list_entries_to_publish", "id", postgresql_where=sa.and_(LISTED_IDENTITY, TO_PUBLISH)),
)

list_removals = sa.Table(
    "list_removals",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True, comment="of the entry"),
    sa.Column("digests", ARRAY(sa.Text), nullable=False),
    sa.Column("identification_type", sa.Text, nullable=False),
    sa.Column("created", _MOMENT, nullable=False, comment="when it had been listed"),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("removed", _MOMENT, nullable=False, comment="when this node took it off the list"),
    sa.Column("edition", sa.BigInteger, comment="the number under which headquarters published the removal"),
    sa.Index("list_removals_edition", "edition"),
    sa.Index("list_removals_to_publish", "id", postgresql_where=TO_PUBLISH),
    comment="national entries that were taken off the list: whoever was away has still to learn of it",
)

task_results = sa.Table(
    "task_results",
    METADATA,
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("work_order", sa.Text, nullable=False, index=True),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("account", sa.Text, comment="what the task opened, and its undo closes"),
    sa.Column(
        "result", JSONB, nullable=False, comment="what was answered, and is answered to every repetition"
    ),
    sa.Column("at", _MOMENT, nullable=False),
)

disclosures = sa.Table(
    "disclosures",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", _MOMENT, nullable=False),
    sa.Column("actor", sa.Text, nullable=False, comment="issuer and subject, joined by a blank"),
    sa.Column("place", JSONB, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("resource", sa.Text, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Column("attributes", ARRAY(sa.Text), nullable=False, comment="those that were shown in full"),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Index("disclosures_record", "record", "at"),
    sa.Index("disclosures_actor", "actor", "at"),
    comment="who saw personal data in full, when, why and of whom",
)

watched(
    individuals,
    organizations,
    customers,
    billing_accounts,
    party_accounts,
    settlement_accounts,
    financial_accounts,
)
