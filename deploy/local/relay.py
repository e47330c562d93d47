"""A relay in a process of its own: it sends what a service of the node writes, and answers nobody."""

import asyncio
from signal import SIGINT, SIGTERM

import structlog
import uvloop

from deploy.local.node import set_up
from libs.clock import clock_from
from libs.messaging import Outbox
from libs.node import Settings
from libs.service import Service, relay_of
from libs.telemetry.settings import tracing

log = structlog.get_logger(__name__)


def run(service: Service, settings: Settings) -> None:
    """Send until SIGTERM or Ctrl-C; then what is on its way is finished."""
    set_up(settings)
    uvloop.run(_send(service, settings))


async def _send(service: Service, settings: Settings) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (SIGINT, SIGTERM):
        loop.add_signal_handler(number, told.set)
    outbox = Outbox(settings.node, service.name)
    relay = relay_of(service, settings, clock_from(settings.clock_file), outbox)
    async with tracing(settings.tracing, settings.node, service.name) as outbox.tracer:
        await relay.start()
        log.info("relay.started", service=service.name)
        await told.wait()
        await relay.stop()
    log.info("relay.stopped", service=service.name)
