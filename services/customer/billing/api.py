"""TMF666: billFormat, billPresentationMedia, billingCycleSpecification, which accounts refer to."""

from typing import Any

from libs.database import Connection
from libs.security.roles import EVERYONE, HQ_OPERATOR, SUPERVISOR, Roles
from libs.tmf import Document, Hooks, Resource, crud_routes
from libs.web import whole_node
from libs.web.call import Call
from libs.web.errors import Reason, Refusal
from services.customer import errors, tables
from services.customer.accounts.api import BILLING_ACCOUNTS
from services.customer.accounts.store import is_referred_to
from services.customer.billing.model import BillFormat, BillingCycleSpecification, BillPresentationMedia

KEEPERS = Roles(SUPERVISOR, HQ_OPERATOR)

FORMATS = Resource(
    name="billFormat",
    type="BillFormat",
    base=BILLING_ACCOUNTS.base,
    table=tables.bill_formats,
    model=BillFormat,
)
MEDIA = Resource(
    name="billPresentationMedia",
    type="BillPresentationMedia",
    base=BILLING_ACCOUNTS.base,
    table=tables.bill_presentation_media,
    model=BillPresentationMedia,
)
CYCLES = Resource(
    name="billingCycleSpecification",
    type="BillingCycleSpecification",
    base=BILLING_ACCOUNTS.base,
    table=tables.billing_cycles,
    model=BillingCycleSpecification,
)


async def for_every_area(tx: Connection, call: Call[Any], document: Document, *_: Document) -> None:
    """How bills look, and when they are made, is the same in every area: whose right ends at one reads it."""
    whole_node.check_written(call)


async def not_in_use(tx: Connection, call: Call[Any], document: Document) -> None:
    """What an account refers to stays."""
    await for_every_area(tx, call, document)
    if await is_referred_to(tx, document["id"]):
        raise Refusal(Reason(errors.NOT_DELETABLE))


routes = tuple(
    crud_routes(
        resource,
        allow_read=EVERYONE,
        allow_write=KEEPERS,
        hooks=Hooks(on_create=for_every_area, on_change=for_every_area, on_delete=not_in_use),
        tag="TMF666 Billing",
        errors=(errors.NOT_DELETABLE,),
    )
    for resource in (FORMATS, MEDIA, CYCLES)
)
