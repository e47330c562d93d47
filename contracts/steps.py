"""What each task takes and gives back, by the task's name.

`STEPS` is the list that executors and the process engine share: a task that is not in it does not exist.
An undo takes the input of its do, and gives nothing back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pydantic import Field

from contracts.base import Digits, Identifier, Instant, NodeCode, Part, Yuan

CardKind = Literal["personalised", "blank", "esim"]
Network = Literal["gsm", "cdma", "lte", "nr"]
Barring = Literal["none", "outgoing", "all"]
"""What a suspended subscriber may not do: nothing is barred, calling, or everything."""


class Nothing(Part):
    """No output."""


# ── resource ────────────────────────────────────────────────────────────────────────────────────────────────


class ReserveNumber(Part):
    """`resource`: hold a number for this order. Refusals: `number-not-available`, `network-mismatch`."""

    number: Digits
    reservation: Identifier | None = None
    networks: list[Network] = Field([], description="those of the plan; empty: any")


class NumberHeld(Part):
    id: Identifier
    number: Digits
    area: str
    network: Network
    number_class: str


class BrokenCard(Part):
    """A card that broke before it was written: the order that gave it, of the same acceptance node, and its ICCID."""

    order: Identifier
    iccid: str


class ReserveCard(Part):
    """`resource`: hold a card for this order.

    Refusals: `card-not-available`, `card-kind-not-allowed`, `network-mismatch`, `card-already-written`.
    """

    iccid: str = Field(pattern=r"^[0-9A-Fa-f]{18,20}$")
    reservation: Identifier | None = None
    kinds: list[CardKind] = Field(description="what the business may use here")
    networks: list[Network] = []
    broken: BrokenCard | None = Field(
        None, description="which this one replaces without fee: refused where it was written after all"
    )


class CardHeld(Part):
    id: Identifier
    iccid: str
    kind: CardKind


class PickNumber(Part):
    """`resource`, at home: hold a number of this node's choice, an ordinary one, or the one that is named.

    Refusals: `number-not-available`, `network-mismatch`.
    """

    number: Digits | None = None
    networks: list[Network] = []
    area: str | None = Field(None, description="only of this local network")


class PickCard(Part):
    """`resource`, at home: hold a card of this node's choice, of the first of these kinds that is in stock.

    Refusals: `card-not-available`.
    """

    kinds: list[CardKind] = Field(min_length=1)
    networks: list[Network] = []
    area: str | None = None


class AllocateProfile(Part):
    """`resource`, at home: the IMSI and ki that the card will carry: a personalised card's own, else one of the pool.

    Refusals: `profile-not-available`, `card-not-available`.
    """

    number: Digits
    iccid: str
    kind: CardKind
    seal_for: NodeCode | None = Field(
        None, description="whose key the write data is sealed for, where the card is not personalised"
    )


class ProfileAllocated(Part):
    """The ki leaves the resource service only sealed: for production, and for the node that writes the card."""

    profile: Identifier
    imsi: str
    sealed_for_production: str
    sealed_for_writer: str | None = None


class BindNumber(Part):
    """`resource`, after the point of no return: the number is in use."""

    number: Digits
    subscription: Identifier


class BindCard(Part):
    """`resource`, after the point of no return: the card is bound, and can be written."""

    iccid: str
    number: Digits
    write_data: str | None = Field(None, description="JWE for this node: what the card writer needs")


class CoolNumber(Part):
    """`resource`, after the point of no return: the number of a terminated subscription rests, then is free again."""

    number: Digits
    subscription: Identifier
    until: Instant


class RetireCard(Part):
    """`resource`, after the point of no return: card and profile of a terminated subscription are retired."""

    number: Digits
    iccid: str
    imsi: str


class BindProfile(Part):
    """`resource`, at home, after the point of no return: the profile is in use and the former one is retired."""

    profile: Identifier
    number: Digits
    replaces_imsi: str | None = None
    replaces_card: str | None = Field(None, description="ICCID; retired, where this node knows the card")


# ── customer ────────────────────────────────────────────────────────────────────────────────────────────────


class OpenBillingAccount(Part):
    """`customer`: an account for an owner who named none. The id is the order's, so that a repetition finds it."""

    account: Identifier
    customer: Identifier
    area: str | None = None


class AccountOpened(Part):
    account: Identifier


class OpenBranch(Part):
    """`customer`, at home: the province's branch of a national group, under headquarters' id.

    A copy of the snapshot: an older one than is there changes nothing. Refusals: `customer-taken`, where the id is that
    of a customer of the province's own.
    """

    customer: Identifier
    version: int = Field(ge=1)
    party: Identifier
    name: str
    status: str
    identity_digests: list[str] = []
    agent_digests: list[str] = []
    level: str | None = None
    area: str | None = None


class BranchOpened(Part):
    customer: Identifier


# ── production ──────────────────────────────────────────────────────────────────────────────────────────────


class ActivateSubscriber(Part):
    """`production` (provisioning): the subscriber exists in the network. Refusals: `provisioning-failed`."""

    number: Digits
    imsi: str
    profile: str = Field(description="JWE for production: IMSI and ki")
    networks: list[Network] = []
    services: list[str] = []


