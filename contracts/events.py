"""Events of a node: the whole record after each change, on `<node>.<service>.events`, keyed by the record.

A newer version replaces a copy without waiting for gaps; an older one is ignored.
"""

from typing import Literal

from pydantic import Field

from contracts.base import Contract, Digits, Document, Identifier, Instant, Part, Reason, Yuan

CustomerKind = Literal["individual", "organization"]
PriceType = Literal["oneTime", "recurring", "usage", "deposit"]


class Price(Part):
    """One price of an offering, in yuan, tax included."""

    id: Identifier
    name: str
    price_type: PriceType
    amount: Yuan
    period: Literal["month", "year"] | None = None
    unit: str | None = None


class OfferingChanged(Contract):
    """An offering as it may be ordered at this node, its prices in force included."""

    ce_type = "unicrm.product.offering-changed.v1"

    id: Identifier
    version: int = Field(ge=1)
    deleted: bool = False
    name: str
    kind: Literal["plan", "option", "business-fee", "bundle", "line"]
    business: str | None = Field(None, description="of a business fee: the business it pays for")
    lifecycle_status: str
    networks: list[str] = []
    relies_on: list[Identifier] = Field(
        [], description="of an option: the plans it may be added to; empty: any"
    )
    customer_kinds: list[CustomerKind] = Field([], description="whom it may be sold to; empty: everybody")
    channels: list[str] = Field([], description="through whom it is sold; empty: through all")
    areas: list[str] = Field([], description="the telephone area codes where it is sold; empty: everywhere")
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    national: bool = True
    prices: list[Price] = []
    national_prices: list[Price] | None = Field(
        None, description="headquarters' own, where this node asks others within their bounds"
    )
    record: Document
    at: Instant


class CustomerChanged(Contract):
    """A customer with what decides whether business may be done for them."""

    ce_type = "unicrm.customer.customer-changed.v1"

    id: Identifier
    version: int = Field(ge=1)
    deleted: bool = False
    kind: CustomerKind
    name: str | None = Field(None, description="of an organization; a person's is personal, and stays inside")
    status: str
    party: Identifier
    masked_name: str | None = Field(
        None, description="of anybody, as those may see it who may not see it whole"
    )
    identity_digests: list[str] = Field(
        [], description="keyed digests of the identity documents of the party"
    )
    agent_digests: list[str] = Field(
        [], description="of an organization: of its registered agents' documents"
    )
    blacklisted: bool = False
    redlisted: bool = False
    level: str | None = None
    area: str | None = None
    account_manager: str | None = None
    dealer: str | None = None
    at: Instant


class BillingAccountChanged(Contract):
    """A billing account: who pays."""

    ce_type = "unicrm.customer.billing-account-changed.v1"

    id: Identifier
    version: int = Field(ge=1)
    deleted: bool = False
    customer: Identifier
    state: str
    area: str | None = None
    at: Instant


class IdentityChecked(Contract):
    """Somebody stood at a counter and showed a document; good for one order of the same actor."""

    ce_type = "unicrm.customer.identity-checked.v1"

    id: Identifier
    version: int = 1
    actor: str = Field(description="issuer and subject of the token that made the check, joined by a blank")
    method: str
    identity_digest: str
    name_digest: str
    sealed: str = Field(description="JWE for this node: `{identificationType, identificationId, name}`")
    valid_until: Instant
    at: Instant


class CardWritingChanged(Contract):
    """A card of an order that is to be written, or was. Version 1: to be written; 2: written, and confirmed."""

    ce_type = "unicrm.resource.card-writing-changed.v1"

    id: Identifier
    version: int = Field(ge=1)
    order: Identifier
    iccid: str
    written: bool
    at: Instant


class OrderStateChanged(Contract):
    """An order, after it changed state."""

    ce_type = "unicrm.order-acceptance.order-state-changed.v1"

    id: Identifier
    version: int = Field(ge=1)
    category: str
    state: str
    customer: Identifier | None = None
    number: Digits | None = None
    failure: list[Reason] = []
    at: Instant


class SubscriptionChanged(Contract):
    """An installed subscription or option of this node."""

    ce_type = "unicrm.order-acceptance.subscription-changed.v1"

    id: Identifier
    version: int = Field(ge=1)
    number: Digits
    status: str
    customer: Identifier
    billing_account: Identifier
    offering: Identifier
    record: Document
    at: Instant


class PaymentStatusChanged(Contract):
    """A payment, after it changed status."""

    ce_type = "unicrm.order-acceptance.payment-status-changed.v1"

    id: Identifier
    version: int = Field(ge=1)
    status: str
    account: str
    amount: Yuan
    order: Identifier | None = None
    at: Instant
