"""Many rows at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from libs.database.pool import Connection


async def copy_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """Load rows with COPY, the fastest way in; the number loaded. Nothing is loaded when one row is refused."""
    status = await connection.copy_records_to_table(table, columns=list(columns), records=rows)
    return int(status.removeprefix("COPY "))


def columns_of(rows: Sequence[Mapping[str, Any]], *names: str) -> list[list[Any]]:
    """The rows turned into one array for each named column, as `unnest($1::text[], $2::…)` wants them."""
    return [[row[name] for row in rows] for name in names]
