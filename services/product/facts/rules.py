"""From the documents of the catalogue to what others need to know of an offering. Pure: documents in, facts out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from contracts.base import Document
from contracts.events import CustomerKind, OfferingChanged, Price
from libs.money import yuan
from services.product.catalog.rules import Kind
from services.product.lifecycle.rules import IN_USE, valid_at

NETWORKS = ("gsm", "cdma", "lte", "nr")
NETWORK = "network"
RELIES_ON = "reliesOn"
GROUP_CUSTOMERS = "group-customers"
CUSTOMER_KINDS: Mapping[str, CustomerKind] = MappingProxyType(
    {"individual-customers": "individual", GROUP_CUSTOMERS: "organization"}
)
"""The market segments that decide who may have an offering, by id; others only describe."""
PRICE_TYPES = ("oneTime", "recurring", "usage", "deposit")


@dataclass(frozen=True, slots=True)
class Resolved:
    """An offering with everything that its facts are made of."""

    id: str
    document: Document
    national: bool
    kind: Kind
    specification: Document | None = None
    prices: tuple[Document, ...] = ()
    """The prices that it names, in its order."""
    national_prices: tuple[Document, ...] = ()
    """The same as headquarters has them, where a province asks others."""


def facts_of(offering: Resolved, version: int, now: datetime, *, deleted: bool = False) -> OfferingChanged:
    """What this offering is to whoever takes an order for it at `now`."""
    document = offering.document
    start, end = period(document)
    asked, nationally = (
        [price_of(price) for price in prices if in_force(price, now)]
        for prices in (offering.prices, offering.national_prices)
    )
    return OfferingChanged(
        id=offering.id,
        version=version,
        deleted=deleted,
        name=document["name"],
        kind=offering.kind,
        business=document["name"] if offering.kind == "business-fee" else None,
        lifecycle_status=document["lifecycleStatus"],
        networks=networks_of(document, offering.specification),
        relies_on=sorted(relied_on(document)) if offering.kind == "option" else [],
        customer_kinds=customer_kinds(document),
        channels=[one["id"] for one in document.get("channel") or () if one.get("id")],
        areas=areas_of(document),
        valid_from=start,
        valid_until=end,
        national=offering.national,
        prices=asked,
        national_prices=nationally if offering.national_prices and nationally != asked else None,
        record=document,
        at=now,
    )


def differs(before: Mapping[str, Any] | None, after: OfferingChanged) -> bool:
    """Whether facts say anything that those told before (as JSON) do not; version and moment say nothing."""
    if before is None:
        return True
    fresh = after.model_dump(mode="json", by_alias=True)
    silent = {"version", "at"}
    return {k: v for k, v in before.items() if k not in silent} != {
        k: v for k, v in fresh.items() if k not in silent
    }


def next_change(prices: Iterable[Document], now: datetime) -> datetime | None:
    """The next moment at which one of the prices comes into force or ends; None where time changes nothing."""
    moments = [
        moment for price in prices if sellable(price) for moment in period(price) if moment is not None
    ]
    return min((moment for moment in moments if moment > now), default=None)


def networks_of(offering: Document, specification: Document | None) -> list[str]:
    """The networks that the offering names, else those of its specification; none named means any."""
    for characteristics in (
        offering.get("prodSpecCharValueUse"),
        (specification or {}).get("productSpecCharacteristic"),
    ):
        named = set(values_of(characteristics, NETWORK))
        if named:
            return [network for network in NETWORKS if network in named]
    return []


def values_of(characteristics: Sequence[Document] | None, name: str) -> Iterator[Any]:
    """Every value that a list of characteristics gives to the one of this name."""
    for characteristic in characteristics or ():
        if characteristic.get("name") == name:
            for value in characteristic.get("productSpecCharacteristicValue") or ():
                if value.get("value") is not None:
                    yield value["value"]


def relied_on(offering: Document) -> set[str]:
    """The offerings on one of which this one relies."""
    return {
        relationship["id"]
        for relationship in offering.get("productOfferingRelationship") or ()
        if relationship.get("relationshipType") == RELIES_ON and relationship.get("id")
    }


def customer_kinds(offering: Document) -> list[CustomerKind]:
    """The kinds of customers that it is for; none named means all."""
    named = {one.get("id") for one in offering.get("marketSegment") or ()}
    return [kind for segment, kind in CUSTOMER_KINDS.items() if segment in named]


def areas_of(offering: Document) -> list[str]:
    """The area codes of the places where it is sold; places that are no `Area` only describe."""
    return [
        place["id"]
        for place in offering.get("place") or ()
        if place.get("@referredType") == "Area" and place.get("id")
    ]


def sellable(price: Document) -> bool:
    """Whether a price is complete, and in use by its lifecycle."""
    return (
        price.get("lifecycleStatus") in IN_USE
        and price.get("priceType") in PRICE_TYPES
        and (price.get("price") or {}).get("value") is not None
    )


def in_force(price: Document, now: datetime) -> bool:
    return sellable(price) and valid_at(*period(price), now)


def price_of(price: Document) -> Price:
    """A complete price, its amount in yuan to the fen, tax included."""
    recurring = price["priceType"] == "recurring"
    return Price(
        id=price["id"],
        name=price["name"],
        price_type=price["priceType"],
        amount=yuan(str(price["price"]["value"])),
        period=price.get("recurringChargePeriodType") if recurring else None,
        unit=_unit(price.get("unitOfMeasure")),
    )


def period(document: Document) -> tuple[datetime | None, datetime | None]:
    """Start and end of a document's `validFor`."""
    valid = document.get("validFor") or {}
    return _moment(valid.get("startDateTime")), _moment(valid.get("endDateTime"))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _unit(measure: Document | None) -> str | None:
    """`{"amount": 1, "units": "min"}` as `min`, `{"amount": 100, "units": "MB"}` as `100 MB`."""
    if not measure or not measure.get("units"):
        return None
    amount = Decimal(str(measure.get("amount") or 1))
    return str(measure["units"]) if amount == 1 else f"{amount.normalize():f} {measure['units']}"
