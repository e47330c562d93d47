"""Messages are grouped by type as far as the order of each key allows."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.messaging import Handles, Message
from libs.messaging.dispatch import Dispatch, runs
from libs.messaging.tests.stage import NumberReserved, remember

AT = datetime(2026, 11, 24, tzinfo=UTC)


def message(position: int, kind: str, key: str) -> Message[NumberReserved]:
    data = NumberReserved(number=key, attempt=position)
    return Message(str(position), kind, "/gd/x", None, AT, key, "gd.x.tasks", data, b"")


def shape(text: str) -> list[list[str]]:
    """`"do:a undo:b"` → the groups, each as `type:key`."""
    sent = [message(i, *word.split(":")) for i, word in enumerate(text.split())]
    return [[f"{one.type}:{one.key}" for one in run] for run in runs(sent)]


def test_types_of_different_keys_are_gathered() -> None:
    assert shape("do:a undo:b do:c undo:d") == [["do:a", "do:c"], ["undo:b", "undo:d"]]


def test_a_message_never_overtakes_one_of_its_key() -> None:
    assert shape("do:a undo:a do:a do:b") == [["do:a"], ["undo:a"], ["do:a", "do:b"]]
    assert shape("do:a undo:b undo:a do:c do:b") == [["do:a", "do:c"], ["undo:b", "undo:a"], ["do:b"]]


@given(st.lists(st.tuples(st.sampled_from(["do", "undo", "ask"]), st.sampled_from("abcd")), max_size=40))
def test_every_message_is_handed_over_once_and_in_the_order_of_its_key(words: list[tuple[str, str]]) -> None:
    made = runs([message(i, kind, key) for i, (kind, key) in enumerate(words)])
    handed = [one for run in made for one in run]
    assert sorted(one.data.attempt for one in handed) == list(range(len(words)))
    for key in "abcd":
        positions = [one.data.attempt for one in handed if one.key == key]
        assert all(earlier < later for earlier, later in pairwise(positions))
    assert all(len({one.type for one in run}) == 1 for run in made)


def test_two_handlers_for_one_type_of_one_topic_are_refused_at_the_start() -> None:
    takes = Handles(lambda node: f"{node}.x.tasks", NumberReserved, remember)
    with pytest.raises(ValueError, match="handled twice"):
        Dispatch("gd", [takes, takes])
