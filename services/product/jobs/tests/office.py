"""Working with exports and imports over HTTP, as tests do."""

import json
from typing import Any

import httpx

from libs.ids import new_id
from services.product.tests.desk import Desk
from tests.engines import eventually

FILES = "/api/product/v1/files"
LINES = "application/x-ndjson"


def lines(*records: Any) -> str:
    """Records, or texts that are none, as a file."""
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in records)


class Office:
    """Somebody who takes the catalogue out as a file, and brings it in."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.node = desk.node

    async def bring(self, content: str | bytes, key: str | None = None, **headers: str) -> httpx.Response:
        sent = self.desk.headers | {"Content-Type": LINES, "Idempotency-Key": key or new_id()} | headers
        return await self.node.client.post(FILES, content=content, headers=sent)

    async def brought(self, *records: Any) -> str:
        """The url of a file with these records."""
        answer = await self.bring(lines(*records))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    async def ended(self, job: str, id: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            found = (await self.desk.get(job, id)).json()
            return found if found["status"] in ("Succeeded", "Failed") else None

        found = await eventually(look)
        assert found is not None
        return found

    async def imported(self, *records: Any, **more: Any) -> dict[str, Any]:
        """The job that took these records in, once it has ended."""
        return await self.imported_from(await self.brought(*records), **more)

    async def imported_from(self, url: str, **more: Any) -> dict[str, Any]:
        answer = await self.desk.post("importJob", {"url": url} | more)
        assert answer.status_code == 201, answer.text
        assert answer.json()["status"] == "Not Started"
        return await self.ended("importJob", answer.json()["id"])

    async def exported(self, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The job once it has ended, and the records of its file."""
        answer = await self.desk.post("exportJob", asked)
        assert answer.status_code == 201, answer.text
        job = await self.ended("exportJob", answer.json()["id"])
        assert job["status"] == "Succeeded", job
        file = await self.fetched(job["url"])
        assert file.status_code == 200
        assert not file.content or file.headers["content-type"] == LINES
        return job, [json.loads(line) for line in file.text.splitlines()]

    async def fetched(self, url: str, **headers: str) -> httpx.Response:
        return await self.node.client.get(url, headers=self.desk.headers | headers)


def record(sort: str, name: str, **more: Any) -> dict[str, Any]:
    return {"@type": sort, "id": f"{name}", "name": name, **more}
