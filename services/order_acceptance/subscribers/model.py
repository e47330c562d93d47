"""What `GET …/subscribers/{number}` answers."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from contracts.processes import SuspensionReason
from contracts.steps import Barring
from libs.money import Money


class Shown(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class Owner(Shown):
    """`name` is masked unless a purpose was given that the caller's role may have."""

    name: str | None = None
    kind: Literal["individual", "organization"] | None = None
    level: str | None = None


class OfferingRef(Shown):
    id: str
    name: str | None = None


class SuspensionShown(Shown):
    reason: SuspensionReason
    barring: Barring


class AccountShown(Shown):
    """What was true `at` that time, as accounting told it.

    `missing` is `accounting-not-answering` where it did not answer now: then this is the last copy, or nothing.
    """

    balance: Money | None = None
    arrears: Money | None = None
    at: AwareDatetime | None = None
    missing: Literal["accounting-not-answering"] | None = None


class ReasonShown(Shown):
    code: str
    reason: str


class Permitted(Shown):
    """A business that would be accepted now. `reasons`: of `suspend` and `resume`, those that may be named."""

    business: str
    presenter_required: bool
    reasons: list[SuspensionReason] = []


class Refused(Shown):
    """A business that would be refused now, and every reason."""

    business: str
    reasons: list[ReasonShown]


class Subscriber(Shown):
    """A subscriber as whoever is about to act for him sees him."""

    number: str
    home: str = Field(description="the node where the subscriber lives")
    status: str
    owner: Owner
    plan: OfferingRef
    option: list[OfferingRef]
    suspension: list[SuspensionShown]
    account: AccountShown
    permitted_business: list[Permitted]
    refused_business: list[Refused]
    at: AwareDatetime
    type: str = Field("Subscriber", alias="@type")
