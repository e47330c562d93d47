"""Which addresses are files of ours, what a line is, and what a log says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.product.jobs.rules import (
    LONGEST_LOG,
    Fault,
    collection_of,
    error_log,
    file_of,
    id_from,
    lines_of,
    may_come_later,
)
from services.product.parts import BASE

NODE = "https://gd.unicrm.test"


@given(st.text(min_size=1, max_size=40, alphabet="abc0123-"))
def test_a_file_of_this_node_is_known_by_its_address(id: str) -> None:
    assert file_of(f"{NODE}/api/product/v1/files/{id}", NODE) == id


@given(st.text(max_size=80))
def test_any_other_address_is_no_file(url: str) -> None:
    assert file_of(url, NODE) is None


@pytest.mark.parametrize("rest", ["", "a/b", "a?b", "a#b", "../x"])
def test_what_goes_beyond_an_id_is_no_file(rest: str) -> None:
    assert file_of(f"{NODE}/api/product/v1/files/{rest}", NODE) is None


@pytest.mark.parametrize("path", ["category", f"{BASE}/category", f"{NODE}{BASE}/category", "/category/"])
def test_a_collection_is_named_by_path_address_or_name(path: str) -> None:
    assert collection_of(path, BASE, NODE) == "category"


def test_a_line_ends_with_a_line_feed_and_with_nothing_else() -> None:
    assert lines_of('{"a": "\u2028\x0b\x85"}\r\n\n  {}\n') == ['{"a": "\u2028\x0b\x85"}', "{}"]


@given(st.text(), st.text())
def test_the_same_line_means_the_same_record(one: str, other: str) -> None:
    assert (id_from(one) == id_from(other)) == (one == other)


def test_only_what_is_unknown_may_still_come() -> None:
    unknown, wrong = Fault("price-unknown", "p", "t"), Fault("invalid", "p", "t")
    assert may_come_later([unknown])
    assert not may_come_later([unknown, wrong])


@given(st.lists(st.text(max_size=3000), max_size=300))
def test_a_log_is_never_longer_than_it_may_be(texts: list[str]) -> None:
    faults = [(number, [Fault("invalid", "", text)]) for number, text in enumerate(texts, 1)]
    log = error_log(faults, len(faults) + 7)
    assert len(log) <= LONGEST_LOG
    assert log.endswith("more")
