"""TMF622 productOrder as a resource: where it is kept, what is shown of it, who may see which."""

from typing import Any

from libs.tmf import Resource
from libs.web.call import Answer, Call
from services.order_acceptance.orders.model import ProductOrder
from services.order_acceptance.tables import product_orders
