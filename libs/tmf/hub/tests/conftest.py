"""The service of gadgets again, empty for each test, with listeners."""

from collections.abc import AsyncIterator

import pytest

from libs.tmf.tests.conftest import _store, ask, make, store
from tests.listening import Listener, listening

__all__ = ["_store", "ask", "listener", "make", "other", "store"]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as heard:
        yield heard


@pytest.fixture
async def other() -> AsyncIterator[Listener]:
    async with listening() as heard:
        yield heard
