"""`make bench`: the ways that must be fast, each beside a bare counterpart measured in the same run."""

import tempfile
from pathlib import Path

import uvloop

from deploy.local.shared_engines import shared_engines
from libs.telemetry import logs
from tests.bench.figures import report
from tests.bench.orders import accepting
from tests.bench.reads import reading
from tests.running import Bench

WHERE = Path(__file__).parents[2] / ".local" / "bench.json"


async def main() -> None:
    logs.set_up(node="bench", level=40)
    with tempfile.TemporaryDirectory() as keys:
        async with shared_engines() as engines, Bench.open(engines, Path(keys)) as bench:
            figures = [await accepting(bench), *await reading(bench)]
    report(figures, WHERE)


if __name__ == "__main__":
    uvloop.run(main())
