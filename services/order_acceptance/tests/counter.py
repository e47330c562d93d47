"""A counter: what a clerk does there, over HTTP."""

from typing import Any

import httpx

from libs.ids import new_id
from services.order_acceptance.tests.bodies import ORDERS, PAYMENTS
from services.order_acceptance.tests.bodies import payment as payment_body
from services.order_acceptance.tests.others import OWNER, Owners
from tests.engines import eventually
from tests.running import RunningService

ENDS = {"completed", "failed", "rejected", "cancelled", "partial"}


class Counter:
    """A hall clerk at a node."""

    def __init__(self, service: RunningService, owners: Owners) -> None:
        self.service = service
        self.owners = owners

    async def post(
        self, path: str, body: Any, key: str | None = None, role: str = "hall-clerk"
    ) -> httpx.Response:
        headers = self.service.bearer(role, key=key or new_id())
        return await self.service.client.post(path, json=body, headers=headers)

    async def get(self, path: str, role: str = "hall-clerk", **query: str) -> httpx.Response:
        return await self.service.client.get(path, params=query, headers=self.service.bearer(role))

    async def check(self, owner: tuple[str, str] = OWNER, **more: Any) -> str:
        """An identity check that this service knows."""
        id_ = await self.owners.check(owner, **more)

        async def known() -> bool:
            found = await self.service.db.fetchval(
                "SELECT true FROM known_identity_checks WHERE id = $1", id_
            )
            return bool(found)

        await eventually(known)
        return id_

    async def pay(self, amount: float = 100.00, account: str = "counter") -> str:
        answer = await self.post(PAYMENTS, payment_body(amount, account))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def order(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.post(ORDERS, body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def ended(self, order: str, within: float = 15) -> dict[str, Any]:
        """The order once it has come to an end."""

        async def look() -> dict[str, Any] | None:
            found: dict[str, Any] = (await self.get(f"{ORDERS}/{order}")).json()
            return found if found["state"] in ENDS else None

        seen = await eventually(look, within)
        assert seen is not None
        return seen

    async def payment(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"{PAYMENTS}/{id_}")).json()
        return found
