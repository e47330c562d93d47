"""The clerk of one area, as every province of a development fleet has him: signed in over HTTP, he sees that area."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from libs.ids import new_id
from services.access.app import SERVICE as ACCESS
from services.access.operators.seed import development_password, seed
from services.order_acceptance.app import SERVICE as ACCEPTANCE
from services.order_acceptance.tests.bodies import PAYMENTS, PRODUCTS, payment
from services.order_acceptance.tests.counter import Counter
from services.resource.app import SERVICE as RESOURCE
from tests.engines import eventually
from tests.running import Bench, RunningService, random_mark

NUMBERS = "/api/resource/v1/numbers"
LOGICAL = "/tmf-api/resourceInventoryManagement/v4/logicalResource"
HERE, ELSEWHERE = "0769", "020"


@dataclass
class Node:
    """Guangdong: who is signed in there by name and password."""

    access: RunningService
    acceptance: RunningService
    resource: RunningService

    async def headers(self, user: str) -> dict[str, str]:
        form = {"grant_type": "password", "username": user, "password": development_password("gd", user)}
        answer = await self.access.client.post("/oauth2/token", data=form)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['access_token']}", "Idempotency-Key": new_id()}

    async def paid(self, user: str) -> str:
        answer = await self.acceptance.client.post(PAYMENTS, json=payment(), headers=await self.headers(user))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def seen(self, user: str, of: RunningService, path: str, name: str, **query: str) -> set[Any]:
        """That attribute of all that this user is shown in a list."""
        answer = await of.client.get(path, params=query, headers=await self.headers(user))
        assert answer.status_code == 200, answer.text
        assert answer.headers["X-Total-Count"] == str(len(answer.json()))
        return {one[name] for one in answer.json()}


@pytest.fixture(scope="module")
async def node(bench: Bench) -> AsyncIterator[Node]:
    prefix = f"{random_mark()}."
    async with AsyncExitStack() as stack:
        services = [
            await stack.enter_async_context(bench.running(one, "gd", topic_prefix=prefix))
            for one in (ACCESS, ACCEPTANCE, RESOURCE)
        ]
        made = Node(*services)
        await seed(made.access.runtime)
        yield made
    await bench.remove_topics(prefix)


async def test_what_was_taken_in_another_area_is_not_there(node: Node) -> None:
    mine, another = await node.paid("local-clerk"), await node.paid("clerk")
    assert await node.seen("local-clerk", node.acceptance, PAYMENTS, "id") == {mine}
    assert await node.seen("clerk", node.acceptance, PAYMENTS, "id") == {mine, another}
    for id_, status in ((mine, 200), (another, 404)):
        answer = await node.acceptance.client.get(
            f"{PAYMENTS}/{id_}", headers=await node.headers("local-clerk")
        )
        assert answer.status_code == status


async def test_he_sees_the_subscribers_of_his_area(node: Node) -> None:
    counter = Counter(node.acceptance)
    await counter.owners.catalogue()
    await counter.owners.customer()
    numbers = {area: await counter.subscriber() for area in (HERE, ELSEWHERE)}
    for area, number in numbers.items():
        await node.acceptance.db.execute("UPDATE products SET area = $2 WHERE number = $1", number, area)
    shown = await node.seen("local-clerk", node.acceptance, PRODUCTS, "productSerialNumber")
    assert shown == {numbers[HERE]}
    assert set(numbers.values()) <= await node.seen("clerk", node.acceptance, PRODUCTS, "productSerialNumber")
    for area, status in ((HERE, 200), (ELSEWHERE, 404)):
        look = await node.acceptance.client.get(
            f"/api/order-acceptance/v1/subscribers/{numbers[area]}", headers=await node.headers("local-clerk")
        )
        assert look.status_code == status


async def test_he_sees_the_stock_of_his_area(node: Node) -> None:
    for area, first in ((HERE, "13000407690"), (ELSEWHERE, "13000400200")):
        answer = await node.resource.client.post(
            NUMBERS,
            json={"first": first, "count": 3, "area": area, "network": "lte"},
            headers=await node.headers("supervisor"),
        )
        assert answer.status_code in (200, 201), answer.text
    mine = {f"1300040769{n}" for n in range(3)}
    await eventually(lambda: node.resource.db.fetchval("SELECT count(*) = 6 FROM resources"))
    assert await node.seen("local-clerk", node.resource, LOGICAL, "value") == mine
    assert len(await node.seen("clerk", node.resource, LOGICAL, "value")) == 6
