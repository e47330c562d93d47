"""hq_router 跨省业务管理和转发, wired: what it serves, takes in, sends, and does by the clock."""

from datetime import timedelta

from contracts.bills import CrossProvinceBill
from contracts.work_orders import Forward, Outcome
from libs.messaging import Handles, Publishes
from libs.service import Runtime, Service, Timer
from services.hq_router.bills.api import routes as bill_routes
from services.hq_router.bills.messages import on_bills
from services.hq_router.forwards.api import routes as forward_routes
from services.hq_router.forwards.messages import on_forwards, on_outcomes, release_held
from services.hq_router.homes.api import routes as ported_routes
from services.hq_router.homes.segments import load_segments
from services.hq_router.tables import METADATA
from services.hq_router.uplinks import downlinks, uplinks


async def start(runtime: Runtime) -> None:
    """The numbering plan of the installed library, before the first forward is routed by it."""
    await load_segments(runtime.db, runtime.clock.now())


async def _release_held(runtime: Runtime) -> None:
    async with runtime.unit() as work:
        await release_held(work)


SERVICE = Service(
    name="hq-router",
    package="hq_router",
    title="Cross-province routing",
    tables=METADATA,
    routes=(forward_routes, bill_routes, ported_routes),
    handles=(
        Handles(uplinks("work-orders"), Forward, on_forwards),
        Handles(uplinks("work-orders"), Outcome, on_outcomes),
        Handles(uplinks("bills"), CrossProvinceBill, on_bills),
    ),
    publishes=(Publishes(downlinks("work-orders"), (Forward, Outcome)),),
    timers=(Timer("release-held", timedelta(seconds=5), _release_held),),
    start=start,
    tiers=frozenset({"hq"}),
)
