"""TMF629: customer."""

from typing import Any

from libs.tmf import Document, Resource
from libs.web.call import Call
from services.customer import errors, tables
from services.customer.customers.model import Customer
from services.customer.customers.registration import change_customer, make_customer, remove_customer
from services.customer.customers.rules import ACCOUNT_MANAGER, AREA, DEALER, LEVEL
from services.customer.customers.visibility import customers_of
from services.customer.personal.records import Record
from services.customer.personal.serving import PERSONAL_NAMES, Served, already_masked, serve

CUSTOMERS = Resource(
    name="customer",
    type="Customer",
    base="/tmf-api/customerManagement/v4",
    table=tables.customers,
    model=Customer,
    columns={"status": "status", "engagedParty.id": "party"},
    characteristics={AREA: "area", LEVEL: "level", ACCOUNT_MANAGER: "account_manager", DEALER: "dealer"},
    visible=customers_of,
    mask=already_masked,
    personal=PERSONAL_NAMES,
)


async def _make(call: Call[Any], tx: Any, document: Document, id: str) -> Record:
    return await make_customer(call.runtime.state, tx, document, id=id, actor=call.actor, now=call.now)


async def _change(call: Call[Any], tx: Any, before: Record, document: Document) -> Record:
    return await change_customer(call.runtime.state, tx, before, document, actor=call.actor, now=call.now)


async def _remove(call: Call[Any], tx: Any, before: Record) -> None:
    await remove_customer(call.runtime.state, tx, before, now=call.now)


_CARE = (errors.AREA_NOT_HERE, errors.NOT_YOURS, errors.CONTACT_INVALID, errors.STATUS_NOT_REACHABLE)

routes = serve(
    Served(
        resource=CUSTOMERS,
        make=_make,
        change=_change,
        remove=_remove,
        made_refusals=(errors.PARTY_UNKNOWN, *_CARE),
        changed_refusals=(*_CARE, errors.NATIONAL_RECORD, errors.BY_ORDER_ONLY, errors.CUSTOMER_HAS_ACCOUNTS),
    ),
    "TMF629 Customer",
)
