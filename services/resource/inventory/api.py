"""TMF639: numbers as logicalResource, cards as physicalResource, both as resource.

States change by orders alone: a PATCH edits what describes, a POST brings stock in, a DELETE takes out what nobody
ever touched. What has come free by itself is seen as free at once: every read begins with what is due.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace as another
from typing import Any

from libs.database import Connection
from libs.security.actor import Actor
from libs.security.bounds import bounds
from libs.security.roles import EVERYONE, SUPERVISOR, Roles
from libs.tmf import EVERYTHING, Condition, Hooks, Resource, crud_routes
from libs.web import codes
from libs.web.call import Answer, Call
from libs.web.errors import Code, Reason, Refusal
from libs.web.routes import Handler, Routes
from services.resource import errors, tables
from services.resource.inventory import changes, models, store
from services.resource.inventory.changes import Document, Fault, Faulty
from services.resource.inventory.loading import KEEPERS, id_of
from services.resource.inventory.rules import MSISDN, SIM, TYPES, Category

BASE = "/tmf-api/resourceInventoryManagement/v4"
TAG = "TMF639 Resource Inventory"
_OWN = {"state": "state", "kind": "kind", "area": "area", "network": "network", "class": "number_class"}
_CODES: dict[str, Code] = {
    code.name: code
    for code in (
        errors.CATEGORY_UNKNOWN,
        errors.BY_ORDER_ONLY,
        errors.NOT_CHANGEABLE,
        errors.ICCID_INVALID,
        errors.CHARACTERISTIC_MISSING,
        errors.AREA_NOT_HERE,
        codes.MISSING,
        codes.INVALID,
    )
}


def _visible(actor: Actor) -> Condition | None:
    """Stock is the node's; only an area ends anybody's view of it."""
    area = bounds(actor).area
    return None if area is None else Condition("area = {}", area)


def _declared(
    name: str, type: str, model: type[models.Resource], category: Category | None, own: dict[str, str]
) -> Resource:
    return Resource(
        name=name,
        type=type,
        base=BASE,
        table=tables.resources,
        model=model,
        columns={"id": "id", "category": "category", "name": "value", **own},
        characteristics=_OWN,
        scope=None if category is None else Condition("category = {}", category),
        required=() if category == MSISDN else ("name",),
        kept=changes.NOT_DESCRIBED,
        visible=_visible,
    )


RESOURCE = _declared("resource", "Resource", models.AnyResource, None, {})
LOGICAL = _declared("logicalResource", TYPES[MSISDN], models.LogicalResource, MSISDN, {"value": "value"})
PHYSICAL = _declared("physicalResource", TYPES[SIM], models.PhysicalResource, SIM, {"serialNumber": "value"})


def _refusal(faults: tuple[Fault, ...]) -> Refusal:
    return Refusal(*(Reason(_CODES[one.code], path=one.path, **dict(one.about)) for one in faults))


def _coming_in(category: Category | None) -> Callable[[Connection, Call[Any], Document], Awaitable[None]]:
    async def on_create(tx: Connection, call: Call[Any], document: Document) -> None:
        try:
            stock = changes.coming_in(call.runtime.settings.node, category, document)
        except Faulty as faulty:
            raise _refusal(faulty.faults) from None
        if bounds(call.actor).area not in (None, stock.area):
            raise Refusal(Reason(errors.NOT_YOURS, path="resourceCharacteristic", area=stock.area))
        stock = another(stock, id=id_of(stock.category, stock.value))
        if await store.is_known(tx, stock.id):
            raise Refusal(Reason(errors.RESOURCE_KNOWN, value=stock.value))
        described = {**document, "resourceCharacteristic": changes.theirs(document)}
        types = {name: document[name] for name in ("@type", "@baseType") if name in document}
        document.clear()
        document.update(stock.document(described) | types)

    return on_create


async def _edited(tx: Connection, call: Call[Any], document: Document, before: Document) -> None:
    try:
        document.update(changes.edited(document, before))
    except Faulty as faulty:
        raise _refusal(faulty.faults) from None


async def _taken_out(tx: Connection, call: Call[Any], document: Document) -> None:
    if not changes.deletable(document) or await store.is_referred_to(tx, document["name"]):
        state = changes.ours(document)["state"]
        raise Refusal(Reason(errors.RESOURCE_IN_USE, value=document["name"], state=state))


def _seen_free(handler: Handler) -> Handler:
    """The same, after what is due has come free."""

    async def handle(call: Call[Any]) -> Answer:
        await store.come_free(call.runtime.db, call.now)
        return await handler(call)

    return handle


def _routes(resource: Resource, category: Category | None, *, replace: bool = False) -> Routes:
    made = crud_routes(
        resource,
        allow_read=EVERYONE,
        allow_create=KEEPERS,
        allow_change=Roles(SUPERVISOR),
        allow_delete=Roles(SUPERVISOR),
        hooks=Hooks(on_create=_coming_in(category), on_change=_edited, on_delete=_taken_out),
        offer=EVERYTHING | {"replace"} if replace else EVERYTHING,
        tag=TAG,
        errors=(*_CODES.values(), errors.NOT_YOURS, errors.RESOURCE_KNOWN, errors.RESOURCE_IN_USE),
    )
    for endpoint in made:
        endpoint.handler = _seen_free(endpoint.handler)
    return made


routes = (_routes(RESOURCE, None), _routes(LOGICAL, MSISDN, replace=True), _routes(PHYSICAL, SIM))
