"""TMF622 productOrder."""

from typing import Any

from libs.database import Connection
from libs.security.roles import (
    ACCOUNT_MANAGER,
    CALL_CENTRE_CLERK,
    DEALER_CLERK,
    EVERYONE,
    HALL_CLERK,
    HQ_OPERATOR,
    MACHINE,
    SERVICE,
    SUPERVISOR,
    Roles,
)
from libs.tmf.codes import SENT
from libs.tmf.crud import crud_routes
from libs.tmf.handlers import Hooks
from libs.tmf.resource import Document
from libs.web.call import Answer, Call
from libs.web.errors import Reason, Refusal, refuse
from libs.web.routes import KIB, Routes
from services.order_acceptance import errors
from services.order_acceptance.orders.model import ProductOrder, ProductOrderCreate
from services.order_acceptance.orders.place import place_order
from services.order_acceptance.orders.resource import PRODUCT_ORDER

ACCEPTERS = Roles(
    HALL_CLERK, CALL_CENTRE_CLERK, DEALER_CLERK, ACCOUNT_MANAGER, SUPERVISOR, HQ_OPERATOR, MACHINE, SERVICE
)
DESCRIBES = frozenset({"description", "externalId", "notificationContact", "note"})
TAG = "TMF622 Product Ordering"

AT_THE_DOOR = (
    *SENT,
    errors.BUSINESS_NOT_RECOGNISED,
    errors.BUSINESS_MIXED,
    errors.BUSINESS_NOT_OFFERED,
    errors.CHARACTERISTIC_MISSING,
    errors.CHARACTERISTIC_INVALID,
    errors.ITEM_NOT_FITTING,
    errors.OFFERING_UNKNOWN,
    errors.OFFERING_NOT_SERVED,
    errors.OFFERING_NOT_FOR_CUSTOMER,
    errors.OFFERING_NOT_AVAILABLE,
    errors.OPTION_NOT_FOR_PLAN,
    errors.CUSTOMER_REQUIRED,
    errors.CUSTOMER_UNKNOWN,
    errors.CUSTOMER_NOT_ACTIVE,
    errors.CUSTOMER_BLACKLISTED,
    errors.ACCOUNT_UNKNOWN,
    errors.ACCOUNT_NOT_OF_CUSTOMER,
    errors.PRESENTER_REQUIRED,
    errors.IDENTITY_CHECK_UNKNOWN,
    errors.IDENTITY_CHECK_EXPIRED,
    errors.IDENTITY_CHECK_USED,
    errors.IDENTITY_MISMATCH,
    errors.NUMBER_IN_USE,
    errors.NUMBER_REQUIRED,
    errors.USE_NUMBER,
    errors.PAYMENT_UNKNOWN,
    errors.PAYMENT_NOT_BINDABLE,
    errors.PAYMENT_ALREADY_USED,
    errors.PRICE_CHANGED,
    errors.OFFERING_NOT_SOLD_HERE,
    errors.CHANNEL_DIFFERS,
    errors.CANNOT_BE_SET,
    errors.HOME_ONLY,
    errors.REASON_NOT_YOURS,
    errors.CUSTOMER_REDLISTED,
    errors.ALREADY_SUSPENDED,
    errors.NOT_SUSPENDED,
    errors.PLAN_UNCHANGED,
    errors.NETWORK_MISMATCH,
    errors.OPTION_ALREADY_THERE,
    errors.OPTION_NOT_THERE,
    errors.PRODUCT_UNKNOWN,
    errors.ORDER_UNKNOWN,
    errors.FORMER_ORDER_NOT_FITTING,
    errors.CARD_ALREADY_WRITTEN,
    errors.CARD_ALREADY_REPLACED,
    # Of groups, at headquarters.
    errors.GROUP_REQUIRED,
    errors.PROVINCE_REQUIRED,
    errors.PROVINCE_UNKNOWN,
)

placing = Routes(prefix=PRODUCT_ORDER.base, tag=TAG)


@placing.post(
    "/productOrder",
    allow=ACCEPTERS,
    body=ProductOrderCreate,
    answer=ProductOrder,
    status=201,
    max_body=256 * KIB,
    errors=AT_THE_DOOR,
    operation_id="createProductOrder",
)
async def create_product_order(call: Call[ProductOrderCreate]) -> Answer:
    """Accept an order: one business, on one subscription. What stock, router or home refuse later is in `failure`."""
    return await place_order(call)


async def only_what_describes(tx: Connection, call: Call[Any], document: Document, before: Document) -> None:
    """An accepted order does what it says; only its notes and references may be written afterwards."""
    changed = {name for name in {*document, *before} if document.get(name) != before.get(name)}
    refuse(Reason(errors.BY_ORDER_ONLY, path=name) for name in sorted(changed - DESCRIBES))


async def never_deleted(tx: Connection, call: Call[Any], document: Document) -> None:
    raise Refusal(Reason(errors.NOT_DELETABLE))


reading = crud_routes(
    PRODUCT_ORDER,
    allow_read=EVERYONE,
    allow_change=ACCEPTERS,
    allow_delete=ACCEPTERS,
    hooks=Hooks(on_change=only_what_describes, on_delete=never_deleted),
    offer={"list", "retrieve", "patch", "delete"},
    tag=TAG,
    errors=(errors.BY_ORDER_ONLY, errors.NOT_DELETABLE),
)
