"""What a file may hold, where it may lie, and what is said of a line that could not be taken in. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import NAMESPACE_DNS, uuid5

from services.product import errors

CONTENT_TYPE = "application/x-ndjson"
FILES = "/api/product/v1/files"
MOST_BYTES = 8 * 1024 * 1024
MOST_LINES = 20_000
LONGEST_LINE = 512 * 1024
LIVES = timedelta(hours=24)
"""A file of either kind, from when it was made."""
KEPT = timedelta(days=30)
"""A job that has ended."""
MOST_JOBS = 10
"""Of one kind that have not ended."""
MOST_FILES = 50
MOST_PASSES = 10
"""A line may refer to a later one: what is unknown in one pass is looked for in the next, as long as one helps."""
LONGEST_LOG = 60_000
LINES_TOLD = 200

_FROM_CONTENT = uuid5(NAMESPACE_DNS, "import.catalogue.unicrm")
_UNKNOWN = frozenset(
    code.name
    for code in (
        errors.SPECIFICATION_UNKNOWN,
        errors.CATEGORY_UNKNOWN,
        errors.PRICE_UNKNOWN,
        errors.OFFERING_UNKNOWN,
    )
)


class Fault(NamedTuple):
    """Why a line was not taken in."""

    code: str
    path: str
    text: str


def file_of(url: str, public_url: str) -> str | None:
    """The id of the file of this node that an address names; None for every other address: nothing is fetched."""
    start = f"{public_url}{FILES}/"
    id = url.removeprefix(start)
    return id if url.startswith(start) and id and "/" not in id and "?" not in id and "#" not in id else None


def collection_of(path: str, base: str, public_url: str) -> str:
    """The name of a collection by its address, its path, or itself: `…/productCatalogManagement/v4/category`."""
    return path.removeprefix(public_url).removeprefix(base).strip("/")


def lines_of(content: str) -> list[str]:
    """The lines that say something. Only the line feed ends a line: JSON may hold the other separators as they are."""
    return [line for line in (one.strip(" \t\r") for one in content.split("\n")) if line]


def id_from(line: str) -> str:
    """The id of a record that names none: from its content, so that the same line means the same record again."""
    return str(uuid5(_FROM_CONTENT, hashlib.sha256(line.encode()).hexdigest()))


def may_come_later(faults: Sequence[Fault]) -> bool:
    """Whether all that a line lacks are records that a later line may bring."""
    return all(fault.code in _UNKNOWN for fault in faults)


def error_log(faults: Iterable[tuple[int, Sequence[Fault]]], failed: int) -> str:
    """The lines that failed, each with its reasons; of many the first, within what an `errorLog` holds."""
    told: list[str] = []
    room = LONGEST_LOG - 100
    for number, reasons in faults:
        said = "; ".join(
            f"{one.code}{f' ({one.path})' if one.path else ''}: {one.text}"[:500] for one in reasons[:10]
        )
        line = f"line {number}: {said}"
        room -= len(line) + 1
        if room < 0 or len(told) == LINES_TOLD:
            break
        told.append(line)
    if failed > len(told):
        told.append(f"… {failed - len(told)} more")
    return "\n".join(told)
