"""Who is told of the catalogue: TMF620's hub."""

from libs.tmf.hub.declaration import Hub, Told
from services.product.authority import READERS
from services.product.catalog.api import CATALOG, CATEGORY
from services.product.lifecycle.refusals import STATUS
from services.product.offerings.api import OFFERING
from services.product.parts import BASE, TAG
from services.product.prices.api import PRICE
from services.product.specifications.api import SPECIFICATION

HUB = Hub(
    base=BASE,
    tag=TAG,
    told=tuple(
        Told(resource=resource, readers=READERS, states=(STATUS,))
        for resource in (CATALOG, CATEGORY, SPECIFICATION, OFFERING, PRICE)
    ),
)
