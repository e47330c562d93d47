"""The body of TMF629: customer."""

from typing import Literal

from pydantic import Field

from libs.tmf.model import (
    Characteristic,
    ContactMedium,
    EntityRef,
    Id,
    Instant,
    Many,
    Name,
    RelatedParty,
    Text,
    TimePeriod,
    TmfModel,
)
from services.customer.customers.rules import CustomerStatus


class EngagedParty(TmfModel):
    """The individual or organization of this node that the customer is."""

    id: Id
    href: Text | None = None
    name: Text | None = None
    role: Name | None = None
    referred_type: Literal["Individual", "Organization"] = Field(alias="@referredType")


class CreditProfile(TmfModel):
    creditProfileDate: Instant
    creditRiskRating: int | None = None
    creditScore: int | None = None
    validFor: TimePeriod


class NamedRef(TmfModel):
    id: Id | None = None
    href: Text | None = None
    description: Text | None = None
    name: Text
    referred_type: Name | None = Field(None, alias="@referredType")


class Customer(TmfModel):
    """Who owns and signs. The characteristics `area`, `level`, `accountManager` and `dealer` decide in whose care."""

    id: Id | None = None
    href: Text | None = None
    name: Name
    status: CustomerStatus | None = None
    statusReason: Text | None = None
    account: Many[NamedRef] | None = None
    agreement: Many[EntityRef] | None = None
    characteristic: Many[Characteristic] | None = None
    contactMedium: Many[ContactMedium] | None = None
    creditProfile: Many[CreditProfile] | None = None
    engagedParty: EngagedParty
    paymentMethod: Many[EntityRef] | None = None
    relatedParty: Many[RelatedParty] | None = None
    validFor: TimePeriod | None = None
