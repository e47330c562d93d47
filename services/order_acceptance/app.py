"""The service order-acceptance, wired."""

from dataclasses import dataclass, field
from datetime import timedelta

from contracts.bills import CrossProvinceBill
from contracts.control import Heartbeat, NotReceived, StateAsked
from contracts.events import (
    BillingAccountChanged,
    CardWritingChanged,
    CustomerChanged,
    IdentityChecked,
    OfferingChanged,
    OrderStateChanged,
    PaymentStatusChanged,
    SubscriptionChanged,
)
from contracts.reconciliation import DayReported, LinesAsked, LinesReported, ReplayAsked
from contracts.subscribers import SubscriberAsked, SubscriberTold
from contracts.tasks import Task, TaskResult
from contracts.work_orders import CancelAsked, CancelTooLate, Forward, GoAhead, Outcome, ReadyTold
from libs.messaging import Handles, Publishes
from libs.messaging.topics import downlink, events, results, tasks, uplink
from libs.service import Runtime, Service, Timer
from services.order_acceptance.cancels import api as cancels
from services.order_acceptance.cancels.messages import on_cancels, on_too_late
from services.order_acceptance.engine import api as work_orders
from services.order_acceptance.engine.timers import begin_accepted, count, forget_late_results, sweep
from services.order_acceptance.engine.turns import Turns
from services.order_acceptance.engine.words import SERVICE as NAME
from services.order_acceptance.forwards.asking import learn_first
from services.order_acceptance.forwards.messages import forward_died, on_forwards, on_outcomes
from services.order_acceptance.groups.begin import sweep_groups
from services.order_acceptance.groups.messages import on_go_aheads, on_ready
from services.order_acceptance.heartbeats.asking import ask, on_not_received, on_state_asked
from services.order_acceptance.heartbeats.beating import beat
from services.order_acceptance.heartbeats.rules import Signs
from services.order_acceptance.hub import HUBS
from services.order_acceptance.orders import api as orders
from services.order_acceptance.payments import api as payments
from services.order_acceptance.products import api as products
from services.order_acceptance.projections.messages import (
    PROJECTIONS,
    forget_checks,
    on_accounts,
    on_card_writings,
    on_customers,
    on_identity_checks,
    on_offerings,
)
from services.order_acceptance.reconciliation.messages import on_lines_asked, on_replay_asked
from services.order_acceptance.reconciliation.reporting import report_days
from services.order_acceptance.subscribers import api as subscribers
from services.order_acceptance.subscribers.answering import answer_due, forget_looks
from services.order_acceptance.subscribers.messages import on_asked, on_results, on_told
from services.order_acceptance.subscribers.waiting import Waiting
from services.order_acceptance.tables import METADATA

EXECUTORS = ("resource", "customer", "production")


@dataclass(frozen=True)
class State:
    """What this service keeps while it runs."""

    signs: Signs = field(default_factory=Signs)
    waiting: Waiting = field(default_factory=Waiting)
    turns: Turns = field(default_factory=Turns)


async def _start(runtime: Runtime) -> State:
    return State()


SERVICE = Service(
    name=NAME,
    package="order_acceptance",
    title="Order acceptance 业务受理",
    tables=METADATA,
    hubs=HUBS,
    routes=(
        orders.placing,
        orders.reading,
        cancels.asking,
        cancels.reading,
        payments.taking,
        *payments.reading,
        products.routes,
        work_orders.routes,
        subscribers.routes,
    ),
    handles=(
        Handles(lambda node: results(node, NAME), TaskResult, on_results),
        Handles(lambda node: downlink(node, "work-orders"), Forward, on_forwards, forward_died, learn_first),
        Handles(lambda node: downlink(node, "work-orders"), Outcome, on_outcomes),
        Handles(lambda node: downlink(node, "work-orders"), StateAsked, on_state_asked),
        Handles(lambda node: downlink(node, "work-orders"), NotReceived, on_not_received),
        Handles(lambda node: downlink(node, "work-orders"), CancelAsked, on_cancels),
        Handles(lambda node: downlink(node, "work-orders"), CancelTooLate, on_too_late),
        Handles(lambda node: downlink(node, "work-orders"), ReadyTold, on_ready),
        Handles(lambda node: downlink(node, "work-orders"), GoAhead, on_go_aheads),
        Handles(lambda node: downlink(node, "reports"), LinesAsked, on_lines_asked),
        Handles(lambda node: downlink(node, "reports"), ReplayAsked, on_replay_asked),
        Handles(lambda node: downlink(node, "customer-data"), SubscriberAsked, on_asked),
        Handles(lambda node: downlink(node, "customer-data"), SubscriberTold, on_told),
        Handles(lambda node: events(node, "product"), OfferingChanged, on_offerings),
        Handles(lambda node: events(node, "customer"), CustomerChanged, on_customers),
        Handles(lambda node: events(node, "customer"), BillingAccountChanged, on_accounts),
        Handles(lambda node: events(node, "customer"), IdentityChecked, on_identity_checks),
        Handles(lambda node: events(node, "resource"), CardWritingChanged, on_card_writings),
    ),
    publishes=(
        Publishes(lambda node: [tasks(node, executor) for executor in EXECUTORS], (Task,)),
        Publishes(
            lambda node: uplink(node, "work-orders"),
            (Forward, Outcome, StateAsked, NotReceived, CancelAsked, CancelTooLate, ReadyTold, GoAhead),
        ),
        Publishes(lambda node: uplink(node, "customer-data"), (SubscriberAsked, SubscriberTold)),
        Publishes(lambda node: uplink(node, "control"), (Heartbeat,)),
        Publishes(lambda node: uplink(node, "bills"), (CrossProvinceBill,)),
        Publishes(lambda node: uplink(node, "reports"), (DayReported, LinesReported)),
        Publishes(
            lambda node: events(node, NAME), (OrderStateChanged, SubscriptionChanged, PaymentStatusChanged)
        ),
    ),
    timers=(
        Timer("heartbeat", timedelta(seconds=1), beat),
        Timer("ask", timedelta(seconds=15), ask),
        Timer("begin", timedelta(0), begin_accepted),
        Timer("sweep", timedelta(seconds=1), sweep),
        Timer("groups", timedelta(seconds=1), sweep_groups),
        Timer("answer-looks", timedelta(seconds=0.25), answer_due),
        Timer("forget-looks", timedelta(minutes=1), forget_looks),
        Timer("forget-checks", timedelta(hours=1), forget_checks),
        Timer("forget-late-results", timedelta(hours=1), forget_late_results),
        Timer("count", timedelta(seconds=15), count),
        Timer("report-days", timedelta(seconds=5), report_days),
    ),
    projections=PROJECTIONS,
    start=_start,
)
