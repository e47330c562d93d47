"""hq_router 跨省业务管理和转发, wired: what it serves, takes in, sends, and does by the clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.bills import CrossProvinceBill
from contracts.control import Heartbeat, NotReceived, StateAsked
from contracts.reconciliation import DayReported, LinesAsked, LinesReported, ReplayAsked
from contracts.subscribers import SubscriberAsked, SubscriberTold
from contracts.work_orders import CancelAsked, CancelTooLate, Forward, GoAhead, Outcome, ReadyTold
from libs.messaging import Handles, Publishes
from libs.messaging.tiers import downlinks, uplinks
from libs.service import Runtime, Service, Timer
from services.hq_router.acts import routes as act_routes
from services.hq_router.asking.messages import ask_quiet, on_not_received, on_state_asked
from services.hq_router.bills.api import routes as bill_routes
from services.hq_router.bills.messages import on_bills
from services.hq_router.forwards.api import routes as forward_routes
from services.hq_router.forwards.messages import on_forwards, on_outcomes
from services.hq_router.holding.api import routes as holding_routes
from services.hq_router.holding.release import release_held
from services.hq_router.homes.api import routes as ported_routes
from services.hq_router.homes.segments import load_segments
from services.hq_router.looking.messages import forget_looks, on_asked, on_told
from services.hq_router.nodes.api import routes as node_routes
from services.hq_router.nodes.measuring import measure
from services.hq_router.nodes.messages import on_heartbeats
from services.hq_router.reconciliation.api import routes as reconciliation_routes
from services.hq_router.reconciliation.comparing import reconcile
from services.hq_router.reconciliation.messages import on_lines, on_reports
from services.hq_router.tables import METADATA
from services.hq_router.words.messages import on_cancels, on_go_aheads, on_ready, on_too_late


@dataclass(frozen=True)
class State:
    """What the router keeps while it runs."""

    started: datetime
    """Since when it listens: no node is silent for longer than that."""


async def start(runtime: Runtime) -> State:
    """The numbering plan of the installed library, before the first forward is routed by it."""
    await load_segments(runtime.db, runtime.clock.now())
    return State(started=runtime.clock.now())


SERVICE = Service(
    name="hq-router",
    package="hq_router",
    title="Cross-province routing",
    tables=METADATA,
    routes=(
        forward_routes,
        holding_routes,
        node_routes,
        act_routes,
        bill_routes,
        reconciliation_routes,
        ported_routes,
    ),
    handles=(
        # Work orders wait for nothing else, and a fetch names the work-order topics of all provinces only: with the
        # others beside them each took five times as long.
        Handles(uplinks("work-orders"), Forward, on_forwards),
        Handles(uplinks("work-orders"), Outcome, on_outcomes),
        Handles(uplinks("work-orders"), StateAsked, on_state_asked),
        Handles(uplinks("work-orders"), NotReceived, on_not_received),
        Handles(uplinks("work-orders"), CancelAsked, on_cancels),
        Handles(uplinks("work-orders"), CancelTooLate, on_too_late),
        Handles(uplinks("work-orders"), GoAhead, on_go_aheads),
        Handles(uplinks("work-orders"), ReadyTold, on_ready),
        Handles(uplinks("control"), Heartbeat, on_heartbeats, lane="control"),
        Handles(uplinks("bills"), CrossProvinceBill, on_bills, lane="bills"),
        Handles(uplinks("reports"), DayReported, on_reports, lane="reports"),
        Handles(uplinks("reports"), LinesReported, on_lines, lane="reports"),
        Handles(uplinks("customer-data"), SubscriberAsked, on_asked, lane="customer-data"),
        Handles(uplinks("customer-data"), SubscriberTold, on_told, lane="customer-data"),
    ),
    publishes=(
        Publishes(
            downlinks("work-orders"),
            (Forward, Outcome, StateAsked, NotReceived, CancelAsked, CancelTooLate, GoAhead, ReadyTold),
        ),
        Publishes(downlinks("reports"), (LinesAsked, ReplayAsked)),
        Publishes(downlinks("customer-data"), (SubscriberAsked, SubscriberTold)),
    ),
    timers=(
        Timer("release-held", timedelta(seconds=5), release_held),
        Timer("ask-quiet", timedelta(seconds=15), ask_quiet),
        Timer("measure-nodes", timedelta(seconds=10), measure),
        Timer("reconcile", timedelta(seconds=15), reconcile),
        Timer("forget-looks", timedelta(minutes=1), forget_looks),
    ),
    start=start,
    tiers=frozenset({"hq"}),
)