class SwapCard(Part):
    """`production` (provisioning): the number answers to another IMSI.

    Refusals: `provisioning-failed`, `imsi-differs`.
    """

    number: Digits
    imsi: str
    profile: str
    replaces_imsi: str


class Charge(Part):
    name: str
    amount: Yuan


class StartBilling(Part):
    """`production` (billing): rate and bill this subscription from now on."""

    subscription: Identifier
    number: Digits
    account: Identifier
    customer: Identifier
    offerings: list[Identifier]
    recurring: list[Charge] = []


class PostPayment(Part):
    """`production` (accounting): money to an account. Refusals: `account-unknown`, `accounting-refused`."""

    reference: Identifier = Field(description="the payment, or the order whose payments leave a remainder")
    account: Identifier
    number: Digits | None = None
    amount: Yuan = Field(gt=0)
    kind: Literal["payment", "prepayment"] = "payment"


class SetBarring(Part):
    """`production` (provisioning): what the subscriber may not do from now on; undone by what was before."""

    number: Digits
    barring: Barring
    before: Barring


class ChangeServices(Part):
    """`production` (provisioning): the network gives these offerings' services instead of those before."""

    number: Digits
    services: list[Identifier]
    before: list[Identifier]


class ChangeBilling(Part):
    """`production` (billing): these offerings are billed instead of those before. Refusals: `not-billed`."""

    subscription: Identifier
    number: Digits
    offerings: list[Identifier]
    before: list[Identifier]
    recurring: list[Charge] = []


class AskBalance(Part):
    """`production` (accounting): the balance of an account, asked and not changed; it has no undo."""

    account: Identifier
    number: Digits | None = None


class BalanceTold(Part):
    balance: Yuan = Field(description="negative: owed to us")


class EndBilling(Part):
    """`production` (billing): nothing is billed for this subscription any more; undone, it is billed as before."""

    subscription: Identifier
    number: Digits


class RemoveSubscriber(Part):
    """`production` (provisioning): the network forgets the number; undone, it answers to the same card again."""

    number: Digits
    imsi: str


class PaymentPosted(Part):
    balance: Yuan


class ChargeFees(Part):
    """`production` (accounting): fees that no payment covered, charged to the account."""

    reference: Identifier
    account: Identifier
    number: Digits | None = None
    charges: list[Charge]


@dataclass(frozen=True, slots=True)
class StepContract:
    executor: str
    takes: type[Part]
    gives: type[Part]
    undo: str | None = None


STEPS: Mapping[str, StepContract] = MappingProxyType(
    {
        "reserve-number": StepContract("resource", ReserveNumber, NumberHeld, "release-number"),
        "reserve-card": StepContract("resource", ReserveCard, CardHeld, "release-card"),
        "pick-number": StepContract("resource", PickNumber, NumberHeld, "release-picked-number"),
        "pick-card": StepContract("resource", PickCard, CardHeld, "release-picked-card"),
        "open-branch": StepContract("customer", OpenBranch, BranchOpened),
        "allocate-profile": StepContract("resource", AllocateProfile, ProfileAllocated, "release-profile"),
        "bind-number": StepContract("resource", BindNumber, Nothing),
        "bind-card": StepContract("resource", BindCard, Nothing),
        "bind-profile": StepContract("resource", BindProfile, Nothing),
        "open-billing-account": StepContract(
            "customer", OpenBillingAccount, AccountOpened, "close-billing-account"
        ),
        "activate-subscriber": StepContract(
            "production", ActivateSubscriber, Nothing, "deactivate-subscriber"
        ),
        "swap-card": StepContract("production", SwapCard, Nothing, "swap-card-back"),
        "start-billing": StepContract("production", StartBilling, Nothing, "stop-billing"),
        "cool-number": StepContract("resource", CoolNumber, Nothing),
        "retire-card": StepContract("resource", RetireCard, Nothing),
        "set-barring": StepContract("production", SetBarring, Nothing, "set-barring-back"),
        "change-services": StepContract("production", ChangeServices, Nothing, "change-services-back"),
        "change-billing": StepContract("production", ChangeBilling, Nothing, "change-billing-back"),
        "ask-balance": StepContract("production", AskBalance, BalanceTold),
        "end-billing": StepContract("production", EndBilling, Nothing, "take-up-billing"),
        "remove-subscriber": StepContract("production", RemoveSubscriber, Nothing, "restore-subscriber"),
        "post-payment": StepContract("production", PostPayment, PaymentPosted, "reverse-payment"),
        "charge-fees": StepContract("production", ChargeFees, PaymentPosted, "refund-fees"),
    }
)
PRODUCTION_SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        "activate-subscriber": "provisioning",
        "swap-card": "provisioning",
        "set-barring": "provisioning",
        "change-services": "provisioning",
        "remove-subscriber": "provisioning",
        "start-billing": "billing",
        "change-billing": "billing",
        "end-billing": "billing",
        "ask-balance": "accounting",
        "post-payment": "accounting",
        "charge-fees": "accounting",
    }
)
"""Which production system carries out a production task (and its undo)."""
