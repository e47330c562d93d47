"""Requests that wait for an answer which comes as a message: bounded in number, and holding nothing meanwhile.

The message may come in at another process of this service. So the answer lies in a row, and each process that has
somebody waiting looks for the rows of all its waiting requests at once: one short statement every few milliseconds,
however many wait, and none when nobody does. The row goes with the look that found it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.database import Database
from libs.telemetry.logs import logger
from libs.web import codes
from libs.web.errors import Reason, Refusal
from services.order_acceptance.subscribers import store

MOST = 200
"""How many requests wait in one process."""
LOOK_EVERY = 0.02
_log = logger(__name__)


class Waiting:
    """The waiting requests of one process."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self._places = 0
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place among those that wait, to be taken before anything is asked.

        Raises Refusal 503 where all are taken.
        """
        if self._places >= MOST:
            raise Refusal(Reason(codes.TEMPORARILY_UNAVAILABLE))
        self._places += 1
        try:
            yield
        finally:
            self._places -= 1

    async def answer(self, db: Database, id: str, seconds: float) -> str | None:
        """The JSON that was told to this look within so many seconds, or None; its row is gone then."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[id] = future
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(db), name="looks at subscribers")
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            # What came in the last moment counts; what comes later finds nobody.
            return await store.end_look(db, id)
        finally:
            self._waiting.pop(id, None)

    async def _look(self, db: Database) -> None:
        while self._waiting:
            await asyncio.sleep(LOOK_EVERY)
            try:
                found = await store.take_answers(db, list(self._waiting))
            except Exception as error:
                # Whoever waits does so for seconds only; the next look may find the database again.
                _log.warning("look.not-looked", error=repr(error))
                continue
            for id, told in found.items():
                future = self._waiting.get(id)
                if future is not None and not future.done():
                    future.set_result(told)
                else:
                    _log.info("look.nobody-waits", look=id)
