"""The words in which the national catalogue is written down; `documents.py` makes TMF620 documents of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from contracts.events import PriceType
from services.product.lifecycle.rules import State

Unit = Literal["GB", "min", "SMS", "day", "month"]


@dataclass(frozen=True, slots=True)
class Category:
    key: str
    zh: str
    en: str
    below: str | None = None
    """The category above it; what stands in it is of that one's kind."""


Measure = Literal["data-quota", "voice-quota", "sms-quota", "bandwidth"]
UNITS: Mapping[Measure, str] = MappingProxyType(
    {"data-quota": "GB", "voice-quota": "min", "sms-quota": "SMS", "bandwidth": "Mbit/s"}
)


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of something a month of the product has in it, in the unit of its measure."""

    measure: Measure
    amount: int


@dataclass(frozen=True, slots=True)
class Characteristic:
    """What else can be said of a product; `values` are those that it may have, none: any of the type."""

    name: str
    zh: str
    en: str
    type: Literal["string", "number"]
    values: tuple[str, ...] = ()
    unit: str | None = None
    at_least: int = 1
    at_most: int = 1


@dataclass(frozen=True, slots=True)
class Specification:
    key: str
    zh: str
    en: str
    brand: str
    networks: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    """What its products are measured by; an offering says how much."""
    characteristics: tuple[Characteristic, ...] = ()


@dataclass(frozen=True, slots=True)
class Charge:
    """One price, in yuan, tax included. Recurring prices are monthly, usage prices for one `unit`."""

    key: str
    zh: str
    en: str
    type: PriceType
    amount: str
    unit: Unit | None = None
    bounds: tuple[str, str] | None = None
    """The lowest and the highest amount that a province may ask instead."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bundle: how often it may be in it, and how often it is unless something else is asked for."""

    offering: str
    at_least: int = 1
    at_most: int = 1
    default: int = 1


@dataclass(frozen=True, slots=True)
class Offering:
    """One offering of the national catalogue. `key` is what its fixed identifier is made of."""

    key: str
    zh: str
    en: str
    category: str
    specification: str
    charges: tuple[Charge, ...]
    quotas: tuple[Quota, ...] = ()
    networks: tuple[str, ...] = ()
    """Where they are fewer than its specification's."""
    relies_on: tuple[str, ...] = ()
    consists_of: tuple[Part, ...] = ()
    said: tuple[tuple[str, str], ...] = ()
    """Values of further characteristics, by their names."""
    for_groups: bool = False
    """Whether only organizations may have it."""
    sold_alone: bool = True
    state: State = "Launched"
    valid_from: str | None = None
    named: str | None = None
    """Its `name`, where that is not the Chinese one: a fee is named as its business."""


def monthly(key: str, amount: str, zh: str = "月基本费", en: str = "Monthly fee") -> Charge:
    return Charge(key, zh, en, "recurring", amount)


def once(key: str, amount: str, zh: str, en: str, *, bounds: tuple[str, str] | None = None) -> Charge:
    return Charge(key, zh, en, "oneTime", amount, bounds=bounds)


def data(gigabytes: int) -> Quota:
    return Quota("data-quota", gigabytes)


def voice(minutes: int) -> Quota:
    return Quota("voice-quota", minutes)


def messages(count: int) -> Quota:
    return Quota("sms-quota", count)
