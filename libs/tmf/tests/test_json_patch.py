"""JSON Patch against the examples of RFC 6902, appendix A, and against merge-patch."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.tmf import merge_patch
from libs.tmf.json_patch import (
    MOST_OPERATIONS,
    PatchInvalid,
    TestFailed,
    apply_patch,
    equal,
    parse_pointer,
)


def op(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": name, "path": path, **{name.rstrip("_"): value for name, value in more.items()}}


@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"foo": "bar"}, [op("add", "/baz", value="qux")], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["bar", "baz"]}, [op("add", "/foo/1", value="qux")], {"foo": ["bar", "qux", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [op("remove", "/baz")], {"foo": "bar"}),
        ({"foo": ["bar", "qux", "baz"]}, [op("remove", "/foo/1")], {"foo": ["bar", "baz"]}),
        ({"baz": "qux"}, [op("replace", "/baz", value="boo")], {"baz": "boo"}),
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [op("move", "/qux/thud", from_="/foo/waldo")],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            [op("move", "/foo/3", from_="/foo/1")],
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        (
            {"baz": "qux", "foo": ["a", 2, "c"]},
            [op("test", "/baz", value="qux"), op("test", "/foo/1", value=2)],
            {"baz": "qux", "foo": ["a", 2, "c"]},
        ),
        ({"foo": "bar"}, [op("add", "/child", value={"g": {}})], {"foo": "bar", "child": {"g": {}}}),
        ({"foo": "bar"}, [op("add", "/baz", value="qux", xyz=123)], {"foo": "bar", "baz": "qux"}),
        ({"/": 9, "~1": 10}, [op("test", "/~01", value=10)], {"/": 9, "~1": 10}),
        ({"foo": ["bar"]}, [op("add", "/foo/-", value=["abc"])], {"foo": ["bar", ["abc"]]}),
        ({"a": 1}, [op("replace", "", value=[1])], [1]),
        ({"": 1}, [op("replace", "/", value=2)], {"": 2}),
        ({"a": [1]}, [op("copy", "/b", from_="/a"), op("add", "/a/0", value=0)], {"a": [0, 1], "b": [1]}),
        ({"a": 1}, [op("move", "/a", from_="/a")], {"a": 1}),
        ({"a": 1.0}, [op("test", "/a", value=1)], {"a": 1.0}),
        ({"a": None}, [op("test", "/a", value=None)], {"a": None}),
        ({"a": 1}, [], {"a": 1}),
    ],
)
def test_the_examples_of_the_rfc(document: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy((document, patch))
    assert apply_patch(document, patch) == result
    assert (document, patch) == before


@pytest.mark.parametrize(
    ("patch", "at"),
    [
        ({}, None),
        ("add", None),
        ([op("add", "/a", value=1)] * (MOST_OPERATIONS + 1), None),
        (["add"], 0),
        ([{"path": "/a"}], 0),
        ([{"op": "append", "path": "/a"}], 0),
        ([{"op": ["add"], "path": "/a"}], 0),
        ([{"op": "add", "value": 1}], 0),
        ([{"op": "add", "path": "/b"}], 0),
        ([{"op": "test", "path": "/a"}], 0),
        ([{"op": "move", "path": "/b"}], 0),
        ([op("add", "a", value=1)], 0),
        ([op("add", 7, value=1)], 0),  # type: ignore[arg-type]
        ([op("add", "/a~2", value=1)], 0),
        ([op("add", "/x" * 33, value=1)], 0),
        ([op("add", "/x/y", value=1)], 0),
        ([op("add", "/a/y", value=1)], 0),
        ([op("remove", "/x")], 0),
        ([op("replace", "/x", value=1)], 0),
        ([op("add", "/list/3", value=1)], 0),
        ([op("add", "/list/01", value=1)], 0),
        ([op("add", "/list/-1", value=1)], 0),
        ([op("add", "/list/one", value=1)], 0),
        ([op("remove", "/list/-")], 0),
        ([op("replace", "/list/2", value=1)], 0),
        ([op("remove", "/a"), op("remove", "/a")], 1),
        ([op("copy", "/b", from_="/x")], 0),
        ([op("move", "/deep/inner", from_="/deep")], 0),
    ],
)
def test_what_cannot_be_applied_is_refused_and_says_where(patch: Any, at: int | None) -> None:
    document = {"a": 1, "list": [1, 2], "deep": {}}
    with pytest.raises(PatchInvalid) as refused:
        apply_patch(document, patch)
    assert refused.value.at == at
    assert document == {"a": 1, "list": [1, 2], "deep": {}}


@pytest.mark.parametrize(
    ("path", "value"),
    [("/a", 2), ("/a", True), ("/a", "1"), ("/x", None), ("/list", [2, 1]), ("/list/7", 1), ("", {})],
)
def test_a_test_that_finds_something_else_ends_everything(path: str, value: Any) -> None:
    document = {"a": 1, "list": [1, 2]}
    with pytest.raises(TestFailed) as failed:
        apply_patch(document, [op("remove", "/a"), op("add", "/a", value=1), op("test", path, value=value)])
    assert (failed.value.at, failed.value.path) == (2, path)
    assert document == {"a": 1, "list": [1, 2]}


def test_copies_of_copies_end_before_they_fill_the_memory() -> None:
    patch = [op("copy", f"/{place}", from_="") for place in range(60)]
    with pytest.raises(PatchInvalid, match="too much"):
        apply_patch({"a": "x" * 100}, patch)


def test_a_tilde_and_a_slash_belong_to_a_name_when_they_are_escaped() -> None:
    assert parse_pointer("/a~1b/~0c/~01") == ["a/b", "~c", "~1"]
    assert parse_pointer("") == []
    assert parse_pointer("/") == [""]


_NAMES = st.sampled_from(["a", "b", "~", "/", "0", "-", ""])
_VALUES = st.recursive(
    st.integers(0, 2) | st.booleans() | st.text("ab", max_size=2),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(_NAMES, part, max_size=3),
    max_leaves=8,
)
_OBJECTS = st.dictionaries(_NAMES, _VALUES, max_size=4)
_PATCHES = st.dictionaries(
    _NAMES,
    st.recursive(
        st.none() | _VALUES,
        lambda part: st.dictionaries(_NAMES, part, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def as_operations(target: Any, patch: Any, path: str = "") -> list[dict[str, Any]]:
    """What a merge-patch does to this target, said as operations."""
    found = []
    for name, value in patch.items():
        place = f"{path}/{escaped(name)}"
        if value is None:
            if name in target:
                found.append(op("remove", place))
        elif isinstance(value, dict) and isinstance(target.get(name), dict):
            found += as_operations(target[name], value, place)
        else:
            found.append(op("add", place, value=merge_patch(None, value)))
    return found


@given(_OBJECTS, _PATCHES)
def test_what_merge_patch_does_operations_do_too(document: Any, patch: Any) -> None:
    assert apply_patch(document, as_operations(document, patch)) == merge_patch(document, patch)


@given(_OBJECTS, _PATCHES)
def test_what_was_written_is_found_by_a_test(document: Any, patch: Any) -> None:
    operations = as_operations(document, patch)
    tests = [op("test", one["path"], value=one["value"]) for one in operations if one["op"] == "add"]
    changed = apply_patch(document, operations)
    assert apply_patch(changed, tests) == changed


def places(value: Any, path: str = "") -> list[str]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, part in parts for place in places(part, f"{path}/{escaped(str(name))}"))]


@given(st.data(), _OBJECTS)
def test_what_is_moved_away_and_back_is_as_it_was(data: st.DataObject, document: Any) -> None:
    path = data.draw(st.sampled_from(places(document)))
    if path:
        there = [op("add", "/beside", value=0), op("move", "/beside", from_=path)]
        back = [op("move", path, from_="/beside")]
        assert apply_patch(document, there + back) == document


@given(_VALUES, _VALUES)
def test_equality_is_json_s(one: Any, other: Any) -> None:
    assert equal(one, copy.deepcopy(one))
    assert equal(one, other) == equal(other, one)
    assert not equal(True, 1)
    assert not equal([0], [False])
    assert equal({"a": 1, "b": 2.0}, {"b": 2, "a": 1.0})
