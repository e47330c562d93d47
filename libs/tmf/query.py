"""The query of a list or a record: filters, sort, page, fields."""

from dataclasses import dataclass
from typing import Any

from libs.security.purposes import unmasked
from libs.tmf import codes
from libs.tmf.attributes import fields_of
from libs.tmf.condition import quoted
from libs.tmf.filters import Filtering, filtering
from libs.tmf.leaves import Scalar, leaf_of
from libs.tmf.resource import Resource
from libs.web.call import Call
from libs.web.documentation import QueryParameter
from libs.web.errors import Reason, Refusal, refuse
from libs.web.paging import DEFAULT_SIZE, LARGEST_SIZE, Page, page_of

MOST_SORTS = 5
ALWAYS = frozenset({"id", "href", "@type"})
"""Attributes that `fields` never leaves out."""

FIELDS = QueryParameter(
    "fields", "First-level attributes to answer, separated by commas; `none`: only id, href and @type."
)
SORT = QueryParameter("sort", "Attributes to sort by, separated by commas; `-` before one: descending.")
PURPOSE = QueryParameter("purpose", "Why personal data is to be seen in full; audited.")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a list is asked for."""

    filtering: Filtering
    order: str
    page: Page
    fields: frozenset[str] | None
    full: bool
    """Personal data in full."""


def parse_query(
    resource: Resource, call: Call[Any], *, default: int = DEFAULT_SIZE, largest: int = LARGEST_SIZE
) -> ListQuery:
    """Everything in the query of a list; `default` and `largest` are sizes of a page.

    Raises Refusal 400 with what is not known or cannot be read, 403 for a purpose that is not the caller's.
    """
    full = sees_in_full(resource, call)
    given = call.query.multi_items()
    return ListQuery(
        filtering(resource, call, given, full=full),
        order_of(resource, ",".join(call.query.getlist("sort")), full=full),
        page_of(call, default=default, largest=largest),
        fields_asked(resource, call),
        full,
    )


def fields_asked(resource: Resource, call: Call[Any]) -> frozenset[str] | None:
    """The attributes that `fields` selects, with those that always stay; None for all.

    Raises Refusal 400 for what no representation of the resource has.
    """
    given = call.query.getlist("fields")
    if not given:
        return None
    names = [name.strip() for text in given for name in text.split(",") if name.strip()]
    if names == ["none"]:
        return ALWAYS
    known = fields_of(resource.model)
    refuse(
        Reason(codes.UNKNOWN_ATTRIBUTE, path="fields", name=name[:100])
        for name in names
        if name not in known and name not in ALWAYS and not name.startswith("@")
    )
    return ALWAYS.union(names)


def order_of(resource: Resource, sort: str, *, full: bool = False) -> str:
    """The ORDER BY of `-created,name`; ties are settled by id, what has no value comes last.

    Raises Refusal 400 for what is not known, may have several values, or is hidden from the caller.
    """
    names = [name.strip() for name in sort.split(",") if name.strip()] or resource.sort_default.split(",")
    reasons: list[Reason] = []
    parts: list[str] = []
    for name in dict.fromkeys(names):
        # A plus sign that was not escaped in the address is a blank, and gone.
        bare = name.lstrip("+-")
        key = _sort_key(resource, bare, full)
        if key is None or len(name) - len(bare) > 1 or len(parts) == MOST_SORTS:
            reasons.append(Reason(codes.UNKNOWN_SORT, path="sort", name=name[:100]))
            continue
        parts.append(f"{key[0]} {'DESC' if name.startswith('-') else 'ASC'}{' NULLS LAST' if key[1] else ''}")
    refuse(reasons)
    if not any(part.startswith('"id" ') for part in parts):
        parts.append('"id" DESC' if names[0].startswith("-") else '"id" ASC')
    return ", ".join(parts)


def _sort_key(resource: Resource, name: str, full: bool) -> tuple[str, bool] | None:
    """What sorts by this name, and whether a row may lack it."""
    if resource.is_personal(name) and not full:
        return None
    leaf = leaf_of(resource, name)
    if leaf is None:
        return (quoted("created"), False) if name == "created" else None
    key = leaf.sort_key
    return None if key is None else (key, leaf.nullable if isinstance(leaf, Scalar) else True)


def sees_in_full(resource: Resource, call: Call[Any]) -> bool:
    """Whether this caller gets personal data in full, by the purpose that the query names.

    Raises PurposeUnknown and PurposeRefused, which are answered 400 and 403, and Refusal 400 where there is none.
    """
    given = call.query.getlist("purpose")
    if not given:
        return resource.mask is None
    if resource.mask is None:
        raise Refusal(Reason(codes.UNKNOWN_FILTER, path="purpose", name="purpose"))
    return unmasked(call.actor, given[0] if len(given) == 1 else ",".join(given))
