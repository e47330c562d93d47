"""`make bench`: the ways that must be fast, each beside a bare counterpart measured in the same run.

`ARGS="--only whole"` for a part; `ARGS=--keep` also replaces the picture of the README.
"""

import argparse
import asyncio
import os
import platform
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from deploy.local.shared_engines import shared_engines
from libs.telemetry import logs
from tests.bench.figures import Figure, kept, report
from tests.bench.numbers import reserving
from tests.bench.orders import accepting
from tests.bench.picture import draw
from tests.bench.reads import reading
from tests.bench.router import forwarding
from tests.bench.whole import whole
from tests.running import Bench

LOCAL = Path(__file__).parents[2] / ".local"
PICTURE = Path(__file__).parent / "figures.svg"
PARTS: dict[str, Callable[[Bench], Awaitable[list[Figure]]]] = {
    "accepting": accepting,
    "reading": reading,
    "reserving": reserving,
    "forwarding": forwarding,
}


async def main(told: argparse.Namespace) -> None:
    LOCAL.mkdir(exist_ok=True)
    figures: list[Figure] = []
    with (LOCAL / "bench.log").open("w") as log:
        logs.set_up(node="bench", level=40, output=log)
        if told.only != "whole":
            with tempfile.TemporaryDirectory() as keys:
                async with shared_engines() as engines, Bench.open(engines, Path(keys)) as bench:
                    for name, part in PARTS.items():
                        if told.only in (None, name):
                            figures += await part(bench)
        if told.only in (None, "whole"):
            figures += await whole()
    if told.only is not None:
        figures = kept(LOCAL / "bench.json", figures)
    report(figures, LOCAL / "bench.json")
    draw(figures, LOCAL / "bench.svg", _machine())
    if told.keep:
        draw(figures, PICTURE, _machine())


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores, {platform.system()} {platform.machine()}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*PARTS, "whole"])
    parser.add_argument("--keep", action="store_true")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(parser.parse_args()))
