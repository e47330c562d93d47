"""A small service with two resources, declared as any other: gadgets, and the keepers who own them."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal

import sqlalchemy as sa
from pydantic import BaseModel

from libs.database import Connection
from libs.database.ground import ground_tables
from libs.security.masking import mask_phone
from libs.security.roles import AUDITOR, DEALER_CLERK, HALL_CLERK, SUPERVISOR, Roles
from libs.service import Service
from libs.tmf import (
    Changed,
    Condition,
    Document,
    Hooks,
    Resource,
    bounded,
    crud_routes,
    document_index,
    resource_columns,
)
from libs.tmf.hub.declaration import Hub, Told
from libs.tmf.hub.tables import watched
from libs.tmf.model import (
    Characteristic,
    ContactMedium,
    Id,
    Instant,
    Many,
    Name,
    Price,
    RelatedParty,
    Text,
    TimePeriod,
    TmfModel,
    Value,
)
from libs.web.call import Call
from libs.web.errors import Code, Reason, Refusal

BASE = "/tmf-api/gadgetManagement/v4"
IN_USE = Code("gadget-in-use", 409)

METADATA = sa.MetaData()
ground_tables(METADATA)
gadgets = sa.Table(
    "gadgets",
    METADATA,
    *resource_columns(),
    sa.Column("lifecycle_status", sa.Text),
    sa.Column("size", sa.BigInteger),
    sa.Column("valid_from", sa.DateTime(timezone=True)),
    sa.Column("state", sa.Text),
    sa.Column("dealer", sa.Text),
    sa.Column("area", sa.Text),
    document_index("gadgets"),
)
keepers = sa.Table("keepers", METADATA, *resource_columns())
watched(gadgets, keepers)


class Part(TmfModel):
    name: Name | None = None
    weight: float | None = None
    part: "Many[Part] | None" = None


class Gadget(TmfModel):
    id: Id | None = None
    href: Text | None = None
    name: Name | None = None
    description: Text | None = None
    lifecycleStatus: Literal["draft", "active", "retired"] | None = None
    size: int | None = None
    weight: float | None = None
    isBundle: bool | None = None
    lastUpdate: Instant | None = None
    releaseDate: date | None = None
    validFor: TimePeriod | None = None
    price: Price | None = None
    tag: Many[str] | None = None
    extra: Value | None = None
    relatedParty: Many[RelatedParty] | None = None
    part: Many[Part] | None = None
    resourceCharacteristic: Many[Characteristic] | None = None


class Keeper(TmfModel):
    id: Id | None = None
    href: Text | None = None
    name: Name | None = None
    contactMedium: Many[ContactMedium] | None = None


class GadgetChanged(BaseModel):
    """A gadget after each change."""

    ce_type: ClassVar[str] = "test.gadget-changed.v1"
    id: str
    version: int
    deleted: bool
    name: str
    at: datetime


async def tell(tx: Connection, changed: Changed) -> GadgetChanged | None:
    return GadgetChanged(
        id=changed.document["id"],
        version=changed.version,
        deleted=changed.deleted,
        name=changed.document["name"],
        at=changed.at,
    )


GADGET = Resource(
    name="gadget",
    type="Gadget",
    base=BASE,
    table=gadgets,
    model=Gadget,
    required=("name",),
    defaults={"lifecycleStatus": "draft"},
    columns={"lifecycleStatus": "lifecycle_status", "size": "size", "validFor.startDateTime": "valid_from"},
    characteristics={"colour": None, "state": "state"},
    searches={"nameLength": lambda call, value: Condition("length(document->>'name')::text = {}", value)},
    visible=bounded(dealer="dealer", area="area"),
    event=tell,
)


def hide(document: Document, call: Call[Any]) -> Document:
    for medium in document.get("contactMedium", []):
        reached = medium.get("characteristic", {})
        if "phoneNumber" in reached:
            reached["phoneNumber"] = mask_phone(reached["phoneNumber"])
    return document


KEEPER = Resource(
    name="keeper",
    type="Keeper",
    base=BASE,
    table=keepers,
    model=Keeper,
    required=("name",),
    mask=hide,
    personal=frozenset({"contactMedium.characteristic"}),
)


async def place_of(tx: Connection, call: Call[Any], document: Document) -> dict[str, Any]:
    """Whose the gadget is comes from the token."""
    return {"dealer": call.actor.dealer, "area": call.actor.area}


async def only_forward(tx: Connection, call: Call[Any], document: Document, before: Document) -> None:
    if before["lifecycleStatus"] == "retired":
        raise Refusal(Reason(IN_USE, path="lifecycleStatus"))


async def not_in_use(tx: Connection, call: Call[Any], document: Document) -> None:
    if document["lifecycleStatus"] == "active":
        raise Refusal(Reason(IN_USE))


VIEWED: list[tuple[str, list[str]]] = []


async def note_view(call: Call[Any], purpose: str, ids: Any) -> None:
    VIEWED.append((purpose, list(ids)))


READERS = Roles(HALL_CLERK, DEALER_CLERK, SUPERVISOR, AUDITOR)
WRITERS = Roles(HALL_CLERK, DEALER_CLERK, SUPERVISOR)

HUB = Hub(
    base=BASE,
    tag="Gadgets",
    told=(
        Told(
            resource=GADGET,
            readers=READERS,
            states=("lifecycleStatus",),
            follows=frozenset({"releaseDate"}),
        ),
        Told(resource=KEEPER, readers=Roles(HALL_CLERK, SUPERVISOR), events=("CreateEvent", "DeleteEvent")),
    ),
)

GADGETS = Service(
    name="gadget-store",
    package="gadget_store",
    title="Gadgets",
    tables=METADATA,
    hubs=(HUB,),
    routes=(
        crud_routes(
            GADGET,
            allow_read=READERS,
            allow_write=WRITERS,
            hooks=Hooks(on_create=place_of, on_change=only_forward, on_delete=not_in_use),
            errors=(IN_USE,),
        ),
        crud_routes(KEEPER, allow_read=READERS, allow_write=WRITERS, hooks=Hooks(on_full_view=note_view)),
    ),
)
