"""Changes of resources are noted for whoever listens"""

from alembic import op

revision = "customer_0003"
down_revision = "customer_0002"
branch_labels = None
depends_on = "ground_0002"

_TABLES = ("individuals", "organizations", "customers", "billing_accounts")


def upgrade() -> None:
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER hub_note AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW "
            f"WHEN (hub_listened('{table}')) EXECUTE FUNCTION hub_note()"
        )
