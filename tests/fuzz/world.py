"""What is there to be asked for at a node: its records, by the list that shows them, and values that nobody has yet."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from random import Random
from typing import Any

from stdnum.cn import ric, uscc

from services.resource.cards.rules import check_digit

Document = dict[str, Any]

ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
PAYMENTS = "/tmf-api/paymentManagement/v4/payment"
REFUNDS = "/tmf-api/paymentManagement/v4/refund"
CANCELS = "/tmf-api/productOrderingManagement/v4/cancelProductOrder"
PRODUCTS = "/tmf-api/productInventory/v4/product"
OFFERINGS = "/tmf-api/productCatalogManagement/v4/productOffering"
PRICES = "/tmf-api/productCatalogManagement/v4/productOfferingPrice"
CATEGORIES = "/tmf-api/productCatalogManagement/v4/category"
SPECIFICATIONS = "/tmf-api/productCatalogManagement/v4/productSpecification"
FILES = "/api/product/v1/files"
CUSTOMERS = "/tmf-api/customerManagement/v4/customer"
INDIVIDUALS = "/tmf-api/party/v4/individual"
ORGANIZATIONS = "/tmf-api/party/v4/organization"
ACCOUNTS = "/tmf-api/accountManagement/v4/billingAccount"
CHECKS = "/api/customer/v1/identityChecks"
LOGICAL = "/tmf-api/resourceInventoryManagement/v4/logicalResource"
PHYSICAL = "/tmf-api/resourceInventoryManagement/v4/physicalResource"

MOST_KEPT = 60
"""Records of a list: the newest push out others."""
_ALSO = {
    "/api/order-acceptance/v1/subscribers": PRODUCTS,
    "/api/customer/v1/facts/customers": CUSTOMERS,
    "/api/customer/v1/facts/billingAccounts": ACCOUNTS,
    "/api/customer/v1/facts/identityChecks": CHECKS,
    "/api/product/v1/facts/offerings": OFFERINGS,
    "/api/resource/v1/facts/cardWritings": "/api/resource/v1/cardWritings",
}
BORN = date(1990, 3, 7)
_SEGMENT = {"gd": "1300040", "bj": "1300010"}


@dataclass
class World:
    """One node."""

    node: str
    records: dict[str, list[Document]] = field(default_factory=lambda: defaultdict(list))
    checks: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Identity checks that nobody has used, by the role that made them."""
    _serial: "count[int]" = field(default_factory=lambda: count(1))

    def copy(self) -> "World":
        """The same records; what is learned of the one is not known to the other. Nothing new is made twice."""
        records = defaultdict(list, {path: list(kept) for path, kept in self.records.items()})
        checks = defaultdict(list, {role: list(made) for role, made in self.checks.items()})
        return World(self.node, records, checks, self._serial)

    def keep(self, path: str, record: Document) -> None:
        kept = self.records[path]
        kept.append(record)
        if len(kept) > MOST_KEPT:
            del kept[MOST_KEPT // 2]

    def pick(self, path: str, chance: Random, **like: Any) -> Document | None:
        """One record of a list; `like`: what it must say."""
        kept = self.records.get(path, [])
        found = [one for one in kept if all(one.get(name) == value for name, value in like.items())]
        return chance.choice(found) if found else None

    def id(self, path: str, chance: Random, **like: Any) -> str:
        """The id of one record of a list; of none that there is, where the list is empty."""
        found = self.pick(path, chance, **like)
        return str(found["id"]) if found else "019a0000-0000-7000-8000-000000000000"

    def behind(self, path: str) -> str:
        """The list whose ids stand in a path: `/a/thing/{id}/act` is about what `/a/thing` lists."""
        whole, _, _ = path.partition("/{")
        return _ALSO.get(whole, whole)

    def offering(self, chance: Random, kind: str) -> str:
        """`plans`, `options` or `fees`, as far as the catalogue's categories tell them apart."""
        offerings = self.records.get(OFFERINGS, [])
        found = [
            one["id"]
            for one in offerings
            if one.get("lifecycleStatus") == "Launched"
            and any(kind in str(category.get("name")) for category in one.get("category", ()))
        ]
        return str(chance.choice(found)) if found else self.id(OFFERINGS, chance)

    def check(self, role: str) -> str:
        """One that nobody has used; the last one is given again and again."""
        made = self.checks[role]
        return made.pop() if len(made) > 1 else (made or ["019a0000-0000-7000-8000-000000000000"])[0]

    # -- what is new

    def number(self) -> str:
        return f"{_SEGMENT.get(self.node, '1300010')}{2000 + next(self._serial) % 8000:04d}"

    def iccid(self) -> str:
        body = f"898601{next(self._serial):013d}"
        return body + check_digit(body)

    def imsi(self) -> str:
        return f"46001{next(self._serial):010d}"

    def resident_id(self) -> str:
        """Of somebody who was born on BORN."""
        serial = next(self._serial)
        body = f"{440103 + serial // 1000 % 4}{BORN:%Y%m%d}{serial % 1000:03d}"
        return body + str(ric.calc_check_digit(body + "0"))

    def credit_code(self) -> str:
        body = f"91440100MA59{next(self._serial) % 100_000:05d}"
        return body + str(uscc.calc_check_digit(body))

    def serial(self) -> int:
        return next(self._serial)
