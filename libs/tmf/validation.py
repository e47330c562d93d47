"""Whether a document is what its resource declares; checked on the way in, never on the way out."""

from typing import Any

from pydantic import ValidationError

from libs.json_text import json_bytes
from libs.tmf.model import MOST_ENTRIES
from libs.tmf.resource import Document, Resource
from libs.web import codes
from libs.web.body import reasons_of
from libs.web.errors import Reason, refuse


def validate(resource: Resource, document: Document) -> None:
    """Let a document pass that its model accepts as it stands: a text is not taken for a number.

    Raises Refusal 400 with every reason.
    """
    reasons = [Reason(codes.MISSING, path=name) for name in resource.required if document.get(name) is None]
    try:
        resource.model.__pydantic_validator__.validate_json(json_bytes(document), strict=True)
    except ValidationError as error:
        reasons += [reason for reason in reasons_of(error, document) if reason not in reasons]
    reasons += _long_arrays(document, "", reasons)
    refuse(reasons)


def _long_arrays(value: Any, path: str, known: list[Reason]) -> list[Reason]:
    """Arrays beyond what any model allows, wherever they are; those already refused are left out."""
    if isinstance(value, dict):
        found = [
            reason
            for name, part in value.items()
            if isinstance(part, dict | list)
            for reason in _long_arrays(part, f"{path}.{name}" if path else name, known)
        ]
        return found
    if not isinstance(value, list):
        return []
    if len(value) > MOST_ENTRIES:
        reason = Reason(codes.TOO_MANY, path=path, most=MOST_ENTRIES)
        return [] if reason in known else [reason]
    return [
        reason
        for place, part in enumerate(value)
        if isinstance(part, dict | list)
        for reason in _long_arrays(part, f"{path}[{place}]", known)
    ]
