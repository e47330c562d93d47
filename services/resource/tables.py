"""What the resource service owns: numbers and cards, SIM profiles, reservations, results of tasks, card writings."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from libs.database.ground import ground_tables
from libs.rebuilding.tables import snapshot_table
from libs.tmf import resource_columns
from libs.tmf.hub.tables import watched

METADATA = sa.MetaData()
ground_tables(METADATA)
snapshot_table(METADATA)

_MOMENT = sa.DateTime(timezone=True)
_FREE_NUMBERS = "category = 'msisdn' AND state = 'free'"
_STATES = (
    "category = 'msisdn' AND state IN ('free', 'reserved', 'in-use', 'cooling', 'frozen')"
    " OR category = 'sim' AND state IN ('in-stock', 'reserved', 'bound', 'retired')"
)


def _place() -> tuple[sa.Column[str], ...]:
    """Who acted, and where: from the token."""
    return (
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("channel", sa.Text),
        sa.Column("hall", sa.Text),
        sa.Column("dealer", sa.Text),
        sa.Column("area_of_act", sa.Text),
    )


resources = sa.Table(
    "resources",
    METADATA,
    *resource_columns(),
    sa.Column("category", sa.Text, nullable=False, comment="msisdn: a number; sim: a card"),
    sa.Column("value", sa.Text(collation="C"), nullable=False, comment="national digits, or the ICCID"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, comment="of a card: personalised, blank, esim"),
    sa.Column("area", sa.Text),
    sa.Column("network", sa.Text),
    sa.Column("number_class", sa.Text),
    sa.Column(
        "until", _MOMENT, comment="when a reservation or a rest ends by itself; never, for a work order"
    ),
    sa.Column("reservation", sa.Text, comment="which holds it"),
    sa.Column("work_order", sa.Text, comment="which holds it, or bound it"),
    sa.Column("held_by", sa.Text, comment="the task whose undo gives it back"),
    sa.Column("bound_to", sa.Text, comment="of a number its subscription, of a card its number"),
    sa.UniqueConstraint("category", "value", name="resources_value_once"),
    sa.CheckConstraint(_STATES, name="resources_state_known"),
    sa.CheckConstraint(
        "(category = 'sim') = (kind IS NOT NULL) AND kind IN ('personalised', 'blank', 'esim')",
        name="resources_kind_of_cards",
    ),
    # Nothing is held by two, and what is free by nobody.
    sa.CheckConstraint(
        "(state = 'reserved') = (num_nonnulls(reservation, held_by) = 1)", name="resources_one_holder"
    ),
    sa.CheckConstraint("reservation IS NULL OR until IS NOT NULL", name="resources_reservation_ends"),
    sa.Index("resources_due", "until", postgresql_where=sa.text("until IS NOT NULL")),
    sa.Index("resources_reserved", "reservation", postgresql_where=sa.text("reservation IS NOT NULL")),
    sa.Index("resources_held", "held_by", postgresql_where=sa.text("held_by IS NOT NULL")),
    sa.Index("resources_stock", "category", "state", "kind", "area"),
    # A pick reads one of these without touching the table; see numbers/patterns.py for which.
    sa.Index(
        "resources_free_by_beginning",
        "value",
        postgresql_include=["area", "network", "number_class"],
        postgresql_where=sa.text(_FREE_NUMBERS),
    ),
    sa.Index(
        "resources_free_by_end",
        sa.text("reverse(value)"),
        postgresql_include=["value", "area", "network", "number_class"],
        postgresql_where=sa.text(_FREE_NUMBERS),
    ),
    sa.Index(
        "resources_free_by_run",
        "value",
        postgresql_using="gin",
        postgresql_ops={"value": "gin_trgm_ops"},
        postgresql_where=sa.text(_FREE_NUMBERS),
    ),
    # Picks begin where the last ones ended: what was taken must not lie in their way for long.
    postgresql_with={"autovacuum_vacuum_scale_factor": "0.01", "autovacuum_vacuum_threshold": "1000"},
)

reservations = sa.Table(
    "reservations",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    *_place(),
    sa.Column("valid_until", _MOMENT, nullable=False),
    sa.Column("created", _MOMENT, nullable=False),
    sa.Column("given_back", _MOMENT),
    sa.Column("what", JSONB, nullable=False, comment="the resources as they were reserved: id and value"),
)

profile_loads = sa.Table(
    "profile_loads",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    *_place(),
    sa.Column("created", _MOMENT, nullable=False),
    sa.Column("profiles", sa.Integer, nullable=False),
    sa.Column("approved", _MOMENT),
    sa.Column("approved_by", sa.Text),
    comment="keys that one person brought in; a second has to approve them",
)

profiles = sa.Table(
    "profiles",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("imsi", sa.Text, nullable=False, unique=True),
    sa.Column(
        "ki", sa.Text, nullable=False, comment="encrypted; goes out sealed, and never back to a reader"
    ),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("iccid", sa.Text, unique=True, comment="of the personalised card that carries it"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("load", sa.Text, comment="none for what a seed laid in"),
    sa.Column("work_order", sa.Text),
    sa.Column("held_by", sa.Text, unique=True, comment="the task whose undo gives it back"),
    sa.Column("number", sa.Text),
    sa.Column("updated", _MOMENT, nullable=False),
    sa.CheckConstraint(
        "state IN ('waiting', 'free', 'reserved', 'in-use', 'retired')", name="profiles_state_known"
    ),
    sa.CheckConstraint("(state = 'reserved') = (held_by IS NOT NULL)", name="profiles_one_holder"),
    sa.Index("profiles_pool", "id", postgresql_where=sa.text("state = 'free' AND iccid IS NULL")),
    sa.Index("profiles_load", "load"),
)

task_results = sa.Table(
    "task_results",
    METADATA,
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("effect", sa.Text, nullable=False, comment="what was asked for, by the task's name"),
    sa.Column("work_order", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("reasons", JSONB, nullable=False),
    sa.Column("output", JSONB, nullable=False),
    sa.Column("at", _MOMENT, nullable=False),
)

card_writings = sa.Table(
    "card_writings",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False, comment="who accepted the order, and may write its card"),
    sa.Column("iccid", sa.Text, nullable=False),
    sa.Column("data", sa.Text, comment="encrypted; forgotten when the card is written"),
    sa.Column("created", _MOMENT, nullable=False),
    sa.Column("confirmed", _MOMENT),
    sa.UniqueConstraint("order_id", "iccid", name="card_writings_once"),
)

card_writing_log = sa.Table(
    "card_writing_log",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("writing", sa.Text, nullable=False, index=True),
    *_place(),
    sa.Column("what", sa.Text, nullable=False, comment="handed-out or confirmed"),
    sa.Column("writer", sa.Text, comment="thumbprint of the card writer's key"),
    sa.Column("at", _MOMENT, nullable=False),
)

watched(resources)
