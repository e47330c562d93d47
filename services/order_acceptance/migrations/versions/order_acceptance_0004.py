"""Changes of resources are noted for whoever listens"""

from alembic import op

revision = "order_acceptance_0004"
down_revision = "order_acceptance_0003"
branch_labels = None
depends_on = "ground_0002"

_TABLES = ("product_orders", "cancel_requests", "products", "payments", "refunds")


def upgrade() -> None:
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER hub_note AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW "
            f"WHEN (hub_listened('{table}')) EXECUTE FUNCTION hub_note()"
        )
