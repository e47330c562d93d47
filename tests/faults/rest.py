"""How a fleet comes to rest: nothing moves any more, what is dated has had its day, and the books are closed."""

import asyncio
import time
from datetime import timedelta

import asyncpg

from deploy.local.fleet import Fleet
from libs.clock import ShiftedClock, next_cycle
from tests.faults.checker.books import ACCOUNTS
from tests.faults.checker.evidence import databases

AFTER_CLOSE = timedelta(hours=6, minutes=1)
"""So long after the beginning of a cycle the accounting day before it has closed."""
LONGEST_STEP = timedelta(days=10)
"""Time goes on in steps that are far shorter than anything is remembered for."""
QUIET_WITHIN = 180.0
"""Seconds in which everything that was accepted has to come to its end."""
RECONCILED_WITHIN = 120.0


async def end_of_cycle(fleet: Fleet, clock: ShiftedClock) -> None:
    """Let time go on to the next cycle, and then until the accounting day before it has closed."""
    due = next_cycle(clock.now())
    for moment in (due, due + AFTER_CLOSE):
        while clock.now() < moment:
            clock.advance(min(moment - clock.now(), LONGEST_STEP))
            await quiet(fleet, dated=clock.now() >= due, told=True)


_OPEN_BOOKS = """
SELECT (SELECT count(*) FROM reconciliations WHERE state <> 'matched')
  + (SELECT count(*) FROM (SELECT DISTINCT accounting_day FROM forwards) AS f
     WHERE (SELECT count(*) FROM reconciliations WHERE day = accounting_day) < $1)
"""


async def reconciled(fleet: Fleet, clock: ShiftedClock) -> None:
    """Let time go on until the books of every day agree, or until that has taken too long."""
    end = time.monotonic() + RECONCILED_WITHIN
    router = await asyncpg.connect(f"{fleet.engines.postgres_url}/hq_hq_router", timeout=5)
    try:
        while time.monotonic() < end:
            if not await router.fetchval(_OPEN_BOOKS, len(ACCOUNTS) * len(fleet.plan.nodes)):
                return
            await asyncio.sleep(3)
            # What still changes of a day is counted again after a minute.
            clock.advance(timedelta(seconds=61))
    finally:
        await router.close()


async def quiet(fleet: Fleet, *, dated: bool = False, told: bool = False) -> None:
    """Wait until nothing moves any more, or until it has had time enough: what is left then the checker says.

    `dated`: also of what waits for the next cycle, which has come. `told`: also of what listeners are still to hear.
    """
    end = time.monotonic() + QUIET_WITHIN
    still = 0
    while time.monotonic() < end and still < 3:
        try:
            busy = await _busy(fleet, dated=dated, told=told)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            busy = 1
        still = 0 if busy else still + 1
        await asyncio.sleep(0.5)


_QUEUED = "SELECT (SELECT count(*) FROM outbox WHERE topic NOT LIKE '%.uplink.control') + (SELECT count(*) FROM parked)"
_WORKS = """SELECT count(*) FROM work_orders WHERE state NOT IN ('completed', 'failed', 'rejected', 'cancelled')
  AND ($1 OR content ->> 'effective' IS DISTINCT FROM 'next-cycle')"""
_FORWARDS = """SELECT count(*) FROM forwards WHERE state <> 'ended'
  AND ($1 OR document -> 'content' ->> 'effective' IS DISTINCT FROM 'next-cycle')"""


_UNTOLD = "SELECT count(*) FROM hub_deliveries WHERE state = 'waiting'"


async def _busy(fleet: Fleet, *, dated: bool, told: bool) -> int:
    found = 0
    for name in await databases(fleet.engines.postgres_url, fleet.plan.nodes):
        connection = await asyncpg.connect(f"{fleet.engines.postgres_url}/{name}", timeout=5)
        try:
            found += await connection.fetchval(_QUEUED)
            if name.endswith("_order_acceptance"):
                found += await connection.fetchval(_WORKS, dated)
                found += await connection.fetchval(_UNTOLD) if told else 0
            if name.endswith("_hq_router"):
                found += await connection.fetchval(_FORWARDS, dated)
        finally:
            await connection.close()
        if found:
            break
    return found
