"""A national record in a province, and the overlay over it."""

from typing import Any, NamedTuple

from pydantic_core import from_json

from contracts.base import Document
from libs.database import Connection
from libs.json_text import json_text
from libs.tmf import Resource
from libs.tmf.condition import quoted


class Under(NamedTuple):
    """What lies under the document of a record."""

    national: bool
    original: Document | None
    """As headquarters has it, where an overlay lies over it."""


async def under(tx: Connection, resource: Resource, id: str) -> Under:
    row = await tx.fetchrow(
        f"SELECT national, original::text AS original FROM {quoted(resource.table.name)} WHERE id = $1", id
    )
    assert row is not None, "whoever changes a record has locked it"
    return Under(row["national"], from_json(row["original"]) if row["original"] else None)


def columns_of(original: Document, overlay: Document) -> dict[str, Any]:
    """The columns of a record under this overlay; nothing lies under an empty one."""
    if not overlay:
        return {"overlay": None, "original": None}
    return {"overlay": json_text(overlay), "original": json_text(original)}
