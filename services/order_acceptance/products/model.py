"""The body of TMF637: an installed product."""

from typing import Annotated, Literal

from pydantic import Field

from libs.tmf.model import Characteristic, EntityRef, Instant, Many, Name, RelatedParty, Text, TmfModel
from services.order_acceptance.orders.model import OrderPrice, Place

Status = Literal[
    "created",
    "pendingActive",
    "cancelled",
    "active",
    "pendingTerminate",
    "terminated",
    "suspended",
    "aborted",
]


class ProductPrice(OrderPrice):
    """What is paid for an installed product."""


class ProductTerm(TmfModel):
    name: Text | None = None
    description: Text | None = None


class OrderedBy(TmfModel):
    """The order item that made or changed a product."""

    productOrderId: Name | None = None
    productOrderHref: Text | None = None
    orderItemId: Name
    orderItemAction: Name | None = None
    role: Name | None = None


class Related(TmfModel):
    relationshipType: Name
    product: EntityRef


class Realizing(TmfModel):
    """A number or a card."""

    id: Name
    href: Text | None = None
    name: Text | None = None
    value: Text | None = None
    referred_type: Annotated[str | None, Field(alias="@referredType", max_length=64)] = None


class Product(TmfModel):
    """A subscription (top level, with a number) or an option that relies on one."""

    id: Name | None = None
    href: Text | None = None
    name: Text | None = None
    description: Text | None = None
    isBundle: bool | None = None
    isCustomerVisible: bool | None = None
    orderDate: Instant | None = None
    productSerialNumber: Annotated[str, Field(max_length=32)] | None = None
    startDate: Instant | None = None
    terminationDate: Instant | None = None
    status: Status | None = None
    agreement: Many[EntityRef] | None = None
    billingAccount: EntityRef | None = None
    place: Many[Place] | None = None
    productCharacteristic: Many[Characteristic] | None = None
    productOffering: EntityRef | None = None
    productOrderItem: Many[OrderedBy] | None = None
    productPrice: Many[ProductPrice] | None = None
    productRelationship: Many[Related] | None = None
    productSpecification: EntityRef | None = None
    productTerm: Many[ProductTerm] | None = None
    realizingResource: Many[Realizing] | None = None
    relatedParty: Many[RelatedParty] | None = None


class ProductMigrated(Product):
    """The body of `POST product`: a subscription brought over from a system that came before, by `migration`."""

    productSerialNumber: Annotated[str, Field(pattern=r"^[0-9]{7,12}$")]
    status: Literal["active", "suspended"]
    billingAccount: EntityRef
    productOffering: EntityRef
    relatedParty: Annotated[list[RelatedParty], Field(min_length=1, max_length=20)]
