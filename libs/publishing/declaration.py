"""What a service declares of a publication."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

from pydantic import BaseModel

from libs.database import Connection


class Page(NamedTuple):
    """Records behind one number, in the order of theirs; `upto` is None where these are all there are."""

    records: Sequence[Any]
    upto: int | None


PAGE_BYTES = 256 * 1024
"""A page ends with the record that reaches this, so that it stays below what a message may be."""


def page_of(records: Sequence[Any], most: int) -> Page:
    """Of records (each with its `number`, in the order of these) as many as one message takes, and at least one.

    `records` are all that there are, or `most` of them.
    """
    sizes = accumulate(len(record.model_dump_json().encode()) for record in records)
    count = next((count for count, size in enumerate(sizes, 1) if size >= PAGE_BYTES), most)
    taken = records[:count]
    return Page(taken, taken[-1].number if len(taken) == count else None)


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Records of headquarters that every province has copies of, and the messages in which they travel."""

    name: str
    """`catalogue`: in the databases, in messages, and the key of these."""
    changed: Callable[[Connection], Awaitable[bool]]
    """Whether there is anything to number: asked every second, and mostly in vain."""
    number: Callable[[Connection, int], Awaitable[int]]
    """(tx, the number before the first) → how many records were numbered: those that changed since they were last."""
    page: Callable[[Connection, int], Awaitable[Page]]
    """(tx, after) → what one message takes of the records with a higher number."""
    message: type[BaseModel]
    """Carries a page: `after`, `upto`, `newest`, `records`, `at`."""
    statement: type[BaseModel]
    """A province says how far its copy goes: `node`, `publication`, `position`, `conflicts`, `at`."""
