"""Idempotency-Key: a repeated POST is answered with the first answer, also after a crash between effect and answer.

The claim and the answer are one row, written in the transaction of the effect. Errors store nothing.

An effect of several statements:

    async with once(call) as tx:
        await tx.execute(…)
        return tx.answer(Answer(201, order, location=…))

A hot path writes the row in its own single statement:

    SQL = f"WITH kept AS ({insert_sql(first=3)}) INSERT INTO orders (id, document) VALUES ($1, $2)"
    await call.runtime.db.execute(SQL, id, document, *kept_params(call, answer))

Where that meets a key which is taken, PostgreSQL refuses the whole statement, and whoever let the request in answers
with what was kept; so also where the effect of the first request is the reason to refuse its repetition.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from libs.database import Connection
from libs.fail_points import reach
from libs.web.call import Answer, Call
from libs.web.claims import (
    PRIMARY_KEY,
    AlreadyAnswered,
    IdempotencyClaim,
    answer_again,
    define,
    find,
    insert_sql,
    kept_params,
    trim,
)
from libs.web.twins import LONGEST_WAIT, Twins, in_progress, twins_of

__all__ = [
    "AlreadyAnswered",
    "IdempotencyClaim",
    "OnceTransaction",
    "define",
    "find",
    "insert_sql",
    "kept_params",
    "once",
    "replay",
    "trim",
]

if TYPE_CHECKING:
    _Proxy = PoolConnectionProxy[asyncpg.Record]
else:
    _Proxy = PoolConnectionProxy

# The lock tells at once whether a twin of another process is under way; the row tells whether one was before.
_TAKE = f"""
WITH alone AS MATERIALIZED (
  SELECT pg_try_advisory_xact_lock($8::bigint) AS got, set_config('lock_timeout', $9::text, true))
{insert_sql(source="FROM alone WHERE got")}
RETURNING true
"""
_WAIT = "SELECT pg_advisory_xact_lock($1::bigint)"
_KEEP = "UPDATE idempotency_keys SET status = $2, headers = $3, answer = $4 WHERE digest = $1"
PATIENCE = f"{LONGEST_WAIT:.0f}s"


class OnceTransaction(_Proxy):
    """A connection inside a transaction that ends with an answer."""

    def __init__(self, connection: Any) -> None:
        # Not super().__init__: the connection stays with the proxy that the pool gave out.
        self._con = connection._con
        self._holder = connection._holder
        self.answered: Answer | None = None

    def answer(self, answer: Answer) -> Answer:
        """What the caller gets, now and for every repetition; kept in this transaction.

        Raises ValueError for another status than 2xx: refusals are raised, and undo the transaction.
        """
        if not 200 <= answer.status < 300:
            raise ValueError(f"only a success is kept, not {answer.status}")
        self.answered = answer
        return answer


@asynccontextmanager
async def once(call: Call[Any]) -> AsyncIterator[OnceTransaction]:
    """A transaction that is done once for the call's Idempotency-Key; without one, a plain transaction.

    The block ends with `tx.answer(…)`. A repetition does not enter the block: AlreadyAnswered ends the handler, and
    the caller gets the first answer. Raises Refusal 409 idempotency-key-reused, request-in-progress.
    """
    claim = call.idempotency
    database = call.runtime.db
    if claim is None:
        async with database.transaction() as connection:
            tx = OnceTransaction(connection)
            yield tx
        return
    twins = twins_of(database)
    async with twins.alone(claim.digest):
        taken = False
        try:
            async with database.transaction() as connection:
                await _take(connection, claim, twins)
                taken = True
                reach("once.claimed")
                tx = OnceTransaction(connection)
                yield tx
                reach("once.done")
                if tx.answered is None:
                    raise RuntimeError(f"{call.route}: once() ended without tx.answer()")
                digest, _, status, headers, text, *_ = claim.params(call.runtime.cipher, tx.answered)
                await connection.execute(_KEEP, digest, status, headers, text)
                reach("once.kept")
            reach("once.committed")
            return
        except asyncpg.UniqueViolationError as clash:
            if taken or clash.constraint_name != PRIMARY_KEY:
                raise
        raise AlreadyAnswered(await replay(call))


async def replay(call: Call[Any]) -> Answer:
    """The first answer to a call whose key was found taken.

    Raises Refusal 409: idempotency-key-reused for another body, request-in-progress where no answer is there yet.
    """
    claim = call.idempotency
    if claim is None or (kept := await find(call.runtime.db, claim)) is None:
        raise in_progress()
    return answer_again(call.runtime.cipher, claim, kept)


async def _take(connection: Connection, claim: IdempotencyClaim, twins: Twins) -> None:
    mark = int.from_bytes(claim.digest[:8], "big", signed=True)
    params = (*claim.blank(), mark, PATIENCE)
    if await connection.fetchval(_TAKE, *params):
        return
    with twins.waiting_in_database():
        try:
            await connection.execute(_WAIT, mark)
        except asyncpg.LockNotAvailableError:
            raise in_progress() from None
    await connection.fetchval(_TAKE, *params)
