"""The body of a request: read within its limit, parsed from bytes, and refused with every reason at once."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive

from libs.json_text import NotFinite, only_finite
from libs.web import codes
from libs.web.errors import Code, Reason, Refusal

MOST_REASONS = 200
"""A refusal names so many at most: enough for people, and no lever to make us write megabytes."""

FORM = "application/x-www-form-urlencoded"

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_JSON_TYPE = re.compile(r"application/([\w.+-]+\+)?json", re.IGNORECASE)


class ClientGone(Exception):
    """The client hung up before its request was complete."""


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> bytes:
    """The whole body, at most `limit` bytes, whether its length was announced or not.

    Raises Refusal 413 beyond, and ClientGone.
    """
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def parse_json(adapter: TypeAdapter[Any], raw: bytes, content_type: str) -> Any:
    """The validated body. Raises Refusal 400 with every reason, and 415 for what is not JSON."""
    if content_type and not _JSON_TYPE.fullmatch(content_type.partition(";")[0].strip()):
        raise Refusal(
            Reason(codes.MEDIA_TYPE_NOT_SUPPORTED, given=content_type[:100], expected="application/json")
        )
    try:
        body = adapter.validate_json(raw)
    except ValidationError as error:
        raise Refusal(*reasons_of(error, _shape(raw))) from None
    if b"\\u0000" in raw and _NUL.search(raw):
        # PostgreSQL keeps no such character, in text or in jsonb.
        raise Refusal(Reason(codes.MALFORMED, detail="\\u0000"))
    try:
        only_finite(raw)
    except NotFinite as number:
        raise Refusal(Reason(codes.MALFORMED, detail=str(number))) from None
    return body


def parse_form(adapter: TypeAdapter[Any], raw: bytes, content_type: str) -> Any:
    """The validated fields of a form (`application/x-www-form-urlencoded`), each given once.

    Raises Refusal 400 with every reason, and 415 for another media type.
    """
    if (raw or content_type) and content_type.partition(";")[0].strip().lower() != FORM:
        raise Refusal(Reason(codes.MEDIA_TYPE_NOT_SUPPORTED, given=content_type[:100], expected=FORM))
    try:
        pairs = parse_qsl(
            raw.decode(), keep_blank_values=True, strict_parsing=bool(raw), errors="strict", max_num_fields=50
        )
    except ValueError as error:
        raise Refusal(Reason(codes.MALFORMED, detail=str(error))) from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields:
            raise Refusal(Reason(codes.REPEATED_PARAMETER, path=name[:100], name=name[:100]))
        fields[name] = value
    try:
        return adapter.validate_python(fields)
    except ValidationError as error:
        raise Refusal(*reasons_of(error, fields)) from None


def reasons_of(error: ValidationError, sent: Any = None) -> list[Reason]:
    """A reason for each error of Pydantic. `sent` is what was validated: it tells fields from Pydantic's own names."""
    found: dict[Reason, None] = {}
    for entry in error.errors(include_url=False, include_input=False):
        path = path_of(entry["loc"], sent)
        found.setdefault(_reason(entry["type"], path, entry["msg"], entry.get("ctx") or {}))
        if len(found) == MOST_REASONS:
            break
    return list(found)


def path_of(loc: tuple[int | str, ...], sent: Any) -> str:
    """`("productOrderItem", 0, "product")` as `productOrderItem[0].product`.

    Pydantic names the branch of a union in its locations; what was not sent as a field, and is not the last, is one.
    """
    path = ""
    here = sent
    for place, step in enumerate(loc):
        if isinstance(step, int):
            path += f"[{step}]"
            here = here[step] if isinstance(here, list) and step < len(here) else None
            continue
        if isinstance(here, dict) and step in here:
            here = here[step]
        elif here is not None and (place < len(loc) - 1 or not isinstance(here, dict)):
            continue
        path += f".{step}" if path else step
    return path


def _reason(kind: str, path: str, message: str, context: Mapping[str, Any]) -> Reason:
    if kind == "json_invalid":
        return Reason(codes.MALFORMED, path=path, detail=str(context.get("error", message)))
    if kind == "missing":
        return Reason(codes.MISSING, path=path)
    if kind == "extra_forbidden":
        return Reason(codes.UNKNOWN_FIELD, path=path)
    if kind == "too_long":
        return Reason(codes.TOO_MANY, path=path, most=context.get("max_length"))
    if isinstance(own := context.get("code"), Code):
        return Reason(own, path=path, **context["params"])
    return Reason(codes.INVALID, path=path, detail=message.removeprefix("Value error, ")[:500])


def _shape(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _too_large(limit: int) -> Refusal:
    # The rest of the body is not read, so the connection cannot serve another request.
    return Refusal(Reason(codes.BODY_TOO_LARGE, limit=limit), headers={"Connection": "close"})
