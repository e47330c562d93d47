"""A projection that can be rebuilt: it knows whose records it copies, and can doubt them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, false, text
from sqlalchemy.dialects.postgresql import JSONB

from libs.database import Connection, Database
from libs.messaging.projection import DOUBTED, Projection


def copy_columns(name: str) -> tuple[Column[Any] | Index, ...]:
    """The columns of a table of copies, for `Table(name, METADATA, *copy_columns(name), …)`; it adds its own."""
    return (
        Column("id", Text, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("deleted", Boolean, nullable=False),
        Column("record", JSONB, nullable=False),
        Column(
            DOUBTED,
            Boolean,
            nullable=False,
            server_default=false(),
            comment="not confirmed yet, in a rebuild",
        ),
        Index(f"{name}_{DOUBTED}", "id", postgresql_where=text(DOUBTED)),
    )


class Copy(NamedTuple):
    """A row that is doubted."""

    id: str
    version: int
    deleted: bool


class Copies(Projection):
    """Copies of the records of one kind that another service owns.

    The owner tells of them in events of `model` (`id`, `version`), and answers for one at
    `/api/<owner>/v1/facts/<kind>/<id>`; `row` makes the columns of an event.
    """

    def __init__(
        self,
        table: Table,
        *,
        owner: str,
        kind: str,
        model: type[BaseModel],
        row: Callable[[Any], Mapping[str, Any]],
    ) -> None:
        """Raises ValueError for a table that is not made of `copy_columns`."""
        super().__init__(table)
        if self.key != ("id",) or not {"deleted", "record", DOUBTED} <= set(table.columns.keys()):
            raise ValueError(f"{table.name} is not made of copy_columns()")
        self.name = table.name
        self.owner = owner
        self.kind = kind
        self.model = model
        self.facts = f"/api/{owner}/v1/facts/{kind}/"
        """Where the owner answers for one of them, by its id."""
        self._row = row
        self._doubt = (
            f"WITH page AS (SELECT id FROM {table.name} WHERE id > $1 ORDER BY id LIMIT $2 FOR UPDATE), "
            f"done AS (UPDATE {table.name} c SET {DOUBTED} = true FROM page WHERE c.id = page.id) "
            "SELECT max(id), count(*) FROM page"
        )
        self._doubted = f"SELECT id, version, deleted FROM {table.name} WHERE {DOUBTED} ORDER BY id LIMIT $1"
        still = f"c.id = d.id AND c.version = d.version AND c.{DOUBTED}"
        given = "unnest($1::text[], $2::bigint[]) AS d(id, version)"
        self._forget = f"DELETE FROM {table.name} c USING {given} WHERE {still}"
        self._bury = (
            f"UPDATE {table.name} c SET deleted = true, {DOUBTED} = false, "
            f"""record = c.record || '{{"deleted": true}}' FROM {given} WHERE {still}"""
        )

    async def keep(self, tx: Connection, records: Sequence[BaseModel]) -> None:
        """Take in what the owner told: newer versions replace, older ones are ignored."""
        await self.apply(tx, [self._row(record) for record in records])

    async def doubt(self, tx: Connection, after: str, limit: int) -> tuple[str | None, int]:
        """Doubt so many copies from `after` on; the last of them, and how many there were."""
        row = await tx.fetchrow(self._doubt, after, limit)
        assert row is not None, "aggregates answer one row"
        return row[0], row[1]

    async def doubted(self, db: Database, limit: int) -> list[Copy]:
        return [Copy(*row) for row in await db.fetch(self._doubted, limit)]

    async def settle(self, tx: Connection, found: Mapping[Copy, BaseModel | None]) -> None:
        """What the owner said of doubted copies, None where it has no such record; its word replaces each.

        A copy that an event changed since it was read is left as the event says.
        """
        for statement, copies in (
            (self._forget, [copy for copy, record in found.items() if record is not None]),
            (self._bury, [copy for copy, record in found.items() if record is None]),
        ):
            await tx.execute(statement, [one.id for one in copies], [one.version for one in copies])
        await self.keep(tx, [record for record in found.values() if record is not None])

    async def count(self, db: Database) -> int:
        """How many records it has copies of, deleted ones left out."""
        found: int = await db.fetchval(f"SELECT count(*) FROM {self.name} WHERE NOT deleted")
        return found
