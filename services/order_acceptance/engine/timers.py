"""What the clock moves: tasks without an answer, dated work whose time has come, waiting work that is too late."""

from collections.abc import Sequence
from datetime import timedelta

from libs.fail_points import reach
from libs.messaging import Work
from libs.messaging.failures import describe, is_infrastructure
from libs.service import Runtime
from libs.telemetry.logs import logger
from services.order_acceptance.engine import rules, store
from services.order_acceptance.engine.carry import Batch, patience_of
from services.order_acceptance.engine.patience import LONGEST_PAUSE
from services.order_acceptance.engine.store import Stored
from services.order_acceptance.engine.words import process_of

AT_ONCE = 200
MOST_FORGOTTEN = 5_000
LATE_KEPT = timedelta(days=90)
_log = logger(__name__)


async def sweep(runtime: Runtime) -> None:
    """Ask again, give up or end what is due; rows, not sleeping coroutines, so that a restart forgets nothing.

    One that cannot be moved must not keep the others from it: a batch that fails is done one by one.
    """
    while True:
        due: list[Stored] = []
        try:
            async with runtime.unit() as unit:
                due = await store.lock_due(unit.tx, unit.now, AT_ONCE, runtime.settings.node)
                await _move(unit, due)
            if due:
                reach("engine.sweep-committed")
        except Exception as error:
            if is_infrastructure(error) or not due:
                raise
            for stored in due:
                await _move_alone(runtime, stored.work.id)
        if len(due) < AT_ONCE:
            return


async def _move(unit: Work, due: Sequence[Stored]) -> None:
    if due:
        reach("engine.swept")
    batch = Batch(unit)
    await batch.begin_due([one for one in due if one.work.state is rules.WorkState.DATED])
    for stored in due:
        decided = rules.time_passed(
            stored.work, process_of(stored.work), unit.now, patience_of(unit.runtime.settings)
        )
        if decided is not None:
            batch.take(stored, decided)
    await batch.finish()


async def _move_alone(runtime: Runtime, work_order: str) -> None:
    """Move one; what fails by itself is shown to an operator, and tried again later."""
    try:
        async with runtime.unit() as unit:
            known = await store.lock(unit.tx, [work_order], runtime.settings.node)
            await _move(unit, list(known.values()))
    except Exception as error:
        if is_infrastructure(error):
            raise
        _log.error("work-order.stuck", work_order=work_order, error=describe(error))
        async with runtime.unit() as unit:
            await store.set_aside(unit.tx, work_order, unit.now + LONGEST_PAUSE)


async def begin_accepted(runtime: Runtime) -> None:
    """Begin what was just accepted, in its turn, all that has come meanwhile in one transaction.

    What goes wrong here the sweep does a second later.
    """
    accepted = await runtime.state.turns.take(AT_ONCE)
    if not accepted:
        return
    try:
        async with runtime.unit() as unit:
            known = await store.lock(unit.tx, accepted, runtime.settings.node)
            batch = Batch(unit)
            await batch.begin_due([one for one in known.values() if one.work.state is rules.WorkState.DATED])
            await batch.finish()
        reach("engine.begun")
    except Exception as error:
        _log.warning("work-orders.begin-later", work_orders=len(accepted), error=describe(error))


async def forget_late_results(runtime: Runtime) -> None:
    """Answers that nobody waited for are evidence for as long as anybody may ask about them."""
    forgotten = MOST_FORGOTTEN
    while forgotten == MOST_FORGOTTEN:
        async with runtime.db.transaction() as tx:
            forgotten = await store.forget_late(tx, runtime.clock.now() - LATE_KEPT, MOST_FORGOTTEN)


async def count(runtime: Runtime) -> None:
    """Tell the metrics how many work orders are open in each state, and for how long the oldest is under way."""
    rows = await runtime.db.fetch(
        """SELECT state, count(*) AS n, min(created) AS oldest FROM work_orders
           WHERE state IN ('waiting', 'running', 'undoing') GROUP BY state
           UNION ALL
           SELECT 'dated', count(*), NULL FROM work_orders WHERE state = 'dated' AND next_at IS NOT NULL"""
    )
    runtime.metrics.work_orders({row["state"]: row["n"] for row in rows})
    now = runtime.clock.now()
    ages = [(now - row["oldest"]).total_seconds() for row in rows if row["oldest"] is not None]
    runtime.metrics.oldest_work_order(max(ages, default=0.0))
