"""Who asks, and of what there is; and the parts that bodies are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from services.customer.seed import PEOPLE
from tests.fuzz.world import CUSTOMERS, PAYMENTS, PRODUCTS, Document, World

AREAS = {"gd": "020", "bj": "010", "hq": "010"}
OWNER = PEOPLE[0]
"""Whose customer is seeded in every province."""


@dataclass(frozen=True)
class Asked:
    """Who asks, of what there is, and by which chance."""

    world: World
    role: str
    chance: Random

    def id(self, path: str, **like: Any) -> str:
        return self.world.id(path, self.chance, **like)

    @property
    def area(self) -> str:
        return AREAS[self.world.node]

    @property
    def presenter(self) -> Document:
        return {"id": self.world.check(self.role), "role": "presenter", "@referredType": "IdentityCheck"}

    @property
    def customer(self) -> Document:
        found = self.world.pick(CUSTOMERS, self.chance, name=OWNER.full_name)
        id = found["id"] if found else self.id(CUSTOMERS)
        return {"id": id, "role": "customer", "@referredType": "Customer"}

    @property
    def money(self) -> str:
        """A payment that lies at the counter, or lay there."""
        kept = self.world.records.get(PAYMENTS, [])
        lying = [one["id"] for one in kept if one.get("account", {}).get("id") == "counter"]
        return str(self.chance.choice(lying)) if lying else self.id(PAYMENTS)

    @property
    def subscriber(self) -> str:
        """The number of a subscription."""
        found = self.world.pick(PRODUCTS, self.chance)
        return str((found or {}).get("productSerialNumber", "13000402000"))


Maker = Callable[[Asked], Any]


def named(**named: Any) -> list[Document]:
    return [{"name": name, "value": value} for name, value in named.items()]


def yuan(value: float) -> Document:
    return {"unit": "CNY", "value": value}
