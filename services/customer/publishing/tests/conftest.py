"""Headquarters and Guangdong, which hear each other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.clock import ManualClock
from libs.ids import new_id
from services.customer.app import SERVICE
from services.customer.lists.tests.test_api import LIST, identity
from services.customer.tests.hall import Hall, created
from tests.engines import eventually
from tests.running import Bench, random_mark

PUBLICATIONS = "/api/customer/v1/publications"
DOWN = "gd.downlink.control"


@dataclass
class Tiers:
    """Headquarters, a hall in Guangdong, and the clock of both."""

    hq: Hall
    gd: Hall
    clock: ManualClock

    async def list(self, number: str, **more: Any) -> str:
        """Headquarters' operator lists an identity for the whole country."""
        return created(await self.hq.post(LIST, identity(number) | more, "hq-operator", key=new_id()))

    async def unlist(self, entry: str) -> None:
        answer = await self.hq.delete(f"{LIST}/{entry}", "hq-operator")
        assert answer.status_code == 204, answer.text

    async def copy(self, hall: Hall) -> dict[str, Any]:
        """How far Guangdong's copy goes, as the hall's node says."""
        answer = await hall.get(PUBLICATIONS, "supervisor", params={"limit": "100"})
        assert answer.status_code == 200, answer.text
        (found,) = (one for one in answer.json() if one["node"] == "gd")
        return dict(found)

    async def arrived(self) -> None:
        """Wait until Guangdong has everything, and headquarters knows."""
        await self.hq.service.tick("publish")
        await self.gd.service.tick("tell-position")

        async def current() -> bool:
            return (await self.copy(self.hq))["state"] == "current"

        await eventually(current)

    async def entry(self, id: str) -> httpx.Response:
        """An entry as a supervisor in Guangdong sees it."""
        return await self.gd.get(f"{LIST}/{id}", "supervisor")

    async def blacklisted(self, customer: str) -> bool:
        """Whether a customer of Guangdong is, as the facts say and the newest event has told."""
        facts = await self.gd.facts("customers", customer)
        told = await self.gd.told(customer, facts["version"])
        assert told[-1].data == facts
        return bool(facts["blacklisted"])

    async def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))
        for hall in (self.hq, self.gd):
            await hall.service.tick("lists-in-force")


@asynccontextmanager
async def two_tiers(bench: Bench, keys: Path | None = None) -> AsyncIterator[Tiers]:
    """Headquarters and Guangdong with topics and a clock of their own; `keys`: a folder with those of both."""
    prefix, clock = f"{random_mark()}.", ManualClock()

    def given(node: str) -> dict[str, Any]:
        return {"clock": clock, "topic_prefix": prefix} | ({"keys_dir": keys / node} if keys else {})

    async with (
        bench.running(SERVICE, "hq", **given("hq")) as hq,
        bench.running(SERVICE, "gd", **given("gd")) as gd,
    ):
        yield Tiers(Hall(hq), Hall(gd), clock)
    await bench.remove_topics(prefix)


@pytest.fixture(scope="module")
async def tiers(bench: Bench) -> AsyncIterator[Tiers]:
    async with two_tiers(bench) as made:
        yield made
