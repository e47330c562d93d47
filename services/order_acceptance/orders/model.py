"""The bodies of TMF622: what a front end may say in an order, and what an order looks like."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from libs.money import Money
from libs.tmf.model import Characteristic, EntityRef, Note, RelatedParty, TmfModel

Text = Annotated[str, Field(max_length=4000)]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Action = Literal["add", "modify", "delete", "noChange"]
OrderState = Literal[
    "acknowledged",
    "rejected",
    "pending",
    "held",
    "inProgress",
    "cancelled",
    "completed",
    "failed",
    "partial",
    "assessingCancellation",
    "pendingCancellation",
]


class Price(TmfModel):
    dutyFreeAmount: Money | None = None
    taxIncludedAmount: Money | None = None
    taxRate: float | None = None
    percentage: float | None = None


class OrderPrice(TmfModel):
    name: Text | None = None
    description: Text | None = None
    priceType: Literal["oneTime", "recurring", "usage", "deposit"] | None = None
    recurringChargePeriod: Short | None = None
    unitOfMeasure: Short | None = None
    price: Price | None = None
    productOfferingPrice: EntityRef | None = None
    billingAccount: EntityRef | None = None


class Place(TmfModel):
    id: Name
    role: Short
    name: Text | None = None
    href: Text | None = None
    referred_type: Annotated[str, Field(alias="@referredType", max_length=64)]


class ProductNamed(TmfModel):
    """A product, by the id it has at its home or by its number anywhere."""

    id: Name | None = None
    href: Text | None = None
    productSerialNumber: Annotated[str, Field(max_length=32)] | None = None
    referred_type: Annotated[str | None, Field(alias="@referredType", max_length=64)] = None


class ProductRelationship(TmfModel):
    relationshipType: Short
    product: ProductNamed


class ProductWanted(TmfModel):
    """The product as it shall be; what it shall not change is left out."""

    id: Name | None = None
    href: Text | None = None
    name: Text | None = None
    description: Text | None = None
    isBundle: bool | None = None
    isCustomerVisible: bool | None = None
    productSerialNumber: Annotated[str, Field(max_length=32)] | None = None
    status: Literal["active", "suspended", "terminated", "created", "pendingActive", "cancelled"] | None = (
        None
    )
    place: Annotated[list[Place], Field(max_length=20)] | None = None
    productCharacteristic: Annotated[list[Characteristic], Field(max_length=100)] | None = None
    productRelationship: Annotated[list[ProductRelationship], Field(max_length=100)] | None = None
    productOffering: EntityRef | None = None
    productSpecification: EntityRef | None = None
    relatedParty: Annotated[list[RelatedParty], Field(max_length=20)] | None = None
    billingAccount: EntityRef | None = None
    referred_type: Annotated[str | None, Field(alias="@referredType", max_length=64)] = None


class ItemRelationship(TmfModel):
    id: Name
    relationshipType: Short


class OrderItemWanted(TmfModel):
    """One product that is wanted, changed or given up."""

    id: Name
    action: Action
    quantity: Annotated[int, Field(ge=1, le=1000)] | None = None
    productOffering: EntityRef | None = None
    product: ProductWanted | None = None
    productOrderItemRelationship: Annotated[list[ItemRelationship], Field(max_length=20)] | None = None
    billingAccount: EntityRef | None = None
    itemPrice: Annotated[list[OrderPrice], Field(max_length=50)] | None = None
    payment: Annotated[list[EntityRef], Field(max_length=20)] | None = None


class OrderRelationship(TmfModel):
    """A former order that a new one names, as TMF622's later versions do: ours are of one kind."""

    id: Name
    href: Text | None = None
    relationshipType: Literal["replacesCardOf"]
    referred_type: Literal["ProductOrder"] | None = Field(None, alias="@referredType")


class OrderChannel(TmfModel):
    id: Name
    role: Short | None = None
    name: Text | None = None
    href: Text | None = None


class ProductOrderCreate(TmfModel):
    """The body of `POST productOrder`."""

    category: Short | None = None
    description: Text | None = None
    externalId: Short | None = None
    priority: Annotated[str, Field(pattern=r"^[0-4]$")] | None = None
    notificationContact: Short | None = None
    requestedStartDate: AwareDatetime | None = None
    requestedCompletionDate: AwareDatetime | None = None
    relatedParty: Annotated[list[RelatedParty], Field(max_length=20)] | None = None
    channel: Annotated[list[OrderChannel], Field(max_length=5)] | None = None
    note: Annotated[list[Note], Field(max_length=50)] | None = None
    payment: Annotated[list[EntityRef], Field(max_length=20)] | None = None
    billingAccount: EntityRef | None = None
    agreement: Annotated[list[EntityRef], Field(max_length=20)] | None = None
    policy: Literal["all-or-nothing", "best-effort"] | None = None
    orderRelationship: Annotated[list[OrderRelationship], Field(max_length=1)] | None = None
    productOrderItem: Annotated[list[OrderItemWanted], Field(min_length=1, max_length=200)]


class OrderItem(OrderItemWanted):
    state: OrderState
    itemTotalPrice: list[OrderPrice] | None = None


class Failure(TmfModel):
    """Why an order ended badly; ours, declared by `@type` and `@schemaLocation`."""

    code: str
    reason: str
    node: str | None = None
    task: str | None = None
    path: str | None = None


class Realized(TmfModel):
    """What a group has got of an item; ours. `product` is the subscription's id in its province."""

    item: str
    node: str
    product: str | None = None
    number: str | None = None


class ProductOrder(ProductOrderCreate):
    """An order as it is answered."""

    id: str
    href: str | None = None
    state: OrderState
    orderDate: AwareDatetime
    completionDate: AwareDatetime | None = None
    expectedCompletionDate: AwareDatetime | None = None
    orderTotalPrice: list[OrderPrice] | None = None
    productOrderItem: list[OrderItem]  # type: ignore[assignment]
    failure: list[Failure] | None = None
    realized: list[Realized] | None = None


class ProductOrderPatch(TmfModel):
    """What describes an order may be changed; what it does may not."""

    description: Text | None = None
    externalId: Short | None = None
    notificationContact: Short | None = None
    note: Annotated[list[Note], Field(max_length=50)] | None = None
