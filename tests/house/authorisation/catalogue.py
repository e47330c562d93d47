"""The product service's records: the catalogue, which is everybody's to read, and the node's work on it."""

import json
from typing import Any

from libs.ids import new_id
from libs.node import HQ
from libs.security.roles import HQ_OPERATOR, SUPERVISOR
from services.product.parts import BASE
from tests.house.authorisation.people import Person, oneself
from tests.house.authorisation.world import World
from tests.running import RunningService

FILES = "/api/product/v1/files"
SORTS = {
    "catalog": "catalog",
    "category": "category",
    "specification": "productSpecification",
    "offering": "productOffering",
    "price": "productOfferingPrice",
}
NO_EXPORT = {"query": "name=nothing", "path": "category"}


def lines() -> bytes:
    return json.dumps({"@type": "Category", "id": new_id(), "name": "x"}).encode() + b"\n"


def named() -> Any:
    return {"name": f"x {new_id()}"}


def described() -> Any:
    return {"description": f"seen {new_id()}"}


class Catalogue:
    """Made by who writes it at this tier."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.writer = oneself(HQ_OPERATOR if service.node == HQ else SUPERVISOR)
        self.world = World(
            service,
            {
                **{sort: self.one_of(name) for sort, name in SORTS.items()},
                "told offering": self.told_offering,
                "export": self.export,
                "import": self.bringing_in,
                "file": self.file,
                "snapshot": self.snapshot,
            },
            bodies={
                **{("POST", f"{BASE}/{name}"): named for name in SORTS.values()},
                **{("PATCH", f"{BASE}/{name}/{{id}}"): described for name in SORTS.values()},
                ("POST", f"{BASE}/exportJob"): lambda: NO_EXPORT,
                ("POST", f"{BASE}/importJob"): lambda: {"url": "http://nowhere.test/x"},
                ("POST", FILES): lines,
            },
            # The hook that knows whose it is to write comes after If-Match.
            used_up=frozenset(
                ("DELETE", f"{BASE}/{name}/{{id}}") for name in (*SORTS.values(), "exportJob", "importJob")
            ),
        )

    def one_of(self, name: str) -> Any:
        async def made(who: Person, path: str) -> str:
            return await self.world.post(f"{BASE}/{name}", named(), self.writer)

        return made

    async def told_offering(self, who: Person, path: str) -> str:
        """One that has become something to sell; drafts are not told."""
        id = await self.world.post(f"{BASE}/productOffering", named(), self.writer)
        await self.service.db.execute("UPDATE offerings SET kind = 'plan', facts = '{}' WHERE id = $1", id)
        return id

    async def export(self, who: Person, path: str) -> str:
        await self.service.tick("jobs")
        return await self.world.post(f"{BASE}/exportJob", NO_EXPORT, self.writer)

    async def bringing_in(self, who: Person, path: str) -> str:
        await self.service.tick("jobs")
        url = f"{self.service.settings.public_url}{FILES}/{await self.file(who, '')}"
        return await self.world.post(f"{BASE}/importJob", {"url": url}, self.writer)

    async def file(self, who: Person, path: str) -> str:
        headers = self.writer.headers(self.service, key=new_id()) | {"Content-Type": "application/x-ndjson"}
        answer = await self.service.client.post(FILES, content=lines(), headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def snapshot(self, who: Person, path: str) -> str:
        return await self.world.post("/api/product/v1/snapshots", {"kind": "offerings"}, oneself("service"))
