"""Examples of a message: what its model's JSON schema allows, drawn by a seeded generator, the same for each seed."""

import re
import string
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from pydantic import BaseModel

Schema = Mapping[str, Any]
Json = dict[str, Any]

_CLASS = re.compile(r"\^\[([^\]]+)\]\{(\d+)(?:,(\d+))?\}\$")
_WORDS = ("expedited", "nr", "020", "陈晓明", "counter 7", "2026-W07", "ordinary")


@cache
def schema_of(model: type[BaseModel]) -> Schema:
    """As it travels: by alias, references in `$defs`."""
    return model.model_json_schema(by_alias=True)


def resolved(schema: Schema, root: Schema) -> Schema:
    """A schema without the reference that it may be, and without the null that it may be too."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return resolved(choices[0], root) if choices else schema


class Examples:
    """Draws valid messages. Moments lie around `now`, days are today; identifiers are never drawn twice."""

    def __init__(self, random: Random, now: datetime) -> None:
        self._random = random
        self._now = now

    def of(self, model: type[BaseModel], **given: Any) -> Json:
        """A JSON object that the model takes; `given` by the names that travel replaces what would be drawn."""
        root = schema_of(model)
        return self._object(root, root, given) | given

    def _object(self, schema: Schema, root: Schema, given: Mapping[str, Any] | None = None) -> Json:
        required = schema.get("required", ())
        return {
            name: self._value(part, root)
            for name, part in schema["properties"].items()
            if name not in (given or {}) and (name in required or self._random.random() < 0.5)
        }

    def _value(self, schema: Schema, root: Schema) -> Any:
        if any(one.get("type") == "null" for one in schema.get("anyOf", ())) and self._random.random() < 0.3:
            return None
        schema = resolved(schema, root)
        if "enum" in schema:
            return self._random.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        match schema.get("type"):
            case "string":
                return self._string(schema)
            case "integer":
                most = schema.get("maximum", schema.get("minimum", 0) + 50)
                return self._random.randint(schema.get("minimum", 0), most)
            case "number":
                return round(self._random.uniform(0.01, 900.0), 2)
            case "boolean":
                return self._random.random() < 0.5
            case "array":
                least = schema.get("minItems", 0)
                count = self._random.randint(least, max(least, 2))
                return [self._value(schema["items"], root) for _ in range(count)]
            case "object" if "properties" in schema:
                return self._object(schema, root)
            case "object" if isinstance(schema.get("additionalProperties"), dict):
                return {self._random.choice(_WORDS): self._value(schema["additionalProperties"], root)}
        return self.document()

    def _string(self, schema: Schema) -> str:
        match schema.get("format"):
            case "date-time":
                return (self._now + timedelta(seconds=self._random.randint(-600, 600))).isoformat()
            case "date":
                return self._now.date().isoformat()
        pattern = schema.get("pattern")
        if pattern is not None:
            return self._matching(pattern)
        if schema.get("maxLength") == 64 and schema.get("minLength") == 1:
            return self.identifier()
        return self._random.choice(_WORDS)

    def identifier(self) -> str:
        return f"{self._random.getrandbits(80):020x}"

    def digits(self, begin: str = "1300040") -> str:
        return f"{begin}{self._random.randrange(10**4):04d}"

    def document(self) -> Json:
        """Any JSON object."""
        return {
            "id": self.identifier(),
            "note": self._random.choice(_WORDS),
            "count": self._random.randrange(9),
            "within": {"list": [1, None, 2.5, {"name": "x"}]},
        }

    def _matching(self, pattern: str) -> str:
        """Text of one class of characters, so many of it: what patterns in contracts look like."""
        found = _CLASS.fullmatch(pattern)
        if found is None:
            raise NotImplementedError(f"nothing here draws what matches {pattern}")
        if found[1] == "a-z":
            return "gd"
        allowed = [
            one for one in string.ascii_letters + string.digits + "-" if re.match(f"[{found[1]}]", one)
        ]
        count = self._random.randint(max(int(found[2]), 3), min(int(found[3] or found[2]), 20))
        return "".join(self._random.choice(allowed) for _ in range(count))
