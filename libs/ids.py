"""Identifiers: UUID version 7, as strings, so that they sort by the moment they were made."""

from uuid_utils import uuid7


def new_id() -> str:
    """A new identifier, unique across nodes, in the canonical 36-character form."""
    return str(uuid7())
