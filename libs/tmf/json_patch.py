"""JSON Patch (RFC 6902) over JSON Pointers (RFC 6901). Pure; neither the document nor the patch is changed.

An operation sees what those before it have done, and all of them are done, or none.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from libs.json_text import json_bytes

MOST_OPERATIONS = 200
MOST_STEPS = 32
MOST_COPIED = 1_000_000
"""Bytes that all operations of a patch copy: copies of copies would double without end."""

_NEEDS = {
    "add": ("value",),
    "remove": (),
    "replace": ("value",),
    "move": ("from",),
    "copy": ("from",),
    "test": ("value",),
}
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPED = re.compile(r"~(?![01])")


class PatchInvalid(ValueError):
    """The patch is none, or cannot be applied to this document: `at` is the number of the operation, if it is one's."""

    def __init__(self, detail: str, at: int | None = None) -> None:
        super().__init__(detail)
        self.at = at


class TestFailed(Exception):
    """An operation `test` found something else: `at` is its number."""

    __test__ = False  # pytest takes it for one of its own otherwise.

    def __init__(self, path: str, at: int) -> None:
        super().__init__(path)
        self.path = path
        self.at = at


def parse_pointer(pointer: Any) -> list[str]:
    """The steps of `/tag/0/a~1b`; none for the whole document. Raises PatchInvalid."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise PatchInvalid("a path is empty or begins with a slash")
    if _ESCAPED.search(pointer):
        raise PatchInvalid("a tilde is written ~0, and a slash ~1")
    steps = pointer.split("/")[1:]
    if len(steps) > MOST_STEPS:
        raise PatchInvalid(f"a path has at most {MOST_STEPS} steps")
    return [step.replace("~1", "/").replace("~0", "~") for step in steps]


def check_patch(patch: Any) -> Sequence[dict[str, Any]]:
    """The operations of a patch, each of which is well-formed. Raises PatchInvalid."""
    if not isinstance(patch, list):
        raise PatchInvalid("expected an array of operations")
    if len(patch) > MOST_OPERATIONS:
        raise PatchInvalid(f"at most {MOST_OPERATIONS} operations")
    for at, operation in enumerate(patch):
        if not isinstance(operation, dict):
            raise PatchInvalid("expected an object", at)
        needs = _NEEDS.get(operation["op"]) if isinstance(operation.get("op"), str) else None
        if needs is None:
            raise PatchInvalid(f"op is one of {', '.join(_NEEDS)}", at)
        for name in ("path", *needs):
            if name not in operation:
                raise PatchInvalid(f"{name} is missing", at)
        for name in ("path", "from"):
            if name in operation:
                _numbered(at, operation[name])
    return patch


def _numbered(at: int, pointer: Any) -> list[str]:
    try:
        return parse_pointer(pointer)
    except PatchInvalid as error:
        raise PatchInvalid(str(error), at) from None


def written(patch: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The paths that a checked patch writes to, or takes away."""
    targets = [one["path"] for one in patch if one["op"] != "test"]
    sources = [one["from"] for one in patch if one["op"] == "move"]
    return [parse_pointer(pointer) for pointer in (*targets, *sources)]


def read(patch: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The paths whose values a checked patch compares, or puts elsewhere."""
    sources = {"test": "path", "copy": "from", "move": "from"}
    return [parse_pointer(one[sources[one["op"]]]) for one in patch if one["op"] in sources]


def apply_patch(document: Any, patch: Any) -> Any:
    """The document with all operations applied, in their order. Raises PatchInvalid, TestFailed."""
    operations = check_patch(patch)
    patched = deepcopy(document)
    copied = 0
    for at, operation in enumerate(operations):
        try:
            if operation["op"] == "copy":
                copied += len(json_bytes(_found(patched, parse_pointer(operation["from"]))))
                if copied > MOST_COPIED:
                    raise PatchInvalid("it copies too much")
            patched = _apply(patched, operation)
        except PatchInvalid as error:
            raise PatchInvalid(str(error), at) from None
        except _Differs:
            raise TestFailed(operation["path"], at) from None
    return patched


class _Differs(Exception):
    pass


def _apply(document: Any, operation: dict[str, Any]) -> Any:
    path = parse_pointer(operation["path"])
    match operation["op"]:
        case "add":
            return _add(document, path, deepcopy(operation["value"]))
        case "remove":
            return _remove(document, path)[0]
        case "replace":
            _found(document, path)
            return _replace(document, path, deepcopy(operation["value"]))
        case "move":
            source = parse_pointer(operation["from"])
            if source == path[: len(source)] and source != path:
                raise PatchInvalid("nothing moves into itself")
            rest, value = _remove(document, source)
            return _add(rest, path, value)
        case "copy":
            return _add(document, path, deepcopy(_found(document, parse_pointer(operation["from"]))))
        case _:
            try:
                same = equal(_found(document, path), operation["value"])
            except PatchInvalid:
                same = False
            if not same:
                raise _Differs
            return document


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: numbers by their value, true never 1, the order of names open."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equal(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


def _found(document: Any, path: Sequence[str]) -> Any:
    for step in path:
        document = _child(document, step)
    return document


def _child(parent: Any, step: str) -> Any:
    if isinstance(parent, dict):
        if step not in parent:
            raise PatchInvalid(f"there is no {step[:100]}")
        return parent[step]
    if isinstance(parent, list):
        return parent[_index(parent, step, len(parent) - 1)]
    raise PatchInvalid(f"nothing lies below a single value: {step[:100]}")


def _index(array: Sequence[Any], step: str, last: int) -> int:
    if not _INDEX.fullmatch(step) or int(step) > last:
        raise PatchInvalid(f"there is no place {step[:100]} in an array of {len(array)}")
    return int(step)


def _add(document: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _found(document, path[:-1]), path[-1]
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else _index(parent, last, len(parent)), value)
    else:
        raise PatchInvalid(f"nothing lies below a single value: {last[:100]}")
    return document


def _replace(document: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _found(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        parent[int(last)] = value
    else:
        parent[last] = value
    return document


def _remove(document: Any, path: Sequence[str]) -> tuple[Any, Any]:
    """The document without what lies at the path, and that."""
    value = _found(document, path)
    if not path:
        return None, value
    parent, last = _found(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        del parent[int(last)]
    else:
        del parent[last]
    return document, value
