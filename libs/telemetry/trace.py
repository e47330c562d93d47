"""The W3C `traceparent` that ties a request to the messages and requests that it causes."""

import re
import secrets
from contextvars import ContextVar

_WELL_FORMED = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

current: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The thread of what runs now: set for each request and each message."""


def continued(given: str | None) -> str:
    """The next span of the given thread, or the first of a new one where none, or a malformed one, was given."""
    span = secrets.token_hex(8)
    if given and _WELL_FORMED.fullmatch(given):
        return f"{given[:36]}{span}{given[52:]}"
    return f"00-{secrets.token_hex(16)}-{span}-01"


def outgoing() -> str:
    """What to send along with a message or a request that the present work causes."""
    return continued(current.get())
