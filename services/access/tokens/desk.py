"""Where names and secrets are checked: one attempt on a name at a time, and not too many of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from libs.database import Database
from services.access.operators.passwords import Passwords
from services.access.operators.rules import Client, Operator, normal_username
from services.access.tokens import store
from services.access.tokens.rules import WINDOW, Credentials, NotGranted, attempts_key


class TooManyAttempts(Exception):
    """The name has failed too often; `seconds` until it may be tried again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Desk:
    """The state of the token endpoint in one process."""

    def __init__(self, passwords: Passwords) -> None:
        self.passwords = passwords
        self._turns: dict[str, tuple[asyncio.Lock, int]] = {}

    async def operator(self, db: Database, username: str, password: str, now: datetime) -> Operator:
        """The person with this name and password.

        Raises NotGranted `invalid-grant`, TooManyAttempts, Overloaded. An unknown name takes as long as a wrong
        password, and answers the same; it is counted the same, too.
        """
        name = normal_username(username)
        key = attempts_key("operator", name)
        async with self._turn(key):
            known = await store.operator_named(db, name, key)
            fits = await self._fits(db, key, known, password, now, store.replace_password_hash)
        if known.who is None or not fits:
            raise NotGranted("invalid-grant")
        return known.who

    async def client(self, db: Database, credentials: Credentials, now: datetime) -> Client:
        """The program with this id and secret. Raises NotGranted `invalid-client`, TooManyAttempts, Overloaded."""
        key = attempts_key("client", credentials.id)
        async with self._turn(key):
            known = await store.client_named(db, credentials.id, key)
            fits = await self._fits(db, key, known, credentials.secret, now, store.replace_secret_hash)
        if known.who is None or not fits:
            raise NotGranted("invalid-client")
        return known.who

    async def _fits(
        self,
        db: Database,
        key: str,
        known: store.Known[Operator] | store.Known[Client],
        secret: str,
        now: datetime,
        replace: Callable[[Database, str, str, str], Awaitable[None]],
    ) -> bool:
        if wait := known.attempts.wait(now):
            raise TooManyAttempts(wait)
        fits, better = await self.passwords.verify(secret, known.secret_hash)
        if known.who is None or not known.who.active or not fits:
            await store.count_failure(db, key, now, WINDOW)
            return False
        if known.attempts.failures:
            await store.forget_failures(db, key)
        if better is not None and known.secret_hash is not None:
            await replace(db, known.who.id, known.secret_hash, better)
        return True

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncIterator[None]:
        """One attempt on a name at a time, so that many at once are still counted one by one."""
        lock, waiting = self._turns.get(key, (asyncio.Lock(), 0))
        self._turns[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            _, waiting = self._turns[key]
            if waiting == 1:
                del self._turns[key]
            else:
                self._turns[key] = (lock, waiting - 1)
