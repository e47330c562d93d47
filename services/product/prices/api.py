"""TMF620 productOfferingPrice, over HTTP."""

from typing import Any

from libs.database import Connection
from libs.tmf import Document, Hooks, Resource, crud_routes
from libs.web.call import Call
from libs.web.errors import refuse
from services.product import errors, tables
from services.product.authority import READERS, WRITERS, check_existing, check_new
from services.product.facts.store import Made, tell_again
from services.product.lifecycle.refusals import STATUS, against_beginning, against_change, against_deletion
from services.product.lifecycle.rules import FIRST
from services.product.limits import check_size
from services.product.overlay.laying import lay_over
from services.product.overlay.rules import PRICES
from services.product.parts import BASE, COLUMNS, TAG
from services.product.prices.model import ProductOfferingPrice
from services.product.prices.rules import lacking
from services.product.references import referred_by

PRICE = Resource(
    name="productOfferingPrice",
    type="ProductOfferingPrice",
    base=BASE,
    table=tables.prices,
    model=ProductOfferingPrice,
    required=("name",),
    columns=COLUMNS | {"priceType": "price_type"},
    defaults={"isBundle": False},
)


async def begin(tx: Connection, call: Call[Any], document: Document) -> dict[str, Any]:
    """A draft may lack its amount; what is asked for may not."""
    national = check_new(call)
    check_size(document)
    document.setdefault(STATUS, FIRST)
    refuse(against_beginning(document, lacking(document)))
    return {"national": national}


async def change(tx: Connection, call: Call[Any], after: Document, before: Document) -> dict[str, Any]:
    """As a new one, and along its lifecycle; in a province headquarters' within its bounds.

    Every offering with this price is told again, in this transaction.
    """
    id = before["id"]
    check_size(after)
    laid = await lay_over(tx, call, PRICE, PRICES, after, before)
    if laid is None:
        await check_existing(tx, call, PRICE, id)
        refuse(against_change(before, after, lacking(after)))
    changed = {id: Made(after, laid.original if laid else after)}
    await tell_again(tx, call.runtime, {"productOfferingPrice": [{"id": id}]}, call.now, changed=changed)
    return laid.columns if laid else {}


async def delete(tx: Connection, call: Call[Any], document: Document) -> None:
    """Only an unused draft can be removed."""
    await check_existing(tx, call, PRICE, document["id"])
    refuse(against_deletion(document, await referred_by(tx, "price", document["id"])))


ROUTES = crud_routes(
    PRICE,
    tag=TAG,
    allow_read=READERS,
    allow_write=WRITERS,
    hooks=Hooks(on_create=begin, on_change=change, on_delete=delete),
    errors=(*errors.ANY_RECORD, errors.OUTSIDE_BOUNDS),
)
