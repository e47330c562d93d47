"""Groups by the clock: those that wait for their subscriptions begin in their turn, those that are late are aborted.

A dated group has left before: its children wait at their homes, which have judged them and begin them at their time. It
holds no subscription until then; from then on no other group comes to those that it works on.
"""

from libs.fail_points import reach
from libs.messaging import Work
from libs.service import Runtime
from services.order_acceptance.engine import rules as engine
from services.order_acceptance.engine import store as works
from services.order_acceptance.engine.carry import Batch, patience_of
from services.order_acceptance.engine.words import process_of
from services.order_acceptance.groups import store
from services.order_acceptance.groups.deciding import look
from services.order_acceptance.settlement.store import begin

AT_ONCE = 50


async def begin_group(unit: Work, order: str, *, dated: bool = False) -> None:
    """The children of a group leave where it gets all of its subscriptions; else they wait for the clock.

    Those of a dated one leave at once.
    """
    ids = await store.children_of(unit.tx, order)
    waiting = await works.lock(unit.tx, ids, unit.runtime.settings.node)
    if not dated and not await store.lock_subscriptions(unit.tx, order):
        return
    batch = Batch(unit)
    for stored in waiting.values():
        if stored.work.state is engine.WorkState.WAITING:
            patience = patience_of(unit.runtime.settings)
            batch.take(stored, engine.start(stored.work, process_of(stored.work), unit.now, patience))
    await batch.finish()


async def begin_dated(unit: Work, order: str) -> None:
    """The time of a dated group has come: its homes begin it, and other groups wait for what it works on."""
    if await store.lock_begun(unit.tx, order, unit.now):
        await begin(unit, [order], dated=[order])


async def sweep_groups(runtime: Runtime) -> None:
    """Begin groups whose subscriptions have become free, the oldest first; abort what is not ready in time."""
    async with runtime.db.connection() as connection:
        now = runtime.clock.now()
        due = await store.due(connection, now, AT_ONCE)
        free = await store.locking(connection, AT_ONCE)
        late = await store.overdue(connection, now, AT_ONCE)
    for order in due:
        async with runtime.unit() as unit:
            await begin_dated(unit, order)
    for order in free:
        async with runtime.unit() as unit:
            await begin_group(unit, order)
        reach("group.begun")
    if late:
        async with runtime.unit() as unit:
            await look(unit, late)
