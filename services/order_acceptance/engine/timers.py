"""What the clock moves: tasks without an answer, waiting work whose deadline passed."""

from libs.service import Runtime
from services.order_acceptance.engine import rules, store
from services.order_acceptance.engine.carry import Batch, patience_of, process_of

AT_ONCE = 200


async def sweep(runtime: Runtime) -> None:
    """Ask again, give up or end what is due; rows, not sleeping coroutines, so that a restart forgets nothing."""
    while True:
        async with runtime.unit() as unit:
            due = await store.lock_due(unit.tx, unit.now, AT_ONCE, runtime.settings.node)
            batch = Batch(unit)
            for stored in due:
                decided = rules.time_passed(stored.work, process_of(stored.work), unit.now, patience_of(unit))
                if decided is not None:
                    batch.take(stored, decided)
            await batch.finish()
        if len(due) < AT_ONCE:
            return


async def count(runtime: Runtime) -> None:
    """Tell the metrics how many work orders are open in each state."""
    rows = await runtime.db.fetch(
        """SELECT state, count(*) AS n FROM work_orders
           WHERE state IN ('waiting', 'running', 'undoing') GROUP BY state"""
    )
    runtime.metrics.work_orders({row["state"]: row["n"] for row in rows})
