"""Shares of the keys: which relay sends which rows.

There are sixteen. A relay holds a share by a session advisory lock, so that what a dead relay held is free at once,
and no two relays ever send rows of one key. Every relay shows that it is there by a shared lock; from the number of
those each knows how many shares are its part.
"""

import random
from math import ceil

import asyncpg

from libs.messaging.outbox import SHARES

_SHARE = 0x6F7574
_PRESENT = 0x6F7570
CHANNEL = "outbox"
ROWS = "rows"
RELAYS = "relays"

_COUNT = """
SELECT count(DISTINCT pid) FROM pg_locks
WHERE locktype = 'advisory' AND classid = $1 AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Shares:
    """The shares that one session holds."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection
        self.held: set[int] = set()

    @property
    def all_held(self) -> bool:
        return len(self.held) == SHARES

    async def appear(self) -> None:
        """Show that this relay is there, and tell the others to make room."""
        await self._connection.execute("SELECT pg_advisory_lock_shared($1, 0)", _PRESENT)
        await self.balance()
        if not self.all_held:
            await self._tell()

    async def balance(self) -> None:
        """Take what is missing of this relay's part, give back what is above it. Between two rounds only."""
        relays = await self._connection.fetchval(_COUNT, _PRESENT)
        part = ceil(SHARES / max(1, relays))
        if len(self.held) > part:
            await self._give_back(len(self.held) - part)
        elif len(self.held) < part:
            await self._take(part - len(self.held))

    async def _take(self, wanted: int) -> None:
        free = [share for share in range(SHARES) if share not in self.held]
        random.shuffle(free)
        while free and wanted:
            tried, free = free[:wanted], free[wanted:]
            got = await self._connection.fetch(
                "SELECT share FROM unnest($2::int[]) AS share WHERE pg_try_advisory_lock($1, share)",
                _SHARE,
                tried,
            )
            self.held.update(row["share"] for row in got)
            wanted -= len(got)

    async def _give_back(self, count: int) -> None:
        given = sorted(self.held, reverse=True)[:count]
        await self._connection.execute(
            "SELECT pg_advisory_unlock($1, share) FROM unnest($2::int[]) AS share", _SHARE, given
        )
        self.held.difference_update(given)
        await self._tell()

    async def _tell(self) -> None:
        await self._connection.execute("SELECT pg_notify($1, $2)", CHANNEL, RELAYS)
