"""How our own states look in TMF639, and the representation of a number or a card."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from services.resource.cards.rules import CARD, CardEvent, CardState
from services.resource.numbers.rules import NUMBER, NumberEvent, NumberState

Category = Literal["msisdn", "sim"]
MSISDN: Category = "msisdn"
SIM: Category = "sim"
TYPES: Mapping[str, str] = MappingProxyType({MSISDN: "LogicalResource", SIM: "PhysicalResource"})

RESOURCE_STATUS: Mapping[str, str] = MappingProxyType(
    {
        NumberState.FREE: "available",
        NumberState.RESERVED: "reserved",
        NumberState.IN_USE: "standby",
        NumberState.COOLING: "suspended",
        NumberState.FROZEN: "suspended",
        CardState.IN_STOCK: "available",
        CardState.BOUND: "standby",
        CardState.RETIRED: "suspended",
    }
)
LAID_IN: Mapping[str, str] = MappingProxyType({MSISDN: NumberState.FREE, SIM: CardState.IN_STOCK})
"""The state in which stock begins, and to which it comes back from a reservation."""


def after(category: Category, state: str, event: str) -> str:
    """The state of a number or card after an event. Raises MoveRefused where its state does not allow it."""
    if category == MSISDN:
        return NUMBER.after(NumberState(state), NumberEvent(event))
    return CARD.after(CardState(state), CardEvent(event))


CHARACTERISTICS = ("state", "kind", "area", "network", "class")
"""Ours, in this order; `state` is always the first."""


def shown(state: str) -> dict[str, str]:
    """The three states of TMF639 for one of ours."""
    status = RESOURCE_STATUS[state]
    return {
        "resourceStatus": status,
        "usageState": "active" if status == "standby" else "idle",
        "administrativeState": "locked" if status == "suspended" else "unlocked",
    }


@dataclass(frozen=True, slots=True)
class Stock:
    """A number or a card as it comes into stock. `value` is its digits, or its ICCID."""

    id: str
    category: Category
    value: str
    state: str
    kind: str | None = None
    area: str | None = None
    network: str | None = None
    number_class: str | None = None

    def characteristics(self) -> list[dict[str, Any]]:
        """Ours that it has, as TMF639 lists them."""
        own = (self.state, self.kind, self.area, self.network, self.number_class)
        return [
            {"name": name, "valueType": "string", "value": value}
            for name, value in zip(CHARACTERISTICS, own, strict=True)
            if value is not None
        ]

    def document(self, described: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
        """The whole representation but for href; `described` is what a client adds, its characteristics behind
        ours."""
        more = described.get("resourceCharacteristic", [])
        return {
            **described,
            "id": self.id,
            "category": self.category,
            "name": self.value,
            ("value" if self.category == MSISDN else "serialNumber"): self.value,
            **shown(self.state),
            "operationalState": "enable",
            "resourceCharacteristic": [*self.characteristics(), *more],
            "@type": TYPES[self.category],
            "@baseType": "Resource",
        }
