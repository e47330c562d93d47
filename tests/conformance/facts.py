"""The facts that the suite goes by, as `read_documents.py` wrote them down."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "facts"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.]\d+)?)?(Z|[+-]\d\d:?\d\d)")
Place = tuple[str | int, ...]
"""Where something stands in a body: `("productOrderItem", 0, "product")`."""
_PLACE = re.compile(r"\[\d+\]")
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "date-time": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_WRONG: Mapping[str, Any] = {
    "string": {"a": 1},
    "date-time": "yesterday",
    "integer": "many",
    "number": "much",
    "boolean": "perhaps",
}


@dataclass(frozen=True)
class Facts:
    """What one document says."""

    api: str
    base: str
    operations: Mapping[str, list[int]]
    resources: Mapping[str, Mapping[str, Any]]
    parts: Mapping[str, Mapping[str, Any]]

    def resource(self, name: str) -> Mapping[str, Any]:
        return self.resources[name]

    def faults(self, name: str, document: Any, *, ours: frozenset[str] = frozenset()) -> list[str]:
        """What of a representation is not as the document has it; `ours`: attributes that we added and declared, by
        dotted names."""
        found = self._of_shape(document, self.resources[name]["read"], name)
        added = {f"{name}.{one} is not declared" for one in ours}
        return [fault for fault in found if _PLACE.sub("", fault) not in added]

    def wrong_for(self, kind: str) -> Any:
        """A value that is of another type than this; None where any will do."""
        if kind.startswith("["):
            return "no array"
        if kind in _WRONG:
            return _WRONG[kind]
        part = self.parts.get(kind)
        if part is None:
            return None
        if "choices" in part:
            return "no such word"
        return _WRONG.get(part["plain"]) if "plain" in part else "no object"

    def parts_of(self, name: str, body: Any) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        """Where in a body of a POST there are parts, and what each has to be like; of an array the first."""
        yield from self._parts(body, self.resources[name]["create"], ())

    def _parts(
        self, value: Any, shape: Mapping[str, Any], place: Place
    ) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        for name, kind in shape["fields"].items():
            inner, at = value.get(name), (*place, name)
            if isinstance(inner, list) and kind.startswith("[") and inner:
                inner, at = inner[0], (*at, 0)
            part = self.parts.get(kind.strip("[]"))
            if isinstance(inner, dict) and part is not None and part["fields"]:
                yield at, part
                yield from self._parts(inner, part, at)

    def _of_shape(self, value: Any, shape: Mapping[str, Any], path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path} is no object"
            return
        for name in shape["required"]:
            if value.get(name) is None:
                yield f"{path}.{name} is missing"
        for name, one in value.items():
            kind = shape["fields"].get(name)
            if kind is not None:
                yield from self._of_kind(one, kind, f"{path}.{name}")
            elif not name.startswith("@"):
                yield f"{path}.{name} is not declared"

    def _of_kind(self, value: Any, kind: str, path: str) -> Iterator[str]:
        if kind.startswith("["):
            if not isinstance(value, list):
                yield f"{path} is no array"
                return
            for place, one in enumerate(value):
                yield from self._of_kind(one, kind[1:-1], f"{path}[{place}]")
        elif kind in _PLAIN:
            yield from self._plain(value, kind, path)
        elif (part := self.parts.get(kind)) is not None:
            if "choices" in part:
                if value not in part["choices"]:
                    yield f"{path} is none of {', '.join(part['choices'])}"
            elif "plain" in part:
                yield from self._of_kind(value, part["plain"], path)
            else:
                yield from self._of_shape(value, part, path)

    @staticmethod
    def _plain(value: Any, kind: str, path: str) -> Iterator[str]:
        if not isinstance(value, _PLAIN[kind]) or (isinstance(value, bool) and kind != "boolean"):
            yield f"{path} is no {kind}"
        elif kind == "date-time" and not _INSTANT.fullmatch(value):
            yield f"{path} is no instant with an offset"


def facts_from(written: Mapping[str, Any]) -> Facts:
    return Facts(**written)


@cache
def facts(api: str) -> Facts:
    """The facts of an API: `facts("TMF622")`."""
    return facts_from(json.loads((FOLDER / f"{api}.json").read_text()))
