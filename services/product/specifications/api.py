"""TMF620 productSpecification, over HTTP."""

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
from services.product.offerings.rules import network_faults
from services.product.parts import BASE, COLUMNS, TAG
from services.product.references import referred_by
from services.product.specifications.model import ProductSpecification

SPECIFICATION = Resource(
    name="productSpecification",
    type="ProductSpecification",
    base=BASE,
    table=tables.specifications,
    model=ProductSpecification,
    required=("name",),
    columns=COLUMNS | {"brand": "brand"},
    defaults={"isBundle": False},
)


async def begin(tx: Connection, call: Call[Any], document: Document) -> dict[str, Any]:
    """The networks of a specification are those that there are."""
    national = check_new(call)
    check_size(document)
    document.setdefault(STATUS, FIRST)
    refuse([*network_faults(document, "productSpecCharacteristic"), *against_beginning(document)])
    return {"national": national}


async def change(tx: Connection, call: Call[Any], after: Document, before: Document) -> None:
    """As a new one, and along its lifecycle; its offerings are told again where this changes what they are for."""
    id = before["id"]
    await check_existing(tx, call, SPECIFICATION, id)
    check_size(after)
    refuse([*network_faults(after, "productSpecCharacteristic"), *against_change(before, after)])
    await tell_again(
        tx, call.runtime, {"productSpecification": {"id": id}}, call.now, changed={id: Made(after, after)}
    )


async def delete(tx: Connection, call: Call[Any], document: Document) -> None:
    """Only an unused draft can be removed."""
    await check_existing(tx, call, SPECIFICATION, document["id"])
    refuse(against_deletion(document, await referred_by(tx, "specification", document["id"])))


ROUTES = crud_routes(
    SPECIFICATION,
    tag=TAG,
    allow_read=READERS,
    allow_write=WRITERS,
    hooks=Hooks(on_create=begin, on_change=change, on_delete=delete),
    errors=(*errors.ANY_RECORD, errors.NETWORK_UNKNOWN),
)
