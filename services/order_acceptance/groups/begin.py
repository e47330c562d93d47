"""Groups by the clock: those that wait for their subscriptions begin in their turn, those that are late are aborted."""

from libs.messaging import Work
from libs.service import Runtime
from services.order_acceptance.engine import rules as engine
from services.order_acceptance.engine import store as works
from services.order_acceptance.engine.carry import Batch, patience_of
from services.order_acceptance.engine.words import process_of
from services.order_acceptance.groups import store
from services.order_acceptance.groups.deciding import look

AT_ONCE = 50


async def begin_group(unit: Work, order: str) -> None:
    """The children of a group leave where it gets all of its subscriptions; else they wait for the clock."""
    ids = await store.children_of(unit.tx, order)
    waiting = await works.lock(unit.tx, ids, unit.runtime.settings.node)
    if not await store.lock_subscriptions(unit.tx, order):
        return
    batch = Batch(unit)
    for stored in waiting.values():
        if stored.work.state is engine.WorkState.WAITING:
            patience = patience_of(unit.runtime.settings)
            batch.take(stored, engine.start(stored.work, process_of(stored.work), unit.now, patience))
    await batch.finish()


async def sweep_groups(runtime: Runtime) -> None:
    """Begin groups whose subscriptions have become free, the oldest first; abort what is not ready in time."""
    async with runtime.db.connection() as connection:
        free = await store.locking(connection, AT_ONCE)
        late = await store.overdue(connection, runtime.clock.now(), AT_ONCE)
    for order in free:
        async with runtime.unit() as unit:
            await begin_group(unit, order)
    if late:
        async with runtime.unit() as unit:
            await look(unit, late)
