"""Letting held forwards go: in the order in which they came up, in bounded batches."""

from libs.fail_points import reach
from libs.messaging import Work
from libs.service import Runtime
from services.hq_router.forwards.ledger import Batch
from services.hq_router.holding import rules, store

RELEASED_AT_ONCE = 500


async def release(work: Work) -> int:
    """Send, or fail, the held forwards whose time has come, a batch at most; how many were looked at."""
    gate = await store.gate(work.tx, [], work.runtime.state.started, work.now)
    lines = await store.lock_due(work.tx, gate.doors, RELEASED_AT_ONCE)
    batch = Batch(work, {line.name: line for line in lines})
    for line in lines:
        closed = gate.why(line.entry.home or "", line.business, line.number)
        decision = rules.released(line.entry, line.origin, work.now, closed)
        if decision is not None:
            batch.apply(line, decision)
        elif line.number is not None:
            gate.waiting.add(line.number)
    await batch.finish()
    return len(lines)


async def release_some(runtime: Runtime) -> None:
    """After an operator opened a way: the first batch at once, the rest by the clock."""
    await _release_batch(runtime)


async def release_held(runtime: Runtime) -> None:
    """By the clock: batch after batch, each its own transaction, until nothing more may go."""
    while True:
        if await _release_batch(runtime) < RELEASED_AT_ONCE:
            return


async def _release_batch(runtime: Runtime) -> int:
    async with runtime.unit() as work:
        looked_at = await release(work)
    if looked_at:
        reach("holding.released")
    return looked_at
