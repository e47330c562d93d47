"""Which job goes on, and how it is claimed: by its row, so that of several processes one works on it."""

from dataclasses import dataclass

import asyncpg
from pydantic_core import from_json

from libs.database import Connection
from libs.tmf import Document, Resource
from libs.tmf.condition import quoted


@dataclass(frozen=True, slots=True)
class Job:
    """A job in hand; `document` is ours to change."""

    id: str
    version: int
    document: Document
    row: asyncpg.Record


async def claim(tx: Connection, resource: Resource) -> Job | None:
    """The oldest job of this kind that has not ended and that nobody else has in hand."""
    row = await tx.fetchrow(
        f"SELECT *, document::text AS text FROM {quoted(resource.table.name)}"
        " WHERE status IN ('Not Started', 'Running') ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    return Job(row["id"], row["version"], from_json(row["text"]), row) if row else None
