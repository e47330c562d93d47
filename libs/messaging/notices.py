"""Telling relays of other processes that rows were committed, from a process that has no relay of its own."""

import asyncio
from contextlib import suppress

import structlog

from libs.database import Database
from libs.messaging.outbox import Outbox
from libs.messaging.relay import NOTICE_SECONDS
from libs.messaging.shares import CHANNEL, ROWS

log = structlog.get_logger(__name__)


class Notices:
    """Listens to an outbox, and gives one debounced notice after commits. What is lost the relay's clock makes good."""

    def __init__(self, outbox: Outbox, db: Database) -> None:
        self._outbox = outbox
        self._db = db
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"notices {self._outbox.source}")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._tell()

    async def _run(self) -> None:
        while True:
            await self._outbox.written.wait()
            self._outbox.written.clear()
            await self._tell()
            await asyncio.sleep(NOTICE_SECONDS)

    async def _tell(self) -> None:
        if not self._outbox.own:
            return
        self._outbox.own = False
        try:
            await self._db.execute("SELECT pg_notify($1, $2)", CHANNEL, ROWS)
        except Exception as error:
            log.warning("outbox.no-notice", source=self._outbox.source, error=repr(error))
