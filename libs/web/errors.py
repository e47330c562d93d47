"""Refusals: stable codes with their status, reasons with the place they are about, and TM Forum's error body."""

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from libs.json_text import json_bytes
from libs.web import texts

_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Code:
    """A stable code of the API and its HTTP status; making one registers it.

    Its texts stand in `texts/` beside the file that declares it. Two services may declare the same code.
    Raises ValueError for a name that is not lower case with hyphens, or a status that is no error.
    """

    __slots__ = ("folder", "name", "status")

    def __init__(self, name: str, status: int) -> None:
        if not _CODE.fullmatch(name) or not 400 <= status <= 599:
            raise ValueError(f"not a code with the status of an error: {name!r}, {status}")
        self.name = name
        self.status = status
        self.folder = Path(sys._getframe(1).f_globals["__file__"]).resolve().parent / "texts"
        texts.declare(self.folder, name)

    def text(self, language: texts.Language, params: Mapping[str, object] | None = None) -> str:
        """What the code says to people; the code itself where nobody has written a text."""
        return texts.text(self.folder, self.name, language, params) or self.name

    def wrong(self, **params: Any) -> PydanticCustomError:
        """To be raised by a validator of a Pydantic model, where a field deserves a code of its own."""
        # LiteralString is asked for to keep formats out of user input; ours has no places to fill.
        return PydanticCustomError("code", "refused", {"code": self, "params": params})

    def __repr__(self) -> str:
        return f"Code({self.name!r}, {self.status})"


class Reason:
    """One thing that is wrong: its code, where (`productOrderItem[0].product`), and what its text names."""

    __slots__ = ("code", "params", "path")

    def __init__(self, code: Code, path: str = "", **params: object) -> None:
        self.code = code
        self.path = path
        self.params: Mapping[str, object] = MappingProxyType(params)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reason) and (self.code.name, self.path, self.params) == (
            other.code.name,
            other.path,
            other.params,
        )

    def __hash__(self) -> int:
        return hash((self.code.name, self.path))

    def __repr__(self) -> str:
        return f"Reason({self.code.name!r}, path={self.path!r}, {dict(self.params)!r})"

    def text(self, language: texts.Language) -> str:
        return self.code.text(language, self.params)


class Refusal(Exception):
    """A request that is not done, with every reason at once. The status is that of the first, unless given.

    Raises ValueError without a reason.
    """

    def __init__(
        self, *reasons: Reason, status: int | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        if not reasons:
            raise ValueError("a refusal has a reason")
        super().__init__(", ".join(f"{reason.code.name} {reason.path}".strip() for reason in reasons))
        self.reasons = reasons
        self.status = status or reasons[0].code.status
        self.headers: Mapping[str, str] = headers or {}


def refuse(reasons: Iterable[Reason]) -> None:
    """Raise one Refusal with all of these reasons, in their order; nothing happens where there is none."""
    found = tuple(dict.fromkeys(reasons))
    if found:
        raise Refusal(*found)


class ErrorReason(BaseModel):
    """One of the reasons of a refusal."""

    code: str
    reason: str
    path: str | None = None


class Error(BaseModel):
    """TM Forum's error, the first reason on top, with every reason at once."""

    model_config = ConfigDict(serialize_by_alias=True)

    code: str
    reason: str
    message: str
    status: str
    reasons: list[ErrorReason]
    type: str = Field(default="Error", alias="@type")


def error_body(refusal: Refusal, language: texts.Language) -> bytes:
    """The JSON of a refusal, its texts in the language asked for."""
    reasons = []
    for reason in refusal.reasons:
        entry = {"code": reason.code.name, "reason": reason.text(language)}
        reasons.append(entry | {"path": reason.path} if reason.path else entry)
    lines = [
        f"{entry['path']}: {entry['reason']}" if "path" in entry else entry["reason"] for entry in reasons
    ]
    return json_bytes(
        {
            "code": reasons[0]["code"],
            "reason": reasons[0]["reason"],
            "message": "\n".join(lines),
            "status": str(refusal.status),
            "reasons": reasons,
            "@type": "Error",
        }
    )
