"""The entries of the blacklist and the redlist."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.customer.identity.rules import LONGEST, IdentificationType


class CustomerRef(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=64)]


class ListEntryCreate(BaseModel):
    """Either a customer, or an identity document, whoever has it or will have it; and why."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    customer: CustomerRef | None = None
    identificationType: IdentificationType | None = None
    identificationId: Annotated[str, Field(min_length=1, max_length=LONGEST)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=400)]

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
    created: AwareDatetime
    createdBy: str
