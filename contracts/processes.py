"""What each business asks of the node that carries it out: the content of its work orders.

A content travels in a `Forward`; a home that does not know the process version answers `version-unknown`.
"""

from typing import Literal

from pydantic import Field

from contracts.base import Digits, Identifier, Instant, Part, Yuan
from contracts.steps import Barring, BrokenCard, CardKind, Charge, Network, OpenBranch

SuspensionReason = Literal["voluntary", "lost", "arrears", "regulatory"]


class Money(Part):
    """What the counter collected for the order, and what that leaves: fees first, the rest a prepayment."""

    collected: Yuan = Field("0.00", validate_default=True)
    fees: list[Charge] = []
    remainder: Yuan = Field("0.00", validate_default=True, description="becomes prepayment of the account")
    shortfall: list[Charge] = Field([], description="fees that no payment covered: charged to the account")


class SubscriptionFacts(Part):
    """What home knew of the subscription when it took the work in."""

    subscription: Identifier
    customer: Identifier
    billing_account: Identifier
    iccid: str
    imsi: str
    area: str


class OptionOrdered(Part):
    product: Identifier
    item: str
    offering: Identifier
    recurring: list[Charge] = []


class OpenAccount(Part):
    """`open-account` 1: a subscription with a number, a card, a plan and its options."""

    subscription: Identifier
    item: str
    number: Digits
    iccid: str
    reservation: Identifier | None = None
    customer: Identifier
    billing_account: Identifier
    opens_account: bool = Field(description="whether the account is made with this order")
    offering: Identifier
    networks: list[Network] = []
    recurring: list[Charge] = []
    options: list[OptionOrdered] = []
    area: str | None = None
    money: Money = Field(default_factory=Money)


class OpenMember(Part):
    """`open-group-member` 1: a subscription of a national group, opened in one province for headquarters.

    The province chooses the card, and the number where none is named; what it charges is its own.
    """

    subscription: Identifier
    item: str
    group: OpenBranch
    billing_account: Identifier
    offering: Identifier
    number: Digits | None = None
    options: list[OptionOrdered] = []
    fee_amount: Yuan = Field(
        description="what headquarters' door knew as due; more at home is `price-changed`"
    )
    recurring_amount: Yuan = Field(description="the same for what is due each month")
    networks: list[Network] = Field([], description="filled in at home, as what follows")
    recurring: list[Charge] = []
    money: Money = Field(default_factory=Money)


class ReplaceSim(Part):
    """`replace-sim` 1: the subscriber keeps the number and gets a new card."""

    number: Digits
    iccid: str
    reservation: Identifier | None = None
    kinds: list[CardKind] = Field(description="what the acceptance node may hand out for this number")
    fee_amount: Yuan | None = Field(None, description="what the door asked; more at home is `price-changed`")
    money: Money = Field(default_factory=Money)
    card_kind: CardKind | None = Field(None, description="of the card that the counter holds")
    broken: BrokenCard | None = Field(
        None, description="replaced without fee; home refuses where the number has another card by now"
    )
    home: SubscriptionFacts | None = Field(None, description="filled in where the subscription lives")


class Pay(Part):
    """`pay` 1: money for the account that pays for a number, or for an account of this node."""

    payment: Identifier
    amount: Yuan = Field(gt=0)
    number: Digits | None = None
    account: Identifier | None = Field(None, description="of this node; for a number, filled in at home")
    method: str = Field("cash", max_length=64)


class NamesOwner(Part):
    """What changes a subscription for a customer whom its order names."""

    customer: Identifier | None = Field(
        None, description="of a group order: home refuses it where the subscription is another's"
    )


class Suspend(NamesOwner):
    """`suspend` 1: one reason more for which the subscription is barred."""

    number: Digits
    reason: SuspensionReason
    barring: Barring = "all"
    money: Money = Field(default_factory=Money)
    home: SubscriptionFacts | None = None
    barred_before: Barring = Field("none", description="filled in at home")
    barred_after: Barring = Field("all", description="filled in at home: the severest of all reasons")


class Resume(NamesOwner):
    """`resume` 1: one reason less; the subscription is active when none is left."""

    number: Digits
    reason: SuspensionReason
    money: Money = Field(default_factory=Money)
    home: SubscriptionFacts | None = None
    barred_before: Barring = "all"
    barred_after: Barring = "none"


class ChangePlan(NamesOwner):
    """`change-plan` 1: another plan on the same number, now or from the next cycle on."""

    number: Digits
    offering: Identifier
    effective: Literal["now", "next-cycle"] = "now"
    money: Money = Field(default_factory=Money)
    home: SubscriptionFacts | None = None
    offerings_before: list[Identifier] = []
    offerings_after: list[Identifier] = []
    recurring: list[Charge] = []


class ChangeOptions(NamesOwner):
    """`subscribe` 1, `unsubscribe` 1: options of a subscription come or go."""

    number: Digits
    adds: list[OptionOrdered] = []
    removes: list[Identifier] = Field([], description="products (by id) or offerings of options")
    money: Money = Field(default_factory=Money)
    home: SubscriptionFacts | None = None
    offerings_before: list[Identifier] = []
    offerings_after: list[Identifier] = []
    recurring: list[Charge] = []


class Terminate(NamesOwner):
    """`terminate` 1: the subscription ends; its number cools for 90 days."""

    number: Digits
    money: Money = Field(default_factory=Money)
    home: SubscriptionFacts | None = None
    free_again: Instant | None = Field(None, description="filled in at home")


class Presented(Part):
    """Sealed on the way: who stood at the counter."""

    identification_type: str
    identification_id: str
    name: str
    agent_for_owner: bool = False
