"""Who is told of orders, of installed products and of money: the hubs of TMF622, TMF637 and TMF676."""

from libs.security.roles import EVERYONE
from libs.tmf.hub.declaration import CREATE, STATE, Hub, Told
from services.order_acceptance.cancels.resource import CANCEL_PRODUCT_ORDER
from services.order_acceptance.orders.api import TAG as ORDERING
from services.order_acceptance.orders.resource import PRODUCT_ORDER
from services.order_acceptance.payments.api import TAG as PAYING
from services.order_acceptance.payments.resource import BASE as PAYMENTS
from services.order_acceptance.payments.resource import PAYMENT, REFUND
from services.order_acceptance.products.resource import PRODUCT

ORDERS = Hub(
    base=PRODUCT_ORDER.base,
    tag=ORDERING,
    told=(
        Told(
            resource=PRODUCT_ORDER,
            readers=EVERYONE,
            states=("state",),
            # Items end as their order does, and with its end comes why.
            follows=frozenset({"productOrderItem", "completionDate", "failure", "realized"}),
        ),
        Told(
            resource=CANCEL_PRODUCT_ORDER,
            readers=EVERYONE,
            states=("state",),
            follows=frozenset({"effectiveCancellationDate"}),
            # Nothing about a wish is ever edited or removed.
            events=(CREATE, STATE),
        ),
    ),
)

PRODUCTS = Hub(
    base=PRODUCT.base,
    tag="TMF637 Product Inventory",
    told=(
        Told(
            resource=PRODUCT,
            readers=EVERYONE,
            states=("status",),
            follows=frozenset({"terminationDate"}),
        ),
    ),
)

MONEY = Hub(
    base=PAYMENTS,
    tag=PAYING,
    told=tuple(
        Told(resource=resource, readers=EVERYONE, states=("status",), follows=frozenset({"statusDate"}))
        for resource in (PAYMENT, REFUND)
    ),
)

HUBS = (ORDERS, PRODUCTS, MONEY)
