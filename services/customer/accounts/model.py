"""The bodies of TMF666: accounts."""

from typing import Annotated, Literal

from pydantic import Field

from libs.money import Money
from libs.tmf.model import (
    ContactMedium,
    EntityRef,
    Id,
    Instant,
    Many,
    Name,
    NamedParty,
    Text,
    TimePeriod,
    TmfModel,
)

State = Literal["initialized", "active", "suspended", "closed"]


class RefOrValue(TmfModel):
    """A bill format or a presentation medium: a reference (`isRef`), or the thing itself."""

    id: Id | None = None
    href: Text | None = None
    description: Text | None = None
    isRef: bool
    name: Name
    referred_type: Name | None = Field(None, alias="@referredType")


class BillingCycle(RefOrValue):
    billingDateShift: int | None = None
    billingPeriod: Name | None = None
    chargeDateOffset: int | None = None
    creditDateOffset: int | None = None
    dateShift: int | None = None
    frequency: Name | None = None
    mailingDateOffset: int | None = None
    paymentDueDateOffset: int | None = None
    validFor: TimePeriod | None = None


class BillStructure(TmfModel):
    cycleSpecification: BillingCycle | None = None
    format: RefOrValue | None = None
    presentationMedia: Many[RefOrValue] | None = None


class Contact(TmfModel):
    """Who gets the bills."""

    contactName: Text | None = None
    contactType: Name
    partyRoleType: Name | None = None
    contactMedium: Many[ContactMedium] | None = None
    relatedParty: NamedParty | None = None
    validFor: TimePeriod


class Balance(TmfModel):
    """What an account owes or has; told by accounting, never by a body."""

    balanceType: Name
    amount: Money
    validFor: TimePeriod


class AccountRelationship(TmfModel):
    relationshipType: Name
    account: EntityRef | None = None
    validFor: TimePeriod


class PaymentPlan(TmfModel):
    numberOfPayments: int | None = None
    paymentFrequency: Name | None = None
    planType: Name | None = None
    priority: int | None = None
    status: Name | None = None
    paymentMethod: EntityRef | None = None
    totalAmount: Money | None = None
    validFor: TimePeriod | None = None


class TaxExemption(TmfModel):
    certificateNumber: Name | None = None
    issuingJurisdiction: Name
    reason: Text | None = None
    validFor: TimePeriod


class Account(TmfModel):
    """What every account has."""

    id: Id | None = None
    href: Text | None = None
    accountType: Name | None = None
    description: Text | None = None
    lastModified: Instant | None = None
    name: Name
    state: State | None = None
    accountBalance: Many[Balance] | None = None
    accountRelationship: Many[AccountRelationship] | None = None
    contact: Many[Contact] | None = None
    creditLimit: Money | None = None
    taxExemption: Many[TaxExemption] | None = None


class PayingAccount(Account):
    """An account that is billed and pays."""

    paymentStatus: Name | None = None
    billStructure: BillStructure | None = None
    defaultPaymentMethod: EntityRef | None = None
    financialAccount: EntityRef | None = None
    paymentPlan: Many[PaymentPlan] | None = None
    relatedParty: Annotated[Many[NamedParty], Field(min_length=1)]


class BillingAccount(PayingAccount):
    """Who pays: a related party with the role `customer`."""


class PartyAccount(PayingAccount):
    """An account of a party for whatever is neither a customer's subscription nor a settlement."""


class SettlementAccount(PayingAccount):
    """An account on which a partner is settled with: a dealer, another operator."""


class FinancialAccount(Account):
    """An account of the accounting system, to which the others lead."""

    relatedParty: Many[NamedParty] | None = None
