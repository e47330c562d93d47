"""Every look at a subscriber is kept, masked ones at home too"""

from alembic import op

revision = "order_acceptance_0011"
down_revision = "order_acceptance_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table_comment(
        "subscriber_views",
        "who looked at a subscriber of this node, here or from another: only ever added to",
        existing_comment="who saw a subscriber in full, or from another node: only ever added to",
    )
