"""Identity checks that are long over are forgotten"""

from alembic import op

revision = "order_acceptance_0008"
down_revision = "order_acceptance_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_known_identity_checks_valid_until"), "known_identity_checks", ["valid_until"], unique=False
    )
