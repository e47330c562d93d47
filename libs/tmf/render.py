"""How a stored record becomes an answer: its address, its type, what is hidden, what was asked for."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json

from libs.json_text import json_text
from libs.tmf.query import ListQuery
from libs.tmf.resource import Document, Resource
from libs.web.call import Answer, Call
from libs.web.editing import etag
from libs.web.paging import page_headers

_PLAIN = re.compile(r"[A-Za-z0-9._~:-]+")


class Row(NamedTuple):
    """A record as the database gives it: the document is its text."""

    id: str
    version: int
    document: str
    typed: bool
    """Whether the document names its @type itself."""


class Found(NamedTuple):
    """A page of records, and how many there are in all."""

    total: int
    rows: Sequence[Row]


def href_of(resource: Resource, call: Call[Any], id: str) -> str:
    """The absolute address of a record."""
    start = f"{call.runtime.settings.public_url}{resource.path}/"
    return start + id if _PLAIN.fullmatch(id) else call.url(f"{resource.path}/{id.replace('/', '%2F')}")


def render(
    resource: Resource, call: Call[Any], row: Row, *, full: bool, fields: frozenset[str] | None = None
) -> str:
    """One record as JSON. Where nothing is hidden and all is wanted, the database's own text passes through."""
    href = href_of(resource, call, row.id)
    if full and fields is None:
        named = "" if row.typed else f',"@type":"{resource.type}"'
        return f'{{"href":"{href}"{named},{row.document[1:]}'
    document: Document = from_json(row.document)
    return json_text(represent(resource, call, document, href=href, full=full, fields=fields))


def represent(
    resource: Resource,
    call: Call[Any],
    document: Document,
    *,
    href: str | None = None,
    full: bool,
    fields: frozenset[str] | None = None,
) -> Document:
    """A document, which becomes the answer's own, with its address and type; masked unless `full`, then selected."""
    shown = {"href": href or href_of(resource, call, document["id"]), "@type": resource.type} | document
    if not full and resource.mask is not None:
        shown = resource.mask(shown, call)
    return apply_fields(shown, fields)


def apply_fields(document: Document, fields: frozenset[str] | None) -> Document:
    """Only these first-level attributes; None keeps all."""
    if fields is None:
        return document
    return {name: value for name, value in document.items() if name in fields}


def answer_list(resource: Resource, call: Call[Any], query: ListQuery, found: Found) -> Answer:
    """The page with its counts and links."""
    parts = [render(resource, call, row, full=query.full, fields=query.fields) for row in found.rows]
    headers = page_headers(call, query.page, total=found.total, shown=len(parts))
    return Answer(200, f"[{','.join(parts)}]", headers)


def answer_one(
    resource: Resource, call: Call[Any], row: Row, *, full: bool, fields: frozenset[str] | None = None
) -> Answer:
    """The record, its version as ETag."""
    return Answer(200, render(resource, call, row, full=full, fields=fields), {"ETag": etag(row.version)})
