"""What the metrics are told of the nodes: for how long each was silent, and what is held for it."""

from libs.service import Runtime
from services.hq_router.nodes import store


async def measure(runtime: Runtime) -> None:
    """Of every node that was ever heard: one that has not joined yet is nobody's trouble."""
    now = runtime.clock.now()
    held = {row["home"]: row["held"] for row in await store.open_for(runtime.db, now)}
    for row in await store.heard_nodes(runtime.db):
        silent = max(0.0, (now - row["last_heard"]).total_seconds())
        runtime.metrics.link(row["code"], silent, held.get(row["code"], 0))
