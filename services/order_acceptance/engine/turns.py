"""Work orders that were accepted a moment ago, on their way to their turn."""

import asyncio
from contextlib import suppress

LOOK_SECONDS = 1.0


class Turns:
    """Those of this process. What is forgotten with it, the clock begins: their rows say that they are due."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._some = asyncio.Event()

    def add(self, work_order: str) -> None:
        """Let one begin as soon as may be; nobody waits for that."""
        self._waiting.append(work_order)
        self._some.set()

    async def take(self, most: int) -> list[str]:
        """Wait for some, a second at most; the ids of those that came first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._some.wait()
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        if not self._waiting:
            self._some.clear()
        return taken
