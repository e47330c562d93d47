"""A service's own PostgreSQL database: pool, transactions, bulk loading, migrations."""

from libs.database.bulk import columns_of, copy_rows
from libs.database.pool import INFRASTRUCTURE, Connection, Database

__all__ = ["INFRASTRUCTURE", "Connection", "Database", "columns_of", "copy_rows"]
