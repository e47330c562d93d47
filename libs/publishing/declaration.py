"""What a service declares of a publication."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel

from libs.database import Connection


class Page(NamedTuple):
    """Records behind one number, in the order of theirs; `upto` is None where these are all there are."""

    records: Sequence[Any]
    upto: int | None


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
    message: Callable[[int, int, int, Sequence[Any], datetime], BaseModel]
    """(after, upto, newest, records, now) → the message that carries them."""
    statement: Callable[[str, int, Sequence[Any], datetime], BaseModel]
    """(node, position, conflicts, now) → the message in which a province says how far its copy goes."""
