"""TMF620 productOffering, over HTTP."""

from typing import Any

from libs.database import Connection
from libs.tmf import Document, Hooks, Resource, crud_routes
from libs.web.call import Call
from libs.web.errors import Reason, refuse
from services.product import errors, tables
from services.product.authority import READERS, WRITERS, check_existing, check_new
from services.product.catalog.rules import Kind
from services.product.facts.store import tell, tell_deleted
from services.product.lifecycle.refusals import STATUS, against_beginning, against_change, against_deletion
from services.product.lifecycle.rules import DRAFT, FIRST, SOLD
from services.product.limits import check_size
from services.product.offerings.model import ProductOffering
from services.product.offerings.rules import faults_of, kind_of, lacking, named_by
from services.product.offerings.store import fee_is_launched, know
from services.product.overlay.laying import lay_over
from services.product.overlay.rules import OFFERINGS
from services.product.parts import BASE, COLUMNS, TAG
from services.product.references import referred_by

OFFERING = Resource(
    name="productOffering",
    type="ProductOffering",
    base=BASE,
    table=tables.offerings,
    model=ProductOffering,
    required=("name",),
    columns=COLUMNS,
    defaults={"isBundle": False, "isSellable": True},
    event=tell,
)


async def begin(tx: Connection, call: Call[Any], document: Document) -> dict[str, Any]:
    """Everything that it refers to exists, and what is sold has a kind."""
    national = check_new(call)
    check_size(document)
    document.setdefault(STATUS, FIRST)
    known = await know(tx, named_by(document))
    kind = kind_of(document, known.parents)
    refuse([*faults_of("", document, known), *against_beginning(document, lacking(document, kind))])
    return {"national": national, **await decided(tx, "", document, kind)}


async def change(tx: Connection, call: Call[Any], after: Document, before: Document) -> dict[str, Any]:
    """As a new one, and along its lifecycle; in a province headquarters' within its bounds.

    What was once offered stays of its kind.
    """
    id = before["id"]
    check_size(after)
    laid = await lay_over(tx, call, OFFERING, OFFERINGS, after, before)
    if laid is not None:
        return laid.columns
    await check_existing(tx, call, OFFERING, id)
    known = await know(tx, named_by(after))
    kind = kind_of(after, known.parents)
    faults = faults_of(id, after, known)
    if not faults and before[STATUS] not in DRAFT:
        faults += await _another_kind(tx, id, kind)
    refuse([*faults, *against_change(before, after, lacking(after, kind))])
    return await decided(tx, id, after, kind)


async def delete(tx: Connection, call: Call[Any], document: Document) -> None:
    """Only a draft to which nothing refers can be removed; whoever has heard of it hears that it is gone."""
    id = document["id"]
    await check_existing(tx, call, OFFERING, id)
    refuse(against_deletion(document, await referred_by(tx, "offering", id)))
    await tell_deleted(tx, call.runtime, id, call.now)


async def decided(tx: Connection, id: str, document: Document, kind: Kind | None) -> dict[str, Any]:
    """The columns that follow from an offering and its kind. Raises Refusal 409 for a second fee of one business."""
    business = document["name"] if kind == "business-fee" else None
    if business and document[STATUS] == SOLD and await fee_is_launched(tx, business, id):
        refuse([Reason(errors.FEE_ALREADY_OFFERED, path=STATUS, business=business)])
    return {"kind": kind, "business": business}


async def _another_kind(tx: Connection, id: str, kind: Kind | None) -> list[Reason]:
    before = await tx.fetchval("SELECT kind FROM offerings WHERE id = $1", id)
    if before in (None, kind):
        return []
    return [Reason(errors.KIND_FIXED, path="category", before=before, after=kind or "–")]


ROUTES = crud_routes(
    OFFERING,
    tag=TAG,
    allow_read=READERS,
    allow_write=WRITERS,
    hooks=Hooks(on_create=begin, on_change=change, on_delete=delete),
    errors=(
        *errors.ANY_RECORD,
        errors.SPECIFICATION_UNKNOWN,
        errors.CATEGORY_UNKNOWN,
        errors.PRICE_UNKNOWN,
        errors.OFFERING_UNKNOWN,
        errors.REFERS_TO_ITSELF,
        errors.CATEGORY_KINDS_DIFFER,
        errors.BUSINESS_UNKNOWN,
        errors.NETWORK_UNKNOWN,
        errors.NOT_A_PLAN,
        errors.KIND_FIXED,
        errors.FEE_ALREADY_OFFERED,
        errors.OUTSIDE_BOUNDS,
    ),
)
