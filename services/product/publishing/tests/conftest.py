"""Headquarters and Guangdong, which hear each other."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from libs.clock import ManualClock
from services.product.app import SERVICE
from services.product.seed import seed
from services.product.tests.desk import Desk
from tests.engines import eventually
from tests.running import Bench, random_mark

PUBLICATIONS = "/api/product/v1/publications"


@dataclass
class Tiers:
    """An operator at headquarters, a supervisor in Guangdong, and the clock of both."""

    hq: Desk
    gd: Desk
    clock: ManualClock

    async def copy(self, desk: Desk) -> dict[str, Any]:
        """How far Guangdong's copy goes, as the desk's node says."""
        answer = await desk.node.client.get(PUBLICATIONS, headers=desk.headers, params={"limit": "100"})
        assert answer.status_code == 200, answer.text
        (found,) = (one for one in answer.json() if one["node"] == "gd")
        return dict(found)

    async def arrived(self) -> None:
        """Wait until Guangdong has everything, and headquarters knows."""
        await self.hq.node.tick("publish")

        async def current() -> bool:
            return (await self.copy(self.hq))["state"] == "current"

        await eventually(current)

    async def pass_time(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))


@pytest.fixture(scope="module")
async def tiers(bench: Bench) -> AsyncIterator[Tiers]:
    prefix, clock = f"{random_mark()}.", ManualClock()
    async with (
        bench.running(SERVICE, "hq", clock=clock, topic_prefix=prefix) as hq,
        bench.running(SERVICE, "gd", clock=clock, topic_prefix=prefix) as gd,
    ):
        await seed(hq.runtime)
        await seed(gd.runtime)
        made = Tiers(Desk(hq, "hq-operator"), Desk(gd, "supervisor"), clock)
        await made.arrived()
        yield made
    await bench.remove_topics(prefix)
