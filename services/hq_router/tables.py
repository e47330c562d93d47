"""What the router owns: numbers, the ledger of forwards with its hops, nodes, switches and operators' acts, bills."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint

from libs.database.ground import ground_tables

METADATA = sa.MetaData()
ground_tables(METADATA)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


segments = sa.Table(
    "segments",
    METADATA,
    sa.Column("prefix", sa.Text, primary_key=True),
    sa.Column("operator", sa.Text, nullable=False),
    sa.Column(
        "node", sa.Text, comment="the province; none: whose the numbers around it are, nobody has this one"
    ),
)

segment_versions = sa.Table(
    "segment_versions",
    METADATA,
    sa.Column("version", sa.Text, primary_key=True, comment="of the numbering plan that was loaded"),
    sa.Column("count", sa.Integer, nullable=False),
    _moment("loaded"),
)

ported_numbers = sa.Table(
    "ported_numbers",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("operator", sa.Text, nullable=False),
    sa.Column("node", sa.Text),
    _moment("valid_from"),
    _moment("valid_until", nullable=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False, comment="who entered or changed it last"),
    _moment("created"),
    _moment("last_update"),
    sa.CheckConstraint("(operator = 'unicom') = (node IS NOT NULL)", name="ported_numbers_node_is_ours"),
    sa.CheckConstraint("valid_until > valid_from", name="ported_numbers_period"),
    # One answer for each moment. Needs btree_gist, which the first migration brings.
    ExcludeConstraint(
        ("number", "="),
        (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
        name="ported_numbers_one_at_a_time",
        using="gist",
    ),
)

forwards = sa.Table(
    "forwards",
    METADATA,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("origin_transaction", sa.Text, primary_key=True),
    sa.Column("attempt", sa.SmallInteger, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("home", sa.Text),
    sa.Column("home_transaction", sa.Text),
    sa.Column("state", sa.Text, nullable=False, comment="held, sent or ended"),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("business", sa.Text, nullable=False),
    sa.Column("process", sa.Text, nullable=False),
    sa.Column("process_version", sa.Integer, nullable=False),
    sa.Column("route_type", sa.Text, nullable=False),
    sa.Column("route_value", sa.Text, nullable=False),
    sa.Column("number", sa.Text),
    sa.Column("accounting_day", sa.Date, nullable=False),
    _moment("deadline"),
    sa.Column("accepted_by", sa.Text, nullable=False),
    _moment("accepted_at"),
    sa.Column("channel", sa.Text),
    sa.Column("hall", sa.Text),
    sa.Column("dealer", sa.Text),
    sa.Column("area", sa.Text, comment="where it was accepted"),
    sa.Column("test", sa.Boolean, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False, comment="something of it came after its day was closed"),
    sa.Column("hops", sa.SmallInteger, nullable=False, comment="how often it was sent to another home"),
    sa.Column("tried", ARRAY(sa.Text), nullable=False, comment="homes that said it is not theirs"),
    sa.Column("sequence", sa.BigInteger, nullable=False, comment="of home's last word"),
    sa.Column("outcome", sa.Text, comment="home's last word, or the router's own"),
    sa.Column("reasons", JSONB, nullable=False),
    sa.Column("trail", sa.Integer, nullable=False, comment="how many lines of hops there are"),
    sa.Column("document", JSONB, nullable=False, comment="the forward as it came, sealed for headquarters"),
    sa.Column("trace", sa.Text, comment="the thread that it came with, where somebody records it"),
    sa.Column("result", JSONB, comment="the end as it was told to the origin, for whoever asks again"),
    _moment("next_at", nullable=True),
    sa.Column("held_because", sa.Text, comment="why it is held: the code of a reason"),
    _moment("held_since", nullable=True),
    sa.Column(
        "ask_at", sa.DateTime(timezone=True), comment="of one that is sent: when home is asked how far it is"
    ),
    _moment("created"),
    _moment("updated"),
    _moment("ended", nullable=True),
    sa.Column("cancelling", sa.Text, comment="why its origin wants it back: the code of a reason"),
    sa.CheckConstraint("state IN ('held', 'sent', 'ended')", name="forwards_state"),
    sa.CheckConstraint("(state = 'held') = (next_at IS NOT NULL)", name="forwards_held_is_due"),
    sa.CheckConstraint("(state = 'held') = (held_because IS NOT NULL)", name="forwards_held_has_a_reason"),
    sa.CheckConstraint("(state = 'held') = (held_since IS NOT NULL)", name="forwards_held_since"),
    sa.CheckConstraint("(state = 'ended') = (result IS NOT NULL)", name="forwards_ended_has_result"),
    sa.Index("forwards_held_for", "home", "id", postgresql_where=sa.text("state = 'held'")),
    sa.Index("forwards_held_number", "number", "id", postgresql_where=sa.text("state = 'held'")),
    sa.Index("forwards_held_until", "deadline", postgresql_where=sa.text("state = 'held'")),
    sa.Index("forwards_ask", "ask_at", postgresql_where=sa.text("state = 'sent'")),
    sa.Index("forwards_number", "number", "id"),
    sa.Index("forwards_home", "home", "id"),
    sa.Index("forwards_day", "accounting_day", "id"),
    sa.Index("forwards_day_updated", "accounting_day", "updated"),
    sa.Index("forwards_open", "state", "id", postgresql_where=sa.text("state <> 'ended'")),
)

hops = sa.Table(
    "hops",
    METADATA,
    sa.Column("forward", sa.Text, primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True),
    sa.Column("node", sa.Text, nullable=False, comment="whence (up) or whither (down)"),
    _moment("at"),
    sa.Column(
        "direction", sa.Text, nullable=False, comment="up: to headquarters; down: from it; here: decided"
    ),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("detail", sa.Text),
)

nodes = sa.Table(
    "nodes",
    METADATA,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("last_heard", sa.DateTime(timezone=True), nullable=False, comment="when its heartbeat arrived"),
    sa.Column("processes", JSONB, nullable=False, comment="the versions that it can run, by process"),
    comment="signs of life; a node that never gave one has no row",
)

switches = sa.Table(
    "switches",
    METADATA,
    sa.Column("node", sa.Text, primary_key=True, comment="* for every node"),
    sa.Column("business", sa.Text, primary_key=True, comment="* for every business"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False, comment="who turned it last"),
    _moment("since"),
    sa.CheckConstraint("state IN ('on', 'off')", name="switches_state"),
    sa.CheckConstraint("node <> '*' OR business <> '*'", name="switches_not_everything"),
)

operator_acts = sa.Table(
    "operator_acts",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _moment("at"),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("forward", sa.Text, comment="the ledger's id of what it was done to"),
    sa.Column("node", sa.Text),
    sa.Column("business", sa.Text),
    sa.Column("reconciliation", sa.Text, comment="what was repaired"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Index("operator_acts_forward", "forward", "id"),
    comment="what operators did to the tier: only ever added to",
)

looks = sa.Table(
    "looks",
    METADATA,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("home", sa.Text, nullable=False, comment="who is asked now: nobody else may answer"),
    sa.Column("tried", ARRAY(sa.Text), nullable=False, comment="those that do not have the number"),
    sa.Column("hops", sa.SmallInteger, nullable=False),
    _moment("deadline"),
    sa.Column("document", JSONB, nullable=False, comment="the question; an answer is never kept"),
    _moment("created"),
    sa.Index("looks_deadline", "deadline"),
    comment="looks at subscribers under way; a row goes with its answer, or minutes after its deadline",
)

bills = sa.Table(
    "bills",
    METADATA,
    sa.Column("collected_by", sa.Text, primary_key=True),
    sa.Column("payment", sa.Text, primary_key=True),
    sa.Column("work_order", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="payment or refund"),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("home", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("amount", sa.Numeric(14, 2), nullable=False),
    sa.Column("accounting_day", sa.Date, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, comment="of the day's figures that first count it"),
    sa.Column("late", sa.Boolean, nullable=False, comment="came after its day was closed"),
    sa.Column("acceptance", JSONB, nullable=False),
    _moment("at"),
    _moment("received"),
    sa.CheckConstraint("amount > 0", name="bills_amount_positive"),
    sa.CheckConstraint("collected_by <> home", name="bills_between_two"),
    sa.Index("bills_day", "accounting_day", "collected_by", "home"),
    sa.Index("bills_number", "number", "id"),
    sa.Index("bills_day_received", "accounting_day", "received"),
)

reconciled_days = sa.Table(
    "reconciled_days",
    METADATA,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("looked", sa.DateTime(timezone=True), comment="when it was compared last; none: not yet"),
    sa.Column("whole", sa.DateTime(timezone=True), comment="when it was compared with every node"),
    comment="accounting days that have closed",
)

node_reports = sa.Table(
    "node_reports",
    METADATA,
    sa.Column("node", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("accounts", JSONB, nullable=False),
    _moment("at"),
    _moment("received"),
    sa.Index("node_reports_day", "day"),
    comment="the newest figures of each node and day",
)

reconciliations = sa.Table(
    "reconciliations",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("interface", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False, comment="up or down, as the node sees it"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column(
        "version",
        sa.Integer,
        nullable=False,
        comment="one more whenever the figures of an end change; 0: not compared",
    ),
    sa.Column("report_version", sa.Integer, comment="of the node's figures"),
    sa.Column("figures", JSONB, nullable=False, comment="by record, business and counterpart, of both ends"),
    sa.Column("router_count", sa.BigInteger, nullable=False),
    sa.Column("router_amount", sa.Numeric(16, 2), nullable=False),
    sa.Column("node_count", sa.BigInteger),
    sa.Column("node_amount", sa.Numeric(16, 2)),
    sa.Column("asked_after", sa.Text, comment="the node is asked for the lines behind this one"),
    _moment("asked", nullable=True),
    sa.Column(
        "explained", sa.DateTime(timezone=True), comment="when the last of these lines had been compared"
    ),
    sa.Column("differences", sa.Integer, nullable=False, comment="that are found and not settled"),
    _moment("created"),
    _moment("updated"),
    sa.CheckConstraint("state IN ('matched', 'different', 'missing')", name="reconciliations_state"),
    sa.CheckConstraint("(state = 'missing') = (report_version IS NULL)", name="reconciliations_missing"),
    sa.CheckConstraint("(asked_after IS NULL) = (asked IS NULL)", name="reconciliations_asked"),
    sa.UniqueConstraint("day", "node", "interface", "direction", name="reconciliations_once"),
    sa.Index("reconciliations_open", "state", "day", postgresql_where=sa.text("state <> 'matched'")),
)

reconciliation_differences = sa.Table(
    "reconciliation_differences",
    METADATA,
    sa.Column("reconciliation", sa.Text, primary_key=True),
    sa.Column("record", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, comment="of the reconciliation that found it last"),
    sa.Column("router", JSONB, comment="the record as the router has it"),
    sa.Column("node", JSONB, comment="the record as the node has it"),
    _moment("found"),
    _moment("repair_asked", nullable=True),
    sa.Column("settled", sa.DateTime(timezone=True), comment="when it was found no more"),
    comment="which records differ, and in what",
)
