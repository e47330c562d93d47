"""TMF622 productOrder as a resource: where it is kept, what is shown of it, who may see which."""

from typing import Any

from libs.json_text import json_text
from libs.tmf.render import represent
from libs.tmf.resource import Document, Resource
from libs.web.call import Answer, Call
from libs.web.editing import etag
from services.order_acceptance.orders.model import ProductOrder
from services.order_acceptance.tables import product_orders
from services.order_acceptance.visibility import of_orders

PRODUCT_ORDER = Resource(
    name="productOrder",
    type="ProductOrder",
    base="/tmf-api/productOrderingManagement/v4",
    table=product_orders,
    model=ProductOrder,
    columns={"category": "category", "state": "state"},
    visible=of_orders,
)


def answer_of(call: Call[Any], document: Document) -> Answer:
    """The answer to a new order: the whole of it, its address, its version."""
    shown = represent(PRODUCT_ORDER, call, dict(document), full=True)
    return Answer(201, json_text(shown), {"ETag": etag(1)}, location=shown["href"])
