"""Passwords and secrets: argon2, in threads of its own, a few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

T = TypeVar("T")

AT_ONCE = 2
WAITING = 64


class Overloaded(Exception):
    """More passwords wait to be verified than could be within a few seconds."""


class Passwords:
    """Hashes and verifies. Each takes some 64 MiB and tens of milliseconds: so two at once, and a short queue."""

    def __init__(self, *, cheap: bool = False) -> None:
        """`cheap`: for development, where a fleet and its tests share two cores."""
        hasher = Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1) if cheap else Argon2Hasher()
        self._hasher = PasswordHash((hasher,))
        self._nobodys = self._hasher.hash("nobody's password")
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._under_way = 0

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, secret: str) -> str:
        """The salted hash to keep. Raises Overloaded."""
        return await self._apart(lambda: self._hasher.hash(secret))

    async def verify(self, secret: str, kept: str | None) -> tuple[bool, str | None]:
        """Whether the secret is the one, and a hash to keep instead where the kept one was made more cheaply.

        Without a kept hash (nobody has that name) it takes as long, and is False. Raises Overloaded.
        """
        fits, better = await self._apart(
            lambda: self._hasher.verify_and_update(secret, kept or self._nobodys)
        )
        return (fits, better) if kept else (False, None)

    async def _apart(self, work: Callable[[], T]) -> T:
        if self._under_way >= AT_ONCE + WAITING:
            raise Overloaded
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1
