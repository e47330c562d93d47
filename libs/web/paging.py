"""Pages of a list: which one is asked for, and the headers that say where it stands."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from libs.web import codes
from libs.web.call import Call
from libs.web.documentation import QueryParameter
from libs.web.errors import Reason, Refusal

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
FARTHEST = 10_000_000
"""An offset beyond this is no page that somebody reads."""

OFFSET = QueryParameter(
    "offset", "How many to leave out at the start.", schema={"type": "integer", "minimum": 0, "default": 0}
)
LIMIT = QueryParameter(
    "limit",
    "How many to answer at most.",
    schema={"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE},
)
PAGING = (OFFSET, LIMIT)


@dataclass(frozen=True, slots=True)
class Page:
    """`limit` entries from `offset` on."""

    offset: int
    limit: int


def page_of(call: Call[Any], *, default: int = DEFAULT_SIZE, largest: int = LARGEST_SIZE) -> Page:
    """The page that the query asks for. Raises Refusal 400 for what is no number, or beyond the largest."""
    reasons: list[Reason] = []
    offset = _number(call, "offset", 0, FARTHEST, 0, reasons)
    limit = _number(call, "limit", 1, largest, default, reasons)
    if reasons:
        raise Refusal(*reasons)
    return Page(offset, limit)


def page_headers(call: Call[Any], page: Page, *, total: int, shown: int) -> dict[str, str]:
    """`X-Total-Count`, `X-Result-Count`, and `Link` with self, first, prev, next and last as they apply."""
    links = {"self": page.offset, "first": 0}
    if page.offset > 0:
        links["prev"] = max(0, page.offset - page.limit)
    if page.offset + shown < total and shown:
        links["next"] = page.offset + page.limit
    links["last"] = max(0, (total - 1) // page.limit * page.limit)
    kept = [(name, value) for name, value in call.query.multi_items() if name not in ("offset", "limit")]
    address = call.url(call.request_path)
    link = ", ".join(
        f'<{address}?{urlencode([*kept, ("offset", offset), ("limit", page.limit)])}>; rel="{relation}"'
        for relation, offset in links.items()
    )
    return {"X-Total-Count": str(total), "X-Result-Count": str(shown), "Link": link}


def _number(call: Call[Any], name: str, least: int, most: int, default: int, reasons: list[Reason]) -> int:
    given = call.query.getlist(name)
    if not given:
        return default
    if len(given) > 1:
        reasons.append(Reason(codes.REPEATED_PARAMETER, path=name, name=name))
        return default
    if not (given[0].isascii() and given[0].isdigit() and len(given[0]) <= 9 and int(given[0]) >= least):
        reasons.append(Reason(codes.INVALID, path=name, detail=f"{least}…{most}"))
        return default
    number = int(given[0])
    if number > most:
        reasons.append(Reason(codes.PAGE_TOO_LARGE, path=name, most=most))
    return number
