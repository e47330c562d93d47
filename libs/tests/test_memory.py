"""Garbage is looked for seldom, and still found."""

import gc
from collections.abc import Iterator

import pytest

from libs import memory


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    former = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*former)


class Ring:
    """Holds itself: only a look for cycles frees it."""

    alive = 0

    def __init__(self) -> None:
        self.me = self
        Ring.alive += 1

    def __del__(self) -> None:
        Ring.alive -= 1


def test_what_was_there_is_not_looked_through_again() -> None:
    memory.settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == memory.NEW_OBJECTS


def test_rings_that_are_left_behind_are_freed_before_they_are_many() -> None:
    memory.settle()
    most = 0
    for _ in range(5 * memory.NEW_OBJECTS):
        Ring()
        most = max(most, Ring.alive)
    assert most <= memory.NEW_OBJECTS
