"""TMF666: billingAccount."""

from typing import Any

from libs.tmf import Document, Resource
from libs.web.call import Call
from services.customer import errors, tables
from services.customer.accounts.model import BillingAccount
from services.customer.accounts.registration import change_account, open_account, remove_account
from services.customer.customers.visibility import of_their_customers
from services.customer.personal.records import Record
from services.customer.personal.serving import PERSONAL_NAMES, Served, already_masked, serve

BILLING_ACCOUNTS = Resource(
    name="billingAccount",
    type="BillingAccount",
    base="/tmf-api/accountManagement/v4",
    table=tables.billing_accounts,
    model=BillingAccount,
    columns={"state": "state"},
    server_set=frozenset({"id", "href", "lastModified"}),
    visible=of_their_customers,
    mask=already_masked,
    personal=PERSONAL_NAMES,
)


async def _make(call: Call[Any], tx: Any, document: Document, id: str) -> Record:
    return await open_account(call.runtime.state, tx, document, id=id, actor=call.actor, now=call.now)


async def _change(call: Call[Any], tx: Any, before: Record, document: Document) -> Record:
    return await change_account(call.runtime.state, tx, before, document, now=call.now)


async def _remove(call: Call[Any], tx: Any, before: Record) -> None:
    await remove_account(call.runtime.state, tx, before, now=call.now)


_BOTH = (
    errors.CONTACT_INVALID,
    errors.PAYER_REQUIRED,
    errors.BY_ORDER_ONLY,
    errors.STATUS_NOT_REACHABLE,
)

routes = serve(
    Served(
        resource=BILLING_ACCOUNTS,
        make=_make,
        change=_change,
        remove=_remove,
        made_refusals=(*_BOTH, errors.CUSTOMER_UNKNOWN, errors.CUSTOMER_CLOSED),
        changed_refusals=_BOTH,
    ),
    "TMF666 Billing account",
)
