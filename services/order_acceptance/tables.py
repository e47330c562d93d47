"""What order acceptance owns: orders, work orders, guards, products, payments, and copies of others' facts."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from libs.database.ground import ground_tables
from libs.rebuilding import copy_columns
from libs.rebuilding.tables import rebuild_table
from libs.tmf.hub.tables import watched
from libs.tmf.resource import resource_columns

METADATA = sa.MetaData()
ground_tables(METADATA)

_NOW = sa.DateTime(timezone=True)


def _place() -> tuple[sa.Column[str], ...]:
    """Who accepted, and where: from the token; commission, tills and settlement are computed from these."""
    return (
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("hall", sa.Text),
        sa.Column("dealer", sa.Text),
        sa.Column("area", sa.Text),
    )


product_orders = sa.Table(
    "product_orders",
    METADATA,
    *resource_columns(),
    *_place(),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("customer", sa.Text),
    sa.Column("number", sa.Text),
    sa.Column("accounting_day", sa.Date, nullable=False),
    sa.Column("replaces_card_of", sa.Text, comment="the order whose broken card it replaces without fee"),
    # A broken card is replaced without fee once; an order that did not end well leaves the next one free to try.
    sa.Index(
        "product_orders_card_replaced_once",
        "replaces_card_of",
        unique=True,
        postgresql_where=sa.text(
            "replaces_card_of IS NOT NULL AND state NOT IN ('rejected', 'failed', 'cancelled')"
        ),
    ),
    sa.Index("product_orders_state", "state", "id"),
    sa.Index("product_orders_number", "number", "id"),
    sa.Index("product_orders_customer", "customer", "id"),
)

work_orders = sa.Table(
    "work_orders",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("business", sa.Text, nullable=False),
    sa.Column("process", sa.Text, nullable=False),
    sa.Column("process_version", sa.Integer, nullable=False),
    sa.Column("part", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("origin_transaction", sa.Text, nullable=False),
    sa.Column("forward_attempt", sa.Integer, nullable=False),
    sa.Column("home", sa.Text),
    sa.Column("number", sa.Text),
    sa.Column("guarded", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("verdict", sa.Text),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("attention", sa.Boolean, nullable=False),
    sa.Column("next_at", _NOW),
    sa.Column("deadline", _NOW, nullable=False),
    sa.Column("accounting_day", sa.Date, nullable=False),
    sa.Column("content", JSONB, nullable=False),
    sa.Column("steps", JSONB, nullable=False),
    sa.Column("reasons", JSONB, nullable=False),
    sa.Column("output", JSONB, nullable=False),
    sa.Column("acceptance", JSONB, nullable=False),
    sa.Column("sealed", sa.Text),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("test", sa.Boolean, nullable=False),
    sa.Column("created", _NOW, nullable=False),
    sa.Column("updated", _NOW, nullable=False),
    sa.Column("group_policy", sa.Text, comment="of a child of a group order"),
    sa.Column(
        "waits",
        sa.Boolean,
        nullable=False,
        server_default="false",
        comment="stops before its point of no return until its group goes ahead",
    ),
    # A forward is taken in once, whatever is delivered twice; here work has itself as origin.
    sa.UniqueConstraint(
        "origin", "origin_transaction", "forward_attempt", "part", name="work_orders_taken_once"
    ),
    sa.Index("work_orders_due", "next_at", postgresql_where=sa.text("next_at IS NOT NULL")),
    sa.Index("work_orders_waiting", "number", "created", "id", postgresql_where=sa.text("state = 'waiting'")),
    sa.Index("work_orders_order", "order_id"),
    sa.Index(
        "work_orders_travelled",
        "accounting_day",
        "updated",
        postgresql_where=sa.text("part <> 'whole'"),
    ),
    sa.Index(
        "work_orders_open",
        "state",
        "process",
        postgresql_where=sa.text("state IN ('waiting', 'running', 'ready', 'undoing')"),
    ),
)

late_results = sa.Table(
    "late_results",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("work_order", sa.Text, nullable=False, index=True),
    sa.Column("task_id", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("output", JSONB, nullable=False),
    sa.Column("at", _NOW, nullable=False),
    comment="answers to steps that no longer waited: recorded and ignored",
)

cancel_requests = sa.Table(
    "cancel_requests",
    METADATA,
    *resource_columns(),
    *_place(),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("customer", sa.Text, comment="of the order: who may see the one may see the other"),
    sa.Column("state", sa.Text, nullable=False),
    sa.CheckConstraint(
        "state IN ('inProgress', 'done', 'terminatedWithError')", name="cancel_requests_state_known"
    ),
    # One wish at a time: a second one would not know whose answer it hears.
    sa.Index(
        "cancel_requests_one_open",
        "order_id",
        unique=True,
        postgresql_where=sa.text("state = 'inProgress'"),
    ),
    sa.Index("cancel_requests_order", "order_id", "id"),
    comment="TMF622 cancelProductOrder",
)

group_orders = sa.Table(
    "group_orders",
    METADATA,
    sa.Column("order_id", sa.Text, primary_key=True),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, comment="taken once: go or abort"),
    sa.Column("because", sa.Text, comment="why it was aborted: the code of a reason"),
    sa.Column("deadline", _NOW, nullable=False),
    sa.Column("created", _NOW, nullable=False),
    sa.Column("decided", _NOW),
    sa.Column(
        "locks_at", _NOW, comment="of a dated one: from when on it locks its subscriptions, until it has all"
    ),
    sa.CheckConstraint("policy IN ('all-or-nothing', 'best-effort')", name="group_orders_policy_known"),
    sa.CheckConstraint("state IN ('locking', 'open', 'ended')", name="group_orders_state_known"),
    sa.CheckConstraint("decision IN ('go', 'abort')", name="group_orders_decision_known"),
    sa.Index("group_orders_open", "deadline", postgresql_where=sa.text("state <> 'ended'")),
    comment="orders that are carried out as children in several provinces",
)

group_children = sa.Table(
    "group_children",
    METADATA,
    sa.Column("work_order", sa.Text, primary_key=True),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column(
        "items",
        ARRAY(sa.Text),
        nullable=False,
        comment="the order's items that it serves, whole or in part",
    ),
    sa.Column("node", sa.Text, comment="the province that the item names; none: the router finds it"),
    sa.Column("number", sa.Text, comment="of an existing subscription"),
    sa.Column("state", sa.Text, nullable=False),
    sa.CheckConstraint(
        "state IN ('open', 'ready', 'completed', 'failed', 'rejected', 'cancelled')",
        name="group_children_state_known",
    ),
    sa.Index("group_children_order", "order_id", "work_order"),
)

group_locks = sa.Table(
    "group_locks",
    METADATA,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("order_id", sa.Text, nullable=False, index=True),
    comment="two groups never wait for each other: one holds all of its numbers, or none",
)

reported_days = sa.Table(
    "reported_days",
    METADATA,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("looked", _NOW, nullable=False, comment="when the day was counted last"),
    sa.Column("figures", sa.Text, nullable=False, comment="as they were sent, to tell whether they changed"),
    comment="accounting days that were reported for reconciliation",
)

guards = sa.Table(
    "guards",
    METADATA,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("work_order", sa.Text, nullable=False, unique=True),
    sa.Column("since", _NOW, nullable=False),
    comment="the one work order that runs on a subscription",
)

products = sa.Table(
    "products",
    METADATA,
    *resource_columns(),
    sa.Column("number", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("parent", sa.Text),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("billing_account", sa.Text, nullable=False),
    sa.Column("offering", sa.Text, nullable=False),
    sa.Column("iccid", sa.Text),
    sa.Column("imsi", sa.Text),
    sa.Column("area", sa.Text),
    sa.Column("dealer", sa.Text),
    sa.Column("opened_by", sa.Text, nullable=False),
    # A number belongs to one subscription at a time.
    sa.Index(
        "products_number_once",
        "number",
        unique=True,
        postgresql_where=sa.text("kind = 'subscription' AND status <> 'terminated'"),
    ),
    sa.Index("products_customer", "customer"),
    sa.Index("products_account", "billing_account"),
    sa.Index("products_parent", "parent"),
)

suspensions = sa.Table(
    "suspensions",
    METADATA,
    sa.Column("product", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("barring", sa.Text, nullable=False),
    sa.Column("since", _NOW, nullable=False),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.CheckConstraint(
        "reason IN ('voluntary', 'lost', 'arrears', 'regulatory')", name="suspensions_reason_known"
    ),
    sa.CheckConstraint("barring IN ('outgoing', 'all')", name="suspensions_barring_known"),
    comment="why a subscription is barred: suspended while any is left, as far as the severest says",
)

payments = sa.Table(
    "payments",
    METADATA,
    *resource_columns(),
    *_place(),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("number", sa.Text),
    sa.Column("amount", sa.Numeric(14, 2), nullable=False),
    sa.Column("refunded", sa.Numeric(14, 2), nullable=False, server_default="0"),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("correlator", sa.Text),
    sa.Column("accounting_day", sa.Date, nullable=False),
    sa.Column("home", sa.Text),
    sa.CheckConstraint("amount > 0", name="payments_amount_positive"),
    sa.CheckConstraint("refunded BETWEEN 0 AND amount", name="payments_never_refunded_beyond"),
    sa.Index("payments_account", "account", "id"),
    sa.Index("payments_status", "status", "id"),
)

payment_bindings = sa.Table(
    "payment_bindings",
    METADATA,
    sa.Column("payment", sa.Text, primary_key=True),
    sa.Column("order_id", sa.Text, nullable=False, index=True),
    sa.Column("bound", _NOW, nullable=False),
    comment="a counter payment serves one order only",
)

refunds = sa.Table(
    "refunds",
    METADATA,
    *resource_columns(),
    *_place(),
    sa.Column("payment", sa.Text, nullable=False, index=True),
    sa.Column("order_id", sa.Text),
    sa.Column("amount", sa.Numeric(14, 2), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("accounting_day", sa.Date, nullable=False),
    sa.CheckConstraint("amount > 0", name="refunds_amount_positive"),
    sa.UniqueConstraint("payment", "order_id", name="refunds_once_for_order_and_payment"),
)

identity_check_uses = sa.Table(
    "identity_check_uses",
    METADATA,
    sa.Column("identity_check", sa.Text, primary_key=True),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("used", _NOW, nullable=False),
    comment="an identity check is good for one accepted order",
)


def _projection(name: str, *columns: sa.Column[object]) -> sa.Table:
    """A copy of another service's record: never newer than the owner's, never going backward."""
    return sa.Table(name, METADATA, *copy_columns(name), *columns)


known_offerings = _projection(
    "known_offerings",
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("business", sa.Text, index=True),
)
known_customers = _projection("known_customers")
known_accounts = _projection("known_accounts", sa.Column("customer", sa.Text, nullable=False))
known_identity_checks = _projection(
    "known_identity_checks", sa.Column("valid_until", _NOW, nullable=False, index=True)
)
known_card_writings = _projection(
    "known_card_writings",
    sa.Column("order_id", sa.Text, nullable=False, index=True),
    sa.Column("written", sa.Boolean, nullable=False),
)

looks = sa.Table(
    "looks",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("until", _NOW, nullable=False, index=True),
    sa.Column("told", JSONB, comment="the answer, until the request that waits for it takes it"),
    comment="requests that wait for a message: of another province's subscriber, or of a balance",
)

looks_taken_in = sa.Table(
    "looks_taken_in",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True, comment="what accounting was asked under"),
    sa.Column("asked", JSONB, nullable=False, comment="the question as it came"),
    sa.Column("named", sa.Boolean, nullable=False, comment="the owner's name has to be asked of its service"),
    sa.Column("answer_at", _NOW, nullable=False, index=True, comment="when it is answered at the latest"),
    comment="other nodes' looks at subscribers of this one; a row goes with its answer",
)

balance_askings = sa.Table(
    "balance_askings",
    METADATA,
    sa.Column("look", sa.Text, primary_key=True, comment="what stands for the work order in the task"),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("asked", _NOW, nullable=False, index=True),
    comment="balances that accounting was asked for and has not told",
)

known_balances = sa.Table(
    "known_balances",
    METADATA,
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("balance", sa.Numeric(14, 2), nullable=False),
    sa.Column("at", _NOW, nullable=False, comment="when accounting told it"),
)

subscriber_views = sa.Table(
    "subscriber_views",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("at", _NOW, nullable=False),
    sa.Column("look", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("subscription", sa.Text, nullable=False),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False, comment="issuer and subject"),
    sa.Column("place", JSONB, nullable=False),
    sa.Column("purpose", sa.Text, comment="why the owner's name was shown in full; none: it was masked"),
    sa.Index("subscriber_views_number", "number", "id"),
    sa.Index("subscriber_views_actor", "actor", "id"),
    comment="who looked at a subscriber of this node, here or from another: only ever added to",
)

look_counts = sa.Table(
    "look_counts",
    METADATA,
    sa.Column("actor", sa.Text, primary_key=True),
    sa.Column("minute", _NOW, primary_key=True),
    sa.Column("looks", sa.Integer, nullable=False),
    comment="how often an actor looked in a minute",
)

watched(product_orders, cancel_requests, products, payments, refunds)
rebuild_table(METADATA)
