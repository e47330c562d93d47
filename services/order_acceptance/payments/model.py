"""The bodies of TMF676: money taken, and money given back."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from libs.money import Money, PositiveMoney
from libs.tmf.model import EntityRef, RelatedParty, TmfModel

Text = Annotated[str, Field(max_length=4000)]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Status = Literal["authorized", "done", "failed"]


class AccountRef(TmfModel):
    """`counter`, `tel:+86…`, or the id of a billing account of this node."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    href: Text | None = None
    name: Text | None = None
    description: Text | None = None
    referred_type: Annotated[str | None, Field(alias="@referredType", max_length=64)] = None


class PaymentMethod(TmfModel):
    """How it was paid; `@type` names the kind."""

    id: Short | None = None
    href: Text | None = None
    name: Text | None = None
    description: Text | None = None
    kind: Annotated[
        Literal[
            "cash",
            "bankCard",
            "digitalWallet",
            "bankAccountTransfer",
            "bankAccountDebit",
            "check",
            "voucher",
            "loyaltyAccount",
        ],
        Field(alias="@type"),
    ]
    referred_type: Annotated[str | None, Field(alias="@referredType", max_length=64)] = None


class PaymentItem(TmfModel):
    id: Short | None = None
    amount: Money | None = None
    taxAmount: Money | None = None
    totalAmount: Money | None = None
    item: EntityRef | None = None


class ChannelRef(TmfModel):
    id: Short
    href: Text | None = None
    name: Text | None = None


class PaymentCreate(TmfModel):
    """The body of `POST payment`."""

    account: AccountRef
    paymentMethod: PaymentMethod
    totalAmount: PositiveMoney
    amount: Money | None = None
    taxAmount: Money | None = None
    name: Text | None = None
    description: Text | None = None
    authorizationCode: Short | None = None
    correlatorId: Short | None = None
    channel: ChannelRef | None = None
    payer: RelatedParty | None = None
    paymentItem: Annotated[list[PaymentItem], Field(max_length=50)] | None = None


class Payment(PaymentCreate):
    """A payment as it is answered."""

    id: str
    href: str | None = None
    status: Status
    statusDate: AwareDatetime
    paymentDate: AwareDatetime


class RefundCreate(TmfModel):
    """The body of `POST refund`."""

    account: AccountRef
    paymentMethod: PaymentMethod
    totalAmount: PositiveMoney
    payment: EntityRef
    amount: Money | None = None
    taxAmount: Money | None = None
    name: Text | None = None
    description: Text | None = None
    authorizationCode: Short | None = None
    correlatorId: Short | None = None
    channel: ChannelRef | None = None
    requestor: RelatedParty | None = None
    refundDate: AwareDatetime | None = None


class Refund(RefundCreate):
    """A refund as it is answered."""

    id: str
    href: str | None = None
    status: Literal["done"]
    statusDate: AwareDatetime
    payment: EntityRef
