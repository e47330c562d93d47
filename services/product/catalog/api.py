"""TMF620 catalog and category, over HTTP."""

from typing import Any

from libs.database import Connection
from libs.tmf import Document, Hooks, Resource, crud_routes
from libs.web.call import Call
from libs.web.errors import Reason, refuse
from services.product import errors, tables
from services.product.authority import READERS, WRITERS, check_existing, check_new
from services.product.catalog.model import Catalog, Category
from services.product.catalog.rules import closes_a_circle, kinds_of
from services.product.catalog.store import chain_of, has_offerings
from services.product.lifecycle.refusals import STATUS, against_beginning, against_change, against_deletion
from services.product.lifecycle.rules import FIRST
from services.product.limits import check_size
from services.product.parts import BASE, COLUMNS, TAG
from services.product.references import referred_by

CATEGORY = Resource(
    name="category",
    type="Category",
    base=BASE,
    table=tables.categories,
    model=Category,
    required=("name",),
    columns=COLUMNS | {"parentId": "parent"},
)

CATALOG = Resource(
    name="catalog",
    type="Catalog",
    base=BASE,
    table=tables.catalogs,
    model=Catalog,
    required=("name",),
    columns=COLUMNS,
)


async def begin_category(tx: Connection, call: Call[Any], document: Document) -> dict[str, Any]:
    """A category stands below one that exists; without one it is a root."""
    national = check_new(call)
    check_size(document)
    document.setdefault(STATUS, FIRST)
    document.setdefault("isRoot", "parentId" not in document)
    parent = document.get("parentId")
    known = await chain_of(tx, [parent] if parent else [])
    refuse([*_unknown_parent(parent, known), *against_beginning(document)])
    return {"national": national}


async def change_category(tx: Connection, call: Call[Any], after: Document, before: Document) -> None:
    """A category moves only where its offerings stay of the kind that they are."""
    id = before["id"]
    await check_existing(tx, call, CATEGORY, id)
    check_size(after)
    parent = after.get("parentId")
    reasons = []
    if parent != before.get("parentId"):
        known = await chain_of(tx, [id, *([parent] if parent else [])])
        reasons += _unknown_parent(parent, known)
        if parent and closes_a_circle(id, parent, known):
            reasons.append(Reason(errors.CLOSES_A_CIRCLE, path="parentId"))
        elif kinds_of([id], known) != kinds_of([id], {**known, id: parent}) and await has_offerings(tx, id):
            reasons.append(Reason(errors.CATEGORY_FILLED, path="parentId"))
    refuse([*reasons, *against_change(before, after)])


async def delete_category(tx: Connection, call: Call[Any], document: Document) -> None:
    """Only an unused draft can be removed."""
    await check_existing(tx, call, CATEGORY, document["id"])
    refuse(against_deletion(document, await referred_by(tx, "category", document["id"])))


async def begin_catalog(tx: Connection, call: Call[Any], document: Document) -> dict[str, Any]:
    """A catalogue lists categories that exist."""
    national = check_new(call)
    check_size(document)
    document.setdefault(STATUS, FIRST)
    refuse([*await _unknown_categories(tx, document), *against_beginning(document)])
    return {"national": national}


async def change_catalog(tx: Connection, call: Call[Any], after: Document, before: Document) -> None:
    """As a new one, and along its lifecycle."""
    await check_existing(tx, call, CATALOG, before["id"])
    check_size(after)
    refuse([*await _unknown_categories(tx, after), *against_change(before, after)])


async def delete_catalog(tx: Connection, call: Call[Any], document: Document) -> None:
    """Only a draft can be removed."""
    await check_existing(tx, call, CATALOG, document["id"])
    refuse(against_deletion(document, await referred_by(tx, "catalog", document["id"])))


def _unknown_parent(parent: str | None, known: Any) -> list[Reason]:
    if parent is None or parent in known:
        return []
    return [Reason(errors.CATEGORY_UNKNOWN, path="parentId", id=parent)]


async def _unknown_categories(tx: Connection, document: Document) -> list[Reason]:
    named = [one["id"] for one in document.get("category") or ()]
    known = await chain_of(tx, named)
    return [
        Reason(errors.CATEGORY_UNKNOWN, path=f"category[{i}].id", id=id)
        for i, id in enumerate(named)
        if id not in known
    ]


CATEGORY_ROUTES = crud_routes(
    CATEGORY,
    tag=TAG,
    allow_read=READERS,
    allow_write=WRITERS,
    hooks=Hooks(on_create=begin_category, on_change=change_category, on_delete=delete_category),
    errors=(
        *errors.ANY_RECORD,
        errors.CATEGORY_UNKNOWN,
        errors.CLOSES_A_CIRCLE,
        errors.CATEGORY_FILLED,
    ),
)

CATALOG_ROUTES = crud_routes(
    CATALOG,
    tag=TAG,
    allow_read=READERS,
    allow_write=WRITERS,
    hooks=Hooks(on_create=begin_catalog, on_change=change_catalog, on_delete=delete_catalog),
    errors=(*errors.ANY_RECORD, errors.CATEGORY_UNKNOWN),
)
