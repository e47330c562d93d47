"""Entries begin and end by the clock: then the facts of the customers whom they concern follow.

What is told of a customer says `in_force`, not what time it is: so that its versions are told in their order whatever
clocks the processes of a node have, and the facts that are asked for are those that were told.
"""

from libs.service import Runtime
from services.customer.desk import Desk
from services.customer.facts.telling import lists_may_change, tell_listed
from services.customer.lists import store

BATCH = 200


async def follow_dates(runtime: Runtime) -> None:
    """Let the facts follow what began or ended, in small transactions."""
    desk: Desk = runtime.state
    # Nobody is held up where there is nothing to do: in most rounds.
    while await store.any_due(runtime.db, runtime.clock.now()):
        async with runtime.unit() as work:
            await lists_may_change(work.tx)
            entries = await store.due(work.tx, work.now, BATCH)
            await store.keep_standings(work.tx, ((one.id, one.valid.standing(work.now)) for one in entries))
            await tell_listed(
                desk,
                work.tx,
                work.now,
                customers=[one.customer for one in entries if one.customer],
                digests=[digest for one in entries for digest in one.digests or ()],
            )
