"""Working on the catalogue over its API, as tests do."""

from typing import Any

import httpx

from libs.ids import new_id
from services.product.identifiers import Sort, fixed_id
from services.product.parts import BASE
from tests.running import RunningService


class Desk:
    """Somebody who works on the catalogue of a node over its API."""

    def __init__(self, node: RunningService, *roles: str, **claims: Any) -> None:
        self.node = node
        self.headers = node.bearer(*roles, **claims)

    async def get(self, resource: str, id: str = "", **query: str) -> httpx.Response:
        path = f"{BASE}/{resource}" + (f"/{id}" if id else "")
        return await self.node.client.get(path, params=query, headers=self.headers)

    async def post(self, resource: str, document: Any, key: str | None = None) -> httpx.Response:
        headers = self.headers | {"Idempotency-Key": key or new_id()}
        return await self.node.client.post(f"{BASE}/{resource}", json=document, headers=headers)

    async def patch(self, resource: str, id: str, document: Any, **headers: str) -> httpx.Response:
        return await self.node.client.patch(
            f"{BASE}/{resource}/{id}", json=document, headers=self.headers | headers
        )

    async def delete(self, resource: str, id: str) -> httpx.Response:
        return await self.node.client.delete(f"{BASE}/{resource}/{id}", headers=self.headers)

    async def make(self, resource: str, **document: Any) -> dict[str, Any]:
        """A new record, which must be accepted."""
        answer = await self.post(resource, {"name": f"test {new_id()}"} | document)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def facts(self, id: str) -> dict[str, Any]:
        """What the node's own services are told of an offering."""
        answer = await self.node.client.get(
            f"/api/product/v1/facts/offerings/{id}", headers=self.node.bearer("service")
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


def category(name: str) -> dict[str, str]:
    """A reference to a category of the national catalogue."""
    return ref("category", name)


def ref(sort: Sort, name: str) -> dict[str, str]:
    return {"id": fixed_id(sort, name)}


def reasons(answer: httpx.Response) -> list[tuple[str, str | None]]:
    """Code and path of every reason of a refusal."""
    return [(reason["code"], reason.get("path")) for reason in answer.json()["reasons"]]
