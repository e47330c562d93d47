"""A service's own PostgreSQL database: pool, transactions, bulk loading, migrations."""

from libs.database.bulk import columns_of, copy_rows
from libs.database.failures import is_infrastructure
from libs.database.pool import Connection, Database, Held

__all__ = ["Connection", "Database", "Held", "columns_of", "copy_rows", "is_infrastructure"]
