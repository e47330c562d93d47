"""Money: yuan, decimal, rounded once, at the place that decides an amount."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

FEN = Decimal("0.01")
LARGEST = Decimal("999999999999.99")


def yuan(amount: Decimal | int | str) -> Decimal:
    """The amount in yuan, to the fen, halves away from zero."""
    return Decimal(amount).quantize(FEN, rounding=ROUND_HALF_UP)


def _exact(value: object) -> object:
    # A JSON number reaches us as a float or an int; its shortest decimal form is what the sender wrote.
    if isinstance(value, bool):
        return value
    return Decimal(repr(value)) if isinstance(value, float | int) else value


Amount = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(ge=-LARGEST, le=LARGEST, decimal_places=2, allow_inf_nan=False),
    PlainSerializer(float, return_type=float, when_used="json"),
]
"""Yuan to the fen. In JSON a number; more than two decimal places are refused, not rounded."""


class Money(BaseModel):
    """TM Forum's Money, in the one currency that we keep."""

    model_config = ConfigDict(extra="forbid")

    unit: Literal["CNY"] = "CNY"
    value: Amount


class PositiveMoney(Money):
    """Money above nothing: what is paid, charged or given back."""

    value: Annotated[Amount, Field(gt=0)]
