"""Processes end between any two steps that matter, and start again: nothing is lost, done twice or left behind."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.fail_points import POINTS
from tests.engines import eventually
from tests.faults.checker.verdict import check
from tests.faults.ears import ears
from tests.faults.run import Size, standing, verdict

SIZE = Size(seed=5, orders=0, faults=0, seconds=0, subscribers=5, asking=5, place="faults-points")
STRUCK_WITHIN = 200.0


@pytest.fixture
def armed(tmp_path: Path) -> Iterator[Path]:
    """The folder in which a file arms a point, known to every process that is started from here."""
    os.environ["UNICRM_FAIL_POINTS"] = str(tmp_path)
    yield tmp_path
    del os.environ["UNICRM_FAIL_POINTS"]


@pytest.mark.timeout(600)
async def test_a_process_may_end_at_every_point_and_every_promise_is_kept(armed: Path) -> None:
    ended: list[str] = []

    def say(line: str) -> None:
        if "ended by itself" in line:
            ended.append(line.split(" ", 1)[0])

    async with ears("hq", "bj", "gd") as heard, standing(SIZE, say, heard=heard) as (fleet, town, _):
        over = asyncio.Event()

        async def ask() -> None:
            while not over.is_set():
                await town.wish()

        asking = [asyncio.create_task(ask()) for _ in range(SIZE.asking)]
        for point in POINTS:
            (armed / point).touch()

        def left() -> list[str]:
            return sorted(file.name for file in armed.iterdir())

        try:
            await eventually(lambda: not left(), STRUCK_WITHIN, every=0.2)
        finally:
            over.set()
            never = left()
            await asyncio.gather(*asking)
        assert never == [], f"nobody came by at {never}"
        outcome = await verdict(fleet, say, heard)
    assert len(ended) >= len(POINTS), ended
    assert check(outcome.evidence) == [], "\n".join(outcome.lines())
    assert any(work["state"] == "completed" for _, work in outcome.evidence.all("work_orders"))
