"""The service customer, wired."""

from datetime import timedelta

from contracts.customer_data import BranchesHeld, NationalCustomerChanged
from contracts.events import BillingAccountChanged, CustomerChanged, IdentityChecked
from contracts.publications import ListsPublished, PublicationHeld
from contracts.tasks import Task, TaskResult
from libs.messaging import Handles, Publishes
from libs.messaging.tiers import at_headquarters, in_a_province, to_headquarters, to_provinces
from libs.messaging.topics import events, results, tasks
from libs.node import HQ
from libs.rebuilding import Republishes
from libs.service import Runtime, Service, Timer
from services.customer.accounts import api as accounts
from services.customer.billing import api as billing
from services.customer.branches import api as branches
from services.customer.branches.following import (
    on_branches_held,
    on_customers_changed,
    on_national_customers,
    tell_branches,
)
from services.customer.customers import api as customers
from services.customer.desk import SERVICE_NAME, Desk
from services.customer.facts import api as facts
from services.customer.facts import store as told
from services.customer.hub import HUBS
from services.customer.identity import api as identity
from services.customer.lists import api as lists
from services.customer.lists.following import follow_dates
from services.customer.parties import api as parties
from services.customer.personal import api as disclosures
from services.customer.personal.rotation import renew
from services.customer.publishing.messages import on_held, on_published
from services.customer.publishing.publication import LISTS
from services.customer.seed import seed
from services.customer.settling import api as settling
from services.customer.tables import METADATA
from services.customer.tasks.messages import on_dead_task, on_tasks


def own_events_of_headquarters(node: str) -> list[str]:
    """What headquarters tells of its customers: the provinces that hold branches of them are told too."""
    return [events(node, SERVICE_NAME)] if node == HQ else []


async def _start(runtime: Runtime) -> Desk:
    return Desk(runtime.settings.node, runtime.cipher, runtime.keys, runtime.outbox)


SERVICE = Service(
    name=SERVICE_NAME,
    package="customer",
    title="Customer 客户信息管理",
    tables=METADATA,
    hubs=HUBS,
    routes=(
        parties.individuals,
        parties.organizations,
        customers.routes,
        accounts.routes,
        *settling.routes,
        *billing.routes,
        identity.routes,
        lists.routes,
        branches.routes,
        facts.routes,
        disclosures.routes,
    ),
    handles=(
        Handles(lambda node: tasks(node, SERVICE_NAME), Task, on_tasks, when_dead=on_dead_task),
        # Tasks lock customers, and a list that changes excludes every change of these: never in one transaction.
        Handles(at_headquarters("control"), PublicationHeld, on_held, lane="control"),
        Handles(in_a_province("control"), ListsPublished, on_published, lane="control"),
        Handles(at_headquarters("customer-data"), BranchesHeld, on_branches_held, lane="branches"),
        Handles(own_events_of_headquarters, CustomerChanged, on_customers_changed, lane="branches"),
        Handles(
            in_a_province("customer-data"), NationalCustomerChanged, on_national_customers, lane="branches"
        ),
    ),
    publishes=(
        Publishes(
            lambda node: events(node, SERVICE_NAME),
            (CustomerChanged, BillingAccountChanged, IdentityChecked),
        ),
        Publishes(lambda node: results(node, "order-acceptance"), (TaskResult,)),
        Publishes(to_provinces("control"), (ListsPublished,)),
        Publishes(to_headquarters("control"), (PublicationHeld,)),
        Publishes(to_headquarters("customer-data"), (BranchesHeld,)),
        Publishes(to_provinces("customer-data"), (NationalCustomerChanged,)),
    ),
    publications=(LISTS,),
    republishes=(
        Republishes("customers", told.page_of_customers, told.count_of("customers")),
        Republishes("billingAccounts", told.page_of_accounts, told.count_of("billing_accounts")),
        Republishes("identityChecks", told.page_of_identity_checks, told.count_of("identity_checks")),
    ),
    timers=(
        Timer("renew-after-rotation", timedelta(hours=1), renew),
        Timer("lists-in-force", timedelta(seconds=10), follow_dates),
        Timer("tell-branches", timedelta(hours=1), tell_branches),
    ),
    start=_start,
    seed=seed,
)
