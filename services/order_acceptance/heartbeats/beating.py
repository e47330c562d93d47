"""Heartbeats: the node is there, and these are the processes that it can run."""

from contracts.control import Heartbeat, ProcessKnown
from libs.messaging import Outgoing
from libs.messaging.topics import uplink
from libs.service import Runtime
from services.order_acceptance.heartbeats.rules import Signs
from services.order_acceptance.processes import PROCESSES


async def beat(runtime: Runtime) -> None:
    """Send a heartbeat when the last one is ten seconds old by the clock of business.

    It is looked at more often than that: when the clock is advanced, nobody is to take the node for silent.
    """
    signs: Signs = runtime.state.signs
    if not signs.beat_due(now := runtime.clock.now()):
        return
    # Taken for said before it is: who looks meanwhile does not say it again.
    before, signs.beaten = signs.beaten, now
    node = runtime.settings.node
    known = [ProcessKnown(process=process, version=version) for process, version in sorted(PROCESSES)]
    try:
        async with runtime.unit() as work:
            heartbeat = Heartbeat(node=node, at=now, processes=known)
            work.send(Outgoing(topic=uplink(node, "control"), key=node, data=heartbeat))
    except BaseException:
        signs.beaten = before
        raise
