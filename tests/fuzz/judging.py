"""Whether an answer is one that the service's own document names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import jsonschema_rs

from tests.fuzz.callers import role_of

JSON = "application/json"
ERROR = frozenset({"code", "reason", "message", "status", "reasons"})
READINESS = ("/health/ready", 503)
"""The one answer above 500 that is no failure: it says that another's checks fail, or take long on a busy machine."""
NOWHERE = frozenset({"no-such-path", "method-not-allowed"})
"""What is said where there is no operation, so that no operation's answers can name it."""


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of a document."""

    method: str
    path: str
    told: Mapping[str, Any] = field(repr=False)

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.told["x-roles"])

    def admits(self, caller: str) -> bool:
        return "public" in self.roles or role_of(caller) in self.roles

    @property
    def media_types(self) -> list[str]:
        return list(self.told.get("requestBody", {}).get("content", {}))

    def parameters(self, place: str) -> list[dict[str, Any]]:
        return [one for one in self.told.get("parameters", ()) if one["in"] == place]


class Judge:
    """Knows one service's document by heart."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._schemas: dict[str, Any] = {}

    @cached_property
    def operations(self) -> list[Operation]:
        return [
            Operation(method.upper(), path, told)
            for path, methods in self._document["paths"].items()
            for method, told in methods.items()
        ]

    def wrong(
        self, operation: Operation, status: int, media_type: str, content: bytes, *, elsewhere: bool = False
    ) -> str:
        """What is wrong with an answer, or nothing. `elsewhere`: the path may have missed every operation."""
        if status >= 500 and (operation.path, status) != READINESS:
            return f"answered {status}"
        answer = None
        if media_type.partition(";")[0].strip() == JSON:
            try:
                answer = json.loads(content)
            except ValueError as error:
                return f"answered what is no JSON: {error}"
        code = answer.get("code") if isinstance(answer, dict) and status >= 400 else None
        responses = operation.told["responses"]
        if elsewhere and code in NOWHERE:
            return "" if {*answer} >= ERROR else f"answered {status} {code} in a shape of its own"
        # What `default` stands for is anything: nobody could rely on it.
        if str(status) not in responses:
            return f"answered {status}, which its document does not name"
        expected = responses[str(status)].get("content", {})
        if not expected:
            return f"answered {status} with a body" if content else ""
        if media_type.partition(";")[0].strip() not in expected:
            return f"answered {media_type or 'no media type'}, its document names {', '.join(expected)}"
        named = responses[str(status)]["description"].split(", ")
        if code is not None and code not in named:
            return f"answered {status} {code}, its document names for {status} {', '.join(named)}"
        return "" if answer is None else self._not_of_schema(operation, str(status), answer)

    def _not_of_schema(self, operation: Operation, status: str, answer: Any) -> str:
        schema = operation.told["responses"][status]["content"][JSON]["schema"]
        key = json.dumps(schema)
        if key not in self._schemas:
            whole = {**schema, "components": self._document.get("components", {})}
            self._schemas[key] = jsonschema_rs.validator_for(whole)
        for error in self._schemas[key].iter_errors(answer):
            where = ".".join(str(step) for step in error.instance_path)
            return f"answered {status} outside of its schema, at {where or 'the top'}: {error.message[:500]}"
        return ""
