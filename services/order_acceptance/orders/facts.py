"""What this node knows when an order is judged, in the shapes that the rules read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked, OfferingChanged
from contracts.processes import SuspensionReason
from contracts.steps import Barring


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    account: str
    status: str
    amount: Decimal
    bound_to: str | None
    taken_by: str | None = None
    dealer: str | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class CheckFacts:
    check: IdentityChecked
    used_by: str | None


@dataclass(frozen=True, slots=True)
class FormerOrder:
    """An order of this node that a new one names because its card broke."""

    id: str
    business: str
    state: str
    number: str | None
    iccid: str | None
    """Of the card that it gives to be written; None where there is none, or none yet."""
    written: bool
    """Whether that card was written, as far as this node has heard."""
    replaced_by: str | None
    """The order that has replaced that card without fee, or is about to."""


@dataclass(frozen=True, slots=True)
class Suspension:
    """One of the reasons for which a subscription is barred, and how far."""

    reason: SuspensionReason
    barring: Barring


@dataclass(frozen=True, slots=True)
class InstalledOption:
    """An option of a subscription that is not terminated."""

    product: str
    offering: str


@dataclass(frozen=True, slots=True)
class Installed:
    """A subscription that lives at this node and is not terminated."""

    subscription: str
    number: str
    status: str
    customer: str
    billing_account: str
    offering: str
    iccid: str
    imsi: str
    area: str
    options: tuple[InstalledOption, ...] = ()
    suspensions: tuple[Suspension, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one query found; what is not in a mapping is not known here."""

    offerings: Mapping[str, OfferingChanged] = field(default_factory=dict)
    """Those that are asked for, and those that the subscription has."""
    fees: tuple[OfferingChanged, ...] = ()
    """Offerings of category `business-fees` for the business asked."""
    customer: CustomerChanged | None = None
    """The customer that the order names, or the owner of the subscription."""
    account: BillingAccountChanged | None = None
    checks: Mapping[str, CheckFacts] = field(default_factory=dict)
    payments: Mapping[str, PaymentFacts] = field(default_factory=dict)
    installed: Installed | None = None
    former: FormerOrder | None = None
    """The order whose card broke, where one is named that may be seen."""
