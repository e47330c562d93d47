"""TMF622 cancelProductOrder as a resource: whoever may see an order may see the wishes to cancel it."""

from libs.tmf.resource import Resource
from services.order_acceptance.cancels.model import CancelProductOrder
from services.order_acceptance.orders.resource import PRODUCT_ORDER
from services.order_acceptance.tables import cancel_requests
from services.order_acceptance.visibility import of_orders

CANCEL_PRODUCT_ORDER = Resource(
    name="cancelProductOrder",
    type="CancelProductOrder",
    base=PRODUCT_ORDER.base,
    table=cancel_requests,
    model=CancelProductOrder,
    columns={"state": "state", "productOrder.id": "order_id"},
    visible=of_orders,
)
