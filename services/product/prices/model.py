"""TMF620 productOfferingPrice."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from contracts.events import PriceType
from libs.money import Amount, Money
from libs.tmf.model import EntityRef, Id, Many, Name, Quantity, Text, TimePeriod, TmfModel
from services.product.parts import CatalogRecord, CharacteristicUse, Relationship, Term

DEAREST = 1_000_000
"""Yuan. A price above this is a slip of the pen."""


class PriceAmount(Money):
    """Yuan with two decimals, tax included."""

    value: Annotated[Amount, Field(ge=0, le=DEAREST)]


class PriceRef(TmfModel):
    """A simple price that is part of a composite one."""

    id: Id | None = None
    href: Text | None = None
    name: Name | None = None


class Algorithm(TmfModel):
    id: Id | None = None
    href: Text | None = None
    name: Name | None = None
    description: Text | None = None
    plaSpecId: Name | None = None
    validFor: TimePeriod | None = None


class Tax(TmfModel):
    """A tax that is in the amount; `taxRate` in per cent."""

    id: Id | None = None
    href: Text | None = None
    taxCategory: Name | None = None
    taxRate: Annotated[float, Field(ge=0, le=100)] | None = None
    taxAmount: PriceAmount | None = None


class PriceBounds(TmfModel):
    """What a province may ask instead."""

    lowest: PriceAmount
    highest: PriceAmount

    @model_validator(mode="after")
    def _in_order(self) -> "PriceBounds":
        if self.lowest.value > self.highest.value:
            raise ValueError("expected lowest not above highest")
        return self


class ProductOfferingPrice(CatalogRecord):
    """What is asked for a product: once, every month or year, for use, or as a deposit."""

    priceType: PriceType | None = None
    price: PriceAmount | None = None
    priceBounds: PriceBounds | None = None
    percentage: Annotated[float, Field(ge=-100, le=100)] | None = None
    recurringChargePeriodType: Literal["month", "year"] | None = None
    recurringChargePeriodLength: Annotated[int, Field(ge=0, le=1)] | None = None
    unitOfMeasure: Quantity | None = None
    isBundle: bool | None = None
    bundledPopRelationship: Many[PriceRef] | None = None
    popRelationship: Many[Relationship] | None = None
    constraint: Many[EntityRef] | None = None
    place: Many[EntityRef] | None = None
    pricingLogicAlgorithm: Many[Algorithm] | None = None
    prodSpecCharValueUse: Many[CharacteristicUse] | None = None
    productOfferingTerm: Many[Term] | None = None
    tax: Many[Tax] | None = None
