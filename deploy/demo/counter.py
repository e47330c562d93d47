"""A counter of the demonstration: what a clerk asks of a node, over its public API and nothing else."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx

from deploy.demo.frame import Stage
from libs.ids import new_id

ORDERS = "/tmf-api/productOrderingManagement/v4/productOrder"
CANCELS = "/tmf-api/productOrderingManagement/v4/cancelProductOrder"
PAYMENTS = "/tmf-api/paymentManagement/v4/payment"
REFUNDS = "/tmf-api/paymentManagement/v4/refund"
PRODUCTS = "/tmf-api/productInventory/v4/product"
OFFERINGS = "/tmf-api/productCatalogManagement/v4/productOffering"
OFFERING_PRICES = "/tmf-api/productCatalogManagement/v4/productOfferingPrice"
PUBLICATIONS = "/api/product/v1/publications"
INDIVIDUALS = "/tmf-api/party/v4/individual"
ORGANIZATIONS = "/tmf-api/party/v4/organization"
CUSTOMERS = "/tmf-api/customerManagement/v4/customer"
LOGICAL = "/tmf-api/resourceInventoryManagement/v4/logicalResource"
PHYSICAL = "/tmf-api/resourceInventoryManagement/v4/physicalResource"
CHECKS = "/api/customer/v1/identityChecks"
RESERVATIONS = "/api/resource/v1/reservations"
NUMBERS = "/api/resource/v1/numbers"
WRITINGS = "/api/resource/v1/cardWritings"
SUBSCRIBERS = "/api/order-acceptance/v1/subscribers"
SUBSCRIBER_VIEWS = "/api/order-acceptance/v1/subscriberViews"
FORWARDS = "/api/hq-router/v1/forwards"
SWITCHES = "/api/hq-router/v1/switches"
BILLS = "/api/hq-router/v1/bills"
RECONCILIATIONS = "/api/hq-router/v1/reconciliations"

ENDS = frozenset({"completed", "failed", "rejected", "cancelled", "partial"})
LOOK_AGAIN = 0.05
PATIENCE = 60.0
"""Seconds after which a step gives up; on a machine that does nothing else none takes a tenth of it."""


@dataclass(frozen=True)
class Person:
    """Somebody who stands at a counter."""

    name: str
    identification: str
    kind: str = "resident-id"


@dataclass(frozen=True)
class Counter:
    """A node, and the role of who works there."""

    stage: Stage
    node: str
    role: str = "hall-clerk"

    async def ask(self, method: str, path: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        headers = await self.stage.signed_in(self.node, self.role, key=key)
        return await self.stage.clients[self.node].request(method, path, headers=headers, **more)

    async def get(self, path: str, **query: Any) -> Any:
        """What is read back; anything but 200 is a failure."""
        answer = await self.ask("GET", path, params=query)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def post(
        self, path: str, body: Any, *, key: str | None = None, expect: int = 201
    ) -> dict[str, Any]:
        answer = await self.ask("POST", path, key=key or new_id(), json=body)
        assert answer.status_code == expect, f"POST {path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def refused(self, path: str, body: Any, *, status: int, key: str | None = None) -> list[str]:
        """The codes of every reason for which this is refused."""
        found = await self.post(path, body, key=key, expect=status)
        return [reason["code"] for reason in found["reasons"]]

    async def check(self, person: Person) -> str:
        body = {
            "identificationType": person.kind,
            "identificationId": person.identification,
            "name": person.name,
            "method": "id-reader",
        }
        return str((await self.post(CHECKS, body))["id"])

    async def pay(self, amount: float, account: str = "counter") -> str:
        body = {
            "account": {"id": account},
            "paymentMethod": {"@type": "cash"},
            "totalAmount": {"unit": "CNY", "value": amount},
        }
        return str((await self.post(PAYMENTS, body))["id"])

    async def card(self, kind: str) -> str:
        """The ICCID of a card in stock."""
        cards = await self.get(PHYSICAL, category="sim", kind=kind, state="in-stock", limit=1)
        assert cards, f"{self.node} has no {kind} card in stock"
        return str(cards[0]["serialNumber"])

    async def resource_state(self, path: str, value: str) -> str:
        """Our own state of a number or a card."""
        (found,) = await self.get(path, name=value)
        named = {one["name"]: one["value"] for one in found["resourceCharacteristic"]}
        return str(named["state"])

    async def offering(self, **query: str) -> dict[str, Any]:
        found = await self.get(OFFERINGS, limit=1, **query)
        assert found, f"{self.node} has no offering with {query}"
        offering: dict[str, Any] = found[0]
        return offering

    async def ended(self, order: str, within: float = PATIENCE) -> dict[str, Any]:
        """The order once it has come to an end."""
        return await self._until(f"{ORDERS}/{order}", "state", ENDS, within)

    async def settled(self, payment: str, within: float = PATIENCE) -> dict[str, Any]:
        """The payment once it is posted, or given back."""
        return await self._until(f"{PAYMENTS}/{payment}", "status", frozenset({"done", "failed"}), within)

    async def some(self, path: str, within: float = PATIENCE, **query: Any) -> list[dict[str, Any]]:
        """The list once there is anything in it."""
        end = time.monotonic() + within
        while True:
            found: list[dict[str, Any]] = await self.get(path, **query)
            if found:
                return found
            assert time.monotonic() < end, f"after {within:.0f} s nothing fits {path} {query}"
            await asyncio.sleep(LOOK_AGAIN)

    async def _until(self, path: str, name: str, wanted: frozenset[str], within: float) -> dict[str, Any]:
        end = time.monotonic() + within
        while True:
            found: dict[str, Any] = await self.get(path)
            if found[name] in wanted:
                return found
            assert time.monotonic() < end, f"after {within:.0f} s {path} is still {found[name]}"
            await asyncio.sleep(LOOK_AGAIN)


def presenter(check: str) -> dict[str, str]:
    return {"id": check, "role": "presenter", "@referredType": "IdentityCheck"}


def characteristics(**named: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in named.items()]


def replace_sim(number: str, iccid: str, check: str, *payments: str) -> dict[str, Any]:
    return {
        "category": "replace-sim",
        "payment": [{"id": payment} for payment in payments],
        "relatedParty": [presenter(check)],
        "productOrderItem": [
            {
                "id": "1",
                "action": "modify",
                "product": {
                    "productSerialNumber": number,
                    "productCharacteristic": characteristics(iccid=iccid),
                },
            }
        ],
    }
