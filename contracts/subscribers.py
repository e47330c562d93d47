"""Looking at a subscriber of another province before acting; on the interface `customer-data`, keyed by the number.

Asking node → `<node>.uplink.customer-data` → router → `<home>.downlink.customer-data`, and the answer back the same
way. Both are worth nothing after the deadline, a few seconds after the asking: nobody waits any more.
"""

from typing import Literal

from pydantic import Field

from contracts.base import Acceptance, Contract, Digits, Identifier, Instant, NodeCode, Part, Reason, Yuan
from contracts.processes import SuspensionReason
from contracts.steps import Barring

Found = Literal["told", "not-mine", "number-unknown", "number-not-ours", "home-not-answering"]
"""`told`: the view is there. `not-mine`: home has no such subscriber, and the router asks on. The others are the
router's, of a number that is nobody's, another operator's, or at home where nobody has been heard for a minute."""


class SubscriberAsked(Contract):
    """A node wants to know of a number what its home would answer at its own counter. Home keeps who asked."""

    ce_type = "unicrm.subscriber.asked.v1"

    id: Identifier
    origin: NodeCode
    number: Digits
    asked_by: Acceptance = Field(description="who asks, where and when: from the token")
    purpose: str | None = Field(
        None, max_length=64, description="why the owner's name is wanted in full; judged where it was asked"
    )
    deadline: Instant = Field(description="when whoever asks stops waiting")
    home: NodeCode | None = Field(None, description="who is asked; set by the router")
    hops: int = Field(0, ge=0, le=9)


class OwnerSeen(Part):
    name: str | None = Field(None, description="masked; in full it travels in `sealed`")
    kind: Literal["individual", "organization"] | None = None
    level: str | None = None


class OfferingSeen(Part):
    id: Identifier
    name: str | None = None


class SuspensionSeen(Part):
    reason: SuspensionReason
    barring: Barring


class BalanceSeen(Part):
    """What the account has or owes, as accounting told it, and when that was true."""

    balance: Yuan | None = Field(None, description="negative: owed to us; nothing: it was never told")
    at: Instant | None = None
    missing: str | None = Field(None, description="why it was not told now: `accounting-not-answering`")


class BusinessPermitted(Part):
    """A business that home would do now."""

    business: str = Field(max_length=64)
    presenter: bool = Field(description="whether the owner has to stand at the counter")
    reasons: list[SuspensionReason] = Field(
        [], description="of `suspend` and `resume`: those that may be named"
    )


class BusinessRefused(Part):
    """A business that home would refuse now, with every reason."""

    business: str = Field(max_length=64)
    reasons: list[Reason]


class SubscriberView(Part):
    """What home shows of a subscriber before anybody acts."""

    status: str
    owner: OwnerSeen
    plan: OfferingSeen
    options: list[OfferingSeen] = []
    suspensions: list[SuspensionSeen] = []
    balance: BalanceSeen = Field(default_factory=BalanceSeen)
    permitted: list[BusinessPermitted] = []
    refused: list[BusinessRefused] = []


class SubscriberTold(Contract):
    """The answer of home, or of the router where there is none."""

    ce_type = "unicrm.subscriber.told.v1"

    id: Identifier
    origin: NodeCode
    home: NodeCode | None = Field(None, description="who answers; nobody where the router does")
    number: Digits
    found: Found
    view: SubscriberView | None = None
    sealed: str | None = Field(None, max_length=20_000, description="JWE: the owner's name in full")
    deadline: Instant
    at: Instant
