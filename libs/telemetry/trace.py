"""The thread that ties a request to the messages and requests that it causes: W3C trace context.

A thread is one text, so that a row of the outbox, a parked message or a ledger keeps it in one column: a
`traceparent`, and behind a space the `tracestate` that came with it, where one did.
"""

import re
import secrets
from contextvars import ContextVar

LENGTH = 55
"""Of a `traceparent`; whatever follows it is the `tracestate`."""
LONGEST_STATE = 512
MOST_ENTRIES = 32

_NAMED = r"(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
# A later version may say more behind what we know of it; of this one there is no more.
_PARENT = re.compile(rf"(?:00-({_NAMED})|(?!00|ff)[0-9a-f]{{2}}-({_NAMED})(?:-.*)?)")
_KEY = r"[a-z0-9][a-z0-9_*/@-]{0,255}"
_ENTRY = re.compile(rf"\s*(?:{_KEY}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{{0,255}}[\x21-\x2b\x2d-\x3c\x3e-\x7e])?\s*")

current: ContextVar[str | None] = ContextVar("thread", default=None)
"""The thread of what runs now: set for each request and each message."""

timer: ContextVar[str | None] = ContextVar("timer", default=None)
"""The timer that runs now, by name."""


def taken_in(parent: str | None, state: str | None = None) -> str | None:
    """The thread that these two headers name; None where there is none, or none that can be read.

    A `tracestate` that is malformed, or longer than 512 characters or 32 entries, is left out; its `traceparent` stays.
    """
    if not parent or (found := _PARENT.fullmatch(parent)) is None:
        return None
    thread = f"00-{found[1] or found[2]}"
    return f"{thread} {state}" if state and _well_formed(state) else thread


def begun() -> str:
    """A thread that nobody records: its id is in the log of whatever it runs through."""
    drawn = secrets.token_hex(24)
    return f"00-{drawn[:32]}-{drawn[32:]}-00"


def outgoing() -> str:
    """The thread of what the present work sends or asks."""
    return current.get() or begun()


def recorded(thread: str | None) -> str | None:
    """The thread, if somebody records it: only such a one is worth a place in a row."""
    return thread if thread is not None and int(thread[53:LENGTH], 16) & 1 else None


def headers(thread: str) -> list[tuple[str, str]]:
    """A thread as the headers of a message or a request."""
    named = [("traceparent", thread[:LENGTH])]
    return named if len(thread) == LENGTH else [*named, ("tracestate", thread[LENGTH + 1 :])]


def ids(thread: str) -> tuple[str, str]:
    """The ids of trace and span."""
    return thread[3:35], thread[36:52]


def apart(one: str | None, other: str) -> bool:
    """Whether two threads are of different traces."""
    return one is None or one[3:35] != other[3:35]


def _well_formed(state: str) -> bool:
    entries = state.split(",")
    return (
        len(state) <= LONGEST_STATE
        and len(entries) <= MOST_ENTRIES
        and all(_ENTRY.fullmatch(entry) for entry in entries)
    )
