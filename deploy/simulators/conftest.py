"""What the tests of the simulators share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.simulators.settings import System
from deploy.simulators.tests.bench import Bench, Open


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    benches: list[Bench] = []

    def make(system: System, file: str = "journal", **settings: Any) -> Bench:
        benches.append(Bench(tmp_path / file, system, **settings))
        return benches[-1]

    yield make
    for bench in benches:
        bench.journal.close()
