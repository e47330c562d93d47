"""Changes of resources are noted for whoever listens"""

from alembic import op

revision = "product_0002"
down_revision = "product_0001"
branch_labels = None
depends_on = "ground_0002"

_TABLES = ("catalogs", "categories", "specifications", "offerings", "prices")


def upgrade() -> None:
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER hub_note AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW "
            f"WHEN (hub_listened('{table}')) EXECUTE FUNCTION hub_note()"
        )
