"""Concurrent edits: a version is shown as ETag, and a change may say with If-Match which one it was made from."""

import re
from typing import Any

from libs.web import codes
from libs.web.call import Call
from libs.web.errors import Reason, Refusal

_TAG = re.compile(r'\s*(?:W/)?("[^"]*")\s*')


def etag(version: int) -> str:
    """The value of the `ETag` header of a record at that version."""
    return f'"{version}"'


def check_if_match(call: Call[Any], version: int) -> None:
    """Let a change through that was made from this version, or from none in particular.

    Raises Refusal 409 edited-meanwhile where `If-Match` names only others.
    """
    given = call.headers.get("if-match")
    if given is None or given.strip() == "*":
        return
    named = (_TAG.fullmatch(one) for one in given.split(","))
    if etag(version) not in [tag[1] for tag in named if tag]:
        raise Refusal(Reason(codes.EDITED_MEANWHILE, path="If-Match", version=version))
