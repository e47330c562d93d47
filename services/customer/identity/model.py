"""The bodies of identity checks."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.customer.identity.rules import LONGEST, PersonalType

Method = Literal["id-reader", "face", "document-photo", "sms-code"]


class IdentityCheckCreate(BaseModel):
    """Somebody stands at the counter and shows a document. For an organization it is its agent, a person."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    identificationType: PersonalType
    identificationId: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    method: Method


class IdentityCheck(BaseModel):
    """A check, good for one accepted order of the same actor until `validUntil`."""

    id: str
    validUntil: AwareDatetime
