"""The entries of the blacklist and the redlist."""

from datetime import UTC
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from libs.tmf.model import Instant
from services.customer.identity.rules import LONGEST, IdentificationType
from services.customer.lists.rules import Period


class CustomerRef(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=64)]


class ValidFor(BaseModel):
    """When an entry counts; without an end, or a start, as long as there is time. Its end no longer belongs to it."""

    model_config = ConfigDict(extra="forbid")

    startDateTime: Instant | None = None
    endDateTime: Instant | None = None

    @model_validator(mode="after")
    def _forward(self) -> "ValidFor":
        if self.startDateTime and self.endDateTime and self.endDateTime <= self.startDateTime:
            raise ValueError("expected an end that is after the start")
        return self

    def period(self) -> Period:
        """As it is kept, and shown from then on: in UTC."""
        start, end = self.startDateTime, self.endDateTime
        return Period(start.astimezone(UTC) if start else None, end.astimezone(UTC) if end else None)


class ListEntryCreate(BaseModel):
    """Either a customer, or an identity document, whoever has it or will have it; why, and since when until when."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    customer: CustomerRef | None = None
    identificationType: IdentificationType | None = None
    identificationId: Annotated[str, Field(min_length=1, max_length=LONGEST)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=400)]
    validFor: ValidFor | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> "ListEntryCreate":
        document = (self.identificationType is None, self.identificationId is None)
        if document not in ((True, True), (False, False)) or (self.customer is None) == document[0]:
            raise ValueError("expected a customer, or identificationType and identificationId")
        return self


class ListEntry(BaseModel):
    """An entry; the identification id is masked."""

    id: str
    href: str
    customer: CustomerRef | None = None
    identificationType: IdentificationType | None = None
    identificationId: str | None = None
    reason: str
    validFor: ValidFor | None = None
    national: bool = Field(
        description="headquarters': it counts in every province, and is changed there only"
    )
    created: AwareDatetime
    createdBy: str
