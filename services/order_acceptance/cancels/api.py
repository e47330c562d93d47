"""TMF622 cancelProductOrder."""

from libs.security.roles import EVERYONE
from libs.tmf.codes import SENT
from libs.tmf.crud import READS, crud_routes
from libs.web.call import Answer, Call
from libs.web.routes import KIB, Routes
from services.order_acceptance import errors
from services.order_acceptance.cancels.asking import cancel_order
from services.order_acceptance.cancels.model import CancelProductOrder, CancelProductOrderCreate
from services.order_acceptance.cancels.resource import CANCEL_PRODUCT_ORDER
from services.order_acceptance.orders.api import ACCEPTERS, TAG

asking = Routes(prefix=CANCEL_PRODUCT_ORDER.base, tag=TAG)


@asking.post(
    "/cancelProductOrder",
    allow=ACCEPTERS,
    body=CancelProductOrderCreate,
    answer=CancelProductOrder,
    status=201,
    max_body=64 * KIB,
    errors=(
        *SENT,
        errors.ORDER_UNKNOWN,
        errors.CANNOT_BE_SET,
        errors.TOO_LATE_TO_CANCEL,
        errors.CANCEL_UNDER_WAY,
    ),
    operation_id="createCancelProductOrder",
)
async def create_cancel_product_order(call: Call[CancelProductOrderCreate]) -> Answer:
    """Ask for an order to be taken back. Its home decides: everything is undone, or it goes on as if never asked."""
    return await cancel_order(call)


reading = crud_routes(CANCEL_PRODUCT_ORDER, allow_read=EVERYONE, offer=READS, tag=TAG)
