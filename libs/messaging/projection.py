"""Projections: copies of records that another service owns, kept from its events.

An event carries the whole record and its version. A newer version replaces the copy without waiting for gaps, an older
one is ignored; so it does not matter in what order, or how often, events come.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import ARRAY

from libs.database import Connection

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]

DOUBTED = "doubted"
"""A column of this name says that a rebuild has not heard of a row yet (`libs.rebuilding`)."""


class Projection:
    """A table of copies; its primary key is the record's, one column is the version.

    `FACTS = Projection(tables.CUSTOMER_FACTS, version="version")`. A record that its owner deleted keeps a row with a
    column that says so: a row that vanished would come back with the next late event. While a row is doubted, the
    version that it has is taken in once more, and confirms it.
    """

    def __init__(self, table: Table, *, version: str = "version") -> None:
        """Raises ValueError for a table without primary key or version, or with columns that are arrays."""
        columns = {column.name: column for column in table.columns if column.name != DOUBTED}
        self.key = tuple(column.name for column in table.primary_key.columns)
        if not self.key or version not in columns or version in self.key:
            raise ValueError(f"{table.name} needs a primary key, and {version!r} beside it")
        if arrays := [name for name, column in columns.items() if isinstance(column.type, ARRAY)]:
            raise ValueError(
                f"{table.name}: {', '.join(arrays)} cannot travel in an array of arrays; use jsonb"
            )
        self.columns = tuple(columns)
        self._version = version
        quoted = {name: _DIALECT.identifier_preparer.quote(name) for name in columns}
        key = ", ".join(quoted[name] for name in self.key)
        listed = ", ".join(quoted[name] for name in self.columns)
        arrays_sql = ", ".join(
            f"${i}::{column.type.compile(_DIALECT)}[]" for i, column in enumerate(columns.values(), 1)
        )
        replaced = ", ".join(
            f"{quoted[name]} = excluded.{quoted[name]}" for name in columns if name not in self.key
        )
        newer = f"copy.{quoted[version]} < excluded.{quoted[version]}"
        if DOUBTED in table.columns:
            replaced += f", {DOUBTED} = false"
            newer += f" OR copy.{DOUBTED} AND copy.{quoted[version]} = excluded.{quoted[version]}"
        name = _DIALECT.identifier_preparer.format_table(table)
        self._apply = (
            f"INSERT INTO {name} AS copy ({listed}) SELECT {listed} FROM unnest({arrays_sql}) AS row({listed}) "
            f"ORDER BY {key} ON CONFLICT ({key}) DO UPDATE SET {replaced} "
            f"WHERE {newer} RETURNING {key}"
        )

    async def apply(self, tx: Connection, records: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Take in whole records, a mapping of every column each; the keys of those that were taken.

        One statement for all, rows locked in the order of their keys. jsonb columns as JSON text. Raises KeyError for
        a record without one of the columns.
        """
        newest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
        for record in records:
            key = tuple(record[name] for name in self.key)
            known = newest.get(key)
            if known is None or known[self._version] < record[self._version]:
                newest[key] = record
        if not newest:
            return []
        arrays = ([record[name] for record in newest.values()] for name in self.columns)
        return [tuple(row) for row in await tx.fetch(self._apply, *arrays)]
