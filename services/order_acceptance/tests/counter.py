"""A counter: what a clerk does there, over HTTP."""

from itertools import count
from typing import Any

import httpx

from libs.ids import new_id
from services.order_acceptance.tests.bodies import ORDERS, PAYMENTS, PRODUCTS, subscription
from services.order_acceptance.tests.bodies import payment as payment_body
from services.order_acceptance.tests.owners import OWNER, Owners
from tests.engines import eventually
from tests.running import RunningService

ENDS = {"completed", "failed", "rejected", "cancelled", "partial"}
_numbers = count(13012000000)
_cards = count(1)


def fresh_number() -> str:
    """A number that no other test uses."""
    return str(next(_numbers))


def fresh_card() -> str:
    return f"8986010{next(_cards):013d}"


class Counter:
    """A hall clerk at a node."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.owners = Owners(service)

    async def post(
        self, path: str, body: Any, key: str | None = None, role: str = "hall-clerk", **claims: Any
    ) -> httpx.Response:
        headers = self.service.bearer(role, key=key or new_id(), **claims)
        return await self.service.client.post(path, json=body, headers=headers)

    async def get(
        self, path: str, role: str = "hall-clerk", claims: dict[str, Any] | None = None, **query: Any
    ) -> httpx.Response:
        headers = self.service.bearer(role, **(claims or {}))
        return await self.service.client.get(path, params=query, headers=headers)

    async def check(self, owner: tuple[str, str] = OWNER, **more: Any) -> str:
        """An identity check that this service knows."""
        return await self.owners.check(owner, **more)

    async def pay(self, amount: float = 100.00, account: str = "counter", **claims: Any) -> str:
        answer = await self.post(PAYMENTS, payment_body(amount, account), **claims)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def order(self, body: dict[str, Any], **claims: Any) -> dict[str, Any]:
        answer = await self.post(ORDERS, body, **claims)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def seen(self, order: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"{ORDERS}/{order}")).json()
        return found

    async def ended(self, order: str, within: float = 15) -> dict[str, Any]:
        """The order once it has come to an end."""

        async def look() -> dict[str, Any] | None:
            found = await self.seen(order)
            return found if found["state"] in ENDS else None

        end = await eventually(look, within)
        assert end is not None
        return end

    async def payment(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"{PAYMENTS}/{id_}")).json()
        return found

    async def payment_is(self, id_: str, status: str, within: float = 10) -> dict[str, Any]:
        """The payment once it has this status."""

        async def look() -> dict[str, Any] | None:
            found = await self.payment(id_)
            return found if found["status"] == status else None

        there = await eventually(look, within)
        assert there is not None
        return there

    async def refunded(self, payment: str) -> list[float]:
        """Yuan of each refund of a payment."""
        found = (await self.get("/tmf-api/paymentManagement/v4/refund", **{"payment.id": payment})).json()
        return [one["totalAmount"]["value"] for one in found]

    async def subscriber(self, number: str | None = None, **more: Any) -> str:
        """The number of a subscription that was brought over from a former system."""
        number = number or fresh_number()
        body = subscription(number, fresh_card()) | more
        answer = await self.post(PRODUCTS, body, role="migration", area="020")
        assert answer.status_code == 201, answer.text
        return number

    async def product_of(self, number: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = (await self.get(PRODUCTS, productSerialNumber=number)).json()
        assert len(found) == 1, found
        return found[0]

    async def rows(self) -> dict[str, int]:
        """How many rows each table of the service holds that a request may write, once all was sent.

        What the clock sends, and what messages leave behind, is not a request's doing.
        """
        to_send = "(SELECT count(*) FROM outbox WHERE topic NOT LIKE '%.uplink.control') AS outbox"

        async def sent() -> bool:
            return bool(await self.service.db.fetchval(f"SELECT n.outbox = 0 FROM (SELECT {to_send}) AS n"))

        await eventually(sent)
        tables = sorted(set(self.service.service.tables.tables) - {"outbox", "inbox", "late_results"})
        counts = ", ".join(f"(SELECT count(*) FROM {name}) AS {name}" for name in tables)
        return dict(await self.service.db.fetchrow(f"SELECT {to_send}, {counts}"))
