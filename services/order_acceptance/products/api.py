"""TMF637 product: read by all, described by a few, changed by orders only."""

from typing import Any

from pydantic import ValidationError

from libs.database import Connection
from libs.ids import new_id
from libs.security.roles import EVERYONE, HALL_CLERK, MIGRATION, SUPERVISOR, Roles
from libs.tmf.crud import crud_routes
from libs.tmf.handlers import Hooks
from libs.tmf.resource import Document
from libs.web import codes
from libs.web.body import reasons_of
from libs.web.call import Call
from libs.web.errors import Reason, Refusal, refuse
from services.order_acceptance import errors
from services.order_acceptance.products.model import ProductMigrated
from services.order_acceptance.products.resource import PRODUCT
from services.order_acceptance.products.store import number_held, was_suspended

DESCRIBES = frozenset({"description", "name", "isCustomerVisible", "place"})


async def brought_over(tx: Connection, call: Call[Any], document: Document) -> dict[str, Any]:
    """A subscription of a former system: the columns that its representation must fill."""
    try:
        ProductMigrated.model_validate(document)
    except ValidationError as error:
        raise Refusal(*reasons_of(error, document)) from None
    owners = [one["id"] for one in document["relatedParty"] if one["role"] == "customer"]
    if len(owners) != 1:
        raise Refusal(Reason(codes.MISSING, path="relatedParty"))
    number = document["productSerialNumber"]
    held = await number_held(tx, number)
    if held == "in-use":
        raise Refusal(Reason(errors.NUMBER_IN_USE, path="productSerialNumber", number=number))
    if held == "busy":
        raise Refusal(Reason(errors.SUBSCRIPTION_BUSY, path="productSerialNumber"))
    cards = [
        one
        for one in document.get("realizingResource") or []
        if one.get("@referredType") == "PhysicalResource"
    ]
    document["id"] = new_id()
    if document["status"] == "suspended":
        # Nobody knows any more why: with one reason it can be lifted.
        await was_suspended(tx, document["id"], call.actor.subject, call.now)
    return {
        "kind": "subscription",
        "customer": owners[0],
        "iccid": cards[0]["id"] if cards else None,
        "area": call.actor.area,
        "opened_by": call.actor.subject,
    }


async def only_what_describes(tx: Connection, call: Call[Any], document: Document, before: Document) -> None:
    """What a product is, and to whom it belongs, only an order changes."""
    changed = {name for name in {*document, *before} if document.get(name) != before.get(name)}
    refuse(Reason(errors.BY_ORDER_ONLY, path=name) for name in sorted(changed - DESCRIBES))


async def never_deleted(tx: Connection, call: Call[Any], document: Document) -> None:
    raise Refusal(Reason(errors.BY_ORDER_ONLY))


routes = crud_routes(
    PRODUCT,
    allow_read=EVERYONE,
    allow_create=Roles(MIGRATION),
    allow_change=Roles(HALL_CLERK, SUPERVISOR),
    allow_delete=Roles(SUPERVISOR, MIGRATION),
    hooks=Hooks(on_create=brought_over, on_change=only_what_describes, on_delete=never_deleted),
    tag="TMF637 Product Inventory",
    errors=(errors.BY_ORDER_ONLY, errors.NUMBER_IN_USE, errors.SUBSCRIPTION_BUSY),
)
