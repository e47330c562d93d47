"""What all messages have in common."""

from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

NodeCode = Annotated[str, Field(pattern=r"^[a-z]{2}$", description="`hq`, or a province by ISO 3166-2:CN")]
Identifier = Annotated[str, Field(min_length=1, max_length=64)]
Digits = Annotated[str, Field(pattern=r"^[0-9]{3,20}$", description="a number, in national digits")]
Text = Annotated[str, Field(max_length=4000)]
Instant = AwareDatetime


def _exact(value: object) -> object:
    return Decimal(repr(value)) if isinstance(value, float) else value


Yuan = Annotated[
    Decimal,
    # Before the validator, so that pydantic's core looks at them and not its Python: a third of the time.
    Field(max_digits=14, decimal_places=2, allow_inf_nan=False),
    BeforeValidator(_exact),
    PlainSerializer(str, return_type=str, when_used="json"),
]
"""Yuan to the fen; text in JSON, so that no reader rounds it."""


CONFIG = ConfigDict(
    extra="ignore",
    frozen=True,
    alias_generator=to_camel,
    validate_by_name=True,
    validate_by_alias=True,
    serialize_by_alias=True,
)
"""camelCase on the wire, as everything that integrators see."""


class Contract(BaseModel):
    """A message's value. Readers ignore what they do not know, so that a newer sender may add to it."""

    model_config = CONFIG
    ce_type: ClassVar[str]


class Part(BaseModel):
    """A piece of a message."""

    model_config = CONFIG


class Reason(Part):
    """Why something was refused: a stable code, the parameters of its text, and where in the order it arose."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
    path: str | None = None
    parameters: dict[str, str] = {}
    node: NodeCode | None = None
    task: str | None = None


class Acceptance(Part):
    """Who accepted a piece of work, where, and when: from the token, and carried by every record of it."""

    node: NodeCode
    issuer: Text
    actor: Text
    at: Instant
    channel: str | None = None
    hall: str | None = None
    dealer: str | None = None
    area: str | None = None

    @property
    def who(self) -> str:
        """Issuer and subject: a subject alone is somebody else's at another issuer."""
        return f"{self.issuer} {self.actor}"


Document = dict[str, Any]
"""A TM Forum representation as JSON."""

__all__ = [
    "Acceptance",
    "Contract",
    "Digits",
    "Document",
    "Identifier",
    "Instant",
    "NodeCode",
    "Part",
    "Reason",
    "Text",
    "Yuan",
]
