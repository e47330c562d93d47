"""The base of every TM Forum representation, and the parts that many of them share.

Attributes keep TM Forum's own names; those that begin with @ have an alias. What a model does not declare is refused
(`unknown-attribute`), except names that begin with @: extending by `@type` and `@schemaLocation` is TM Forum's way.
Strings are bounded by 4,000 characters, arrays (`Many`) by 200 entries.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from libs.json_text import json_bytes
from libs.money import Money
from libs.tmf import codes

LONGEST_TEXT = 4_000
MOST_ENTRIES = 200
LONGEST_ATTACHMENT = 700_000

T = TypeVar("T")

Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Id = Annotated[str, Field(min_length=1, max_length=128)]
Many = Annotated[list[T], Field(max_length=MOST_ENTRIES)]
"""`Many[RelatedParty]`: an array of at most 200."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.]\d{1,6})?)?(Z|[+-]\d\d:?\d\d)")
_ADDED = re.compile(r"@[A-Za-z][A-Za-z0-9]{0,63}")


def parse_instant(text: str) -> datetime:
    """The moment that `2026-11-24T08:00:00+08:00` names. Raises ValueError without an offset, or for another form."""
    if not _INSTANT.fullmatch(text):
        raise ValueError("expected a date and time with an offset, 2026-11-24T08:00:00+08:00")
    at = datetime.fromisoformat(text)
    try:
        at.astimezone(UTC)
    except OverflowError:
        raise ValueError("no such year") from None
    return at


def _instant(value: object) -> object:
    return parse_instant(value) if isinstance(value, str) else value


Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
"""A moment: ISO 8601 with an offset. The document keeps it as it was written."""


def _added_name(name: str) -> str:
    if not _ADDED.fullmatch(name):
        raise codes.UNKNOWN_ATTRIBUTE.wrong(name=name[:100])
    return name


def _bounded(value: Any) -> Any:
    size = (
        len(value)
        if isinstance(value, str)
        else len(json_bytes(value))
        if isinstance(value, dict | list)
        else 0
    )
    if size > LONGEST_TEXT:
        raise codes.TOO_LONG.wrong(most=LONGEST_TEXT)
    return value


Value = Annotated[Any, AfterValidator(_bounded)]
"""Any JSON of at most 4,000 characters."""


class TmfModel(BaseModel):
    """A representation, or a part of one."""

    model_config = ConfigDict(
        extra="allow", serialize_by_alias=True, str_max_length=LONGEST_TEXT, hide_input_in_errors=True
    )
    __pydantic_extra__: dict[Annotated[str, AfterValidator(_added_name)], Value] = Field(init=False)

    at_type: str | None = Field(None, alias="@type")
    at_base_type: str | None = Field(None, alias="@baseType")
    at_schema_location: str | None = Field(None, alias="@schemaLocation")


class EntityRef(TmfModel):
    """A reference to a record that may be another service's, kept as it was given."""

    id: Id
    href: Text | None = None
    name: Text | None = None
    role: Name | None = None
    version: Name | None = None
    referred_type: Name | None = Field(None, alias="@referredType")


class RelatedParty(TmfModel):
    """Who has to do with a record, and as what."""

    id: Id
    href: Text | None = None
    name: Text | None = None
    role: Name
    referred_type: Name = Field(alias="@referredType")


class NamedParty(RelatedParty):
    """As TMF651 and TMF666 want it."""

    name: Text


class TimePeriod(TmfModel):
    """From a moment to another; without an end, or a start, as long as there is time."""

    startDateTime: Instant | None = None
    endDateTime: Instant | None = None

    @model_validator(mode="after")
    def _forward(self) -> "TimePeriod":
        if self.startDateTime and self.endDateTime and self.endDateTime < self.startDateTime:
            raise ValueError("it ends before it starts")
        return self


class Characteristic(TmfModel):
    """A named value that no attribute exists for."""

    id: Id | None = None
    name: Name
    valueType: Name | None = None
    value: Value


class Note(TmfModel):
    """What somebody wrote about a record."""

    id: Id | None = None
    author: Name | None = None
    date: Instant | None = None
    text: Text


class Quantity(TmfModel):
    amount: float | None = None
    units: Name | None = None


class Duration(TmfModel):
    amount: int | None = None
    units: Name | None = None


class MediumCharacteristic(TmfModel):
    """Where a contact medium reaches; which of these are given depends on its type."""

    city: Text | None = None
    contactType: Name | None = None
    country: Name | None = None
    emailAddress: Text | None = None
    faxNumber: Name | None = None
    phoneNumber: Name | None = None
    postCode: Name | None = None
    socialNetworkId: Text | None = None
    stateOrProvince: Text | None = None
    street1: Text | None = None
    street2: Text | None = None


class ContactMedium(TmfModel):
    """A way to reach a party."""

    mediumType: Name | None = None
    preferred: bool | None = None
    characteristic: MediumCharacteristic | None = None
    validFor: TimePeriod | None = None


class Attachment(TmfModel):
    """A file that belongs to a record: its address, or its content in base64."""

    id: Id | None = None
    href: Text | None = None
    attachmentType: Name | None = None
    content: Annotated[str, Field(max_length=LONGEST_ATTACHMENT)] | None = None
    description: Text | None = None
    mimeType: Name | None = None
    name: Text | None = None
    url: Text | None = None
    size: Quantity | None = None
    validFor: TimePeriod | None = None
    referred_type: Name | None = Field(None, alias="@referredType")


class Price(TmfModel):
    """An amount with and without tax; `taxIncludedAmount` is what we decide on."""

    percentage: float | None = None
    taxRate: float | None = None
    dutyFreeAmount: Money | None = None
    taxIncludedAmount: Money | None = None
