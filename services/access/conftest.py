"""Access at a node, seeded, with keys of its own: a test may rotate them."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from libs.security.key_files import generate_keys
from libs.security.keys import Keys
from services.access.app import SERVICE
from services.access.operators.seed import seed
from tests.running import Bench, RunningService


@asynccontextmanager
async def _at(bench: Bench, folder: Path, node: str, *, development: bool) -> AsyncIterator[RunningService]:
    generate_keys(folder, [node])
    async with bench.running(SERVICE, node, keys_dir=folder / node, development=development) as running:
        yield running


async def _afresh(running: RunningService) -> None:
    """As on its first day. Starting the service for each of a hundred tests would take a minute."""
    folder = running.settings.keys_dir
    shutil.rmtree(folder)
    generate_keys(folder.parent, [running.node])
    running.runtime.keys = Keys.load(folder)
    await running.db.execute("TRUNCATE operators, clients, failed_attempts")


@pytest.fixture(scope="session")
async def _guangdong(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningService]:
    async with _at(bench, tmp_path_factory.mktemp("access"), "gd", development=True) as running:
        yield running


@pytest.fixture
async def access(_guangdong: RunningService) -> RunningService:
    """Access in Guangdong, with the users of development."""
    await _afresh(_guangdong)
    await seed(_guangdong.runtime)
    return _guangdong


@pytest.fixture
async def headquarters(bench: Bench, tmp_path: Path) -> AsyncIterator[RunningService]:
    """Access at headquarters, with the users of development."""
    async with _at(bench, tmp_path, "hq", development=True) as running:
        await seed(running.runtime)
        yield running


@pytest.fixture
async def production(bench: Bench, tmp_path: Path) -> AsyncIterator[RunningService]:
    """Access in Guangdong as in production, with nobody in it."""
    async with _at(bench, tmp_path, "gd", development=False) as running:
        yield running
