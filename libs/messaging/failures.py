"""Whose fault is a failure: the message's, or that of what lies under us.

What lies under us (connections, deadlocks, serialisation, a server that restarts or is full) never counts against a
message: it is waited for. Only what a message does by itself makes it a dead letter.
"""

import asyncio
import random

import asyncpg
import httpx
from pydantic import ValidationError

from libs import database


class TryAgain(Exception):
    """Raised by a handler that found something under it missing: the messages are tried again, and nothing counts."""


def is_infrastructure(error: BaseException) -> bool:
    """Whether a failure is to be waited for instead of being held against the message."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_infrastructure(inner) for inner in error.exceptions)
    return isinstance(error, TryAgain | httpx.TransportError) or database.is_infrastructure(error)


def describe(error: BaseException) -> str:
    """What went wrong, for an operator: without the values that PostgreSQL and Pydantic add to their texts."""
    name = type(error).__name__
    if isinstance(error, asyncpg.PostgresError):
        return f"{name}: {error.args[0] if error.args else ''}"
    if isinstance(error, ValidationError):
        return f"{name}: {faults(error)}"
    return f"{name}: {error}"


def faults(error: ValidationError) -> str:
    """Where a model was not met, and in what way; no values."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'payload'}: {fault['type']}"
        for fault in error.errors(include_input=False, include_url=False)
    )


class BackOff:
    """How long to wait before the next attempt: twice as long each time, never in step with others."""

    def __init__(self, first: float = 0.1, longest: float = 5.0) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def reset(self) -> None:
        self._next = self._first

    async def wait(self, stopping: asyncio.Event) -> bool:
        """Wait, or until `stopping`; whether to go on."""
        delay = self._next * random.uniform(0.7, 1.3)
        self._next = min(self._next * 2, self._longest)
        try:
            async with asyncio.timeout(delay):
                await stopping.wait()
        except TimeoutError:
            return True
        return False
