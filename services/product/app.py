"""The service product, wired."""

from datetime import timedelta

from contracts.events import OfferingChanged
from libs.messaging import Publishes
from libs.messaging.topics import events
from libs.rebuilding import Republishes
from libs.service import Runtime, Service, Timer
from services.product.catalog import api as catalog
from services.product.facts import api as facts
from services.product.facts.store import BATCH, count_offerings, page_of_offerings, tell_due
from services.product.offerings import api as offerings
from services.product.prices import api as prices
from services.product.seed import seed
from services.product.specifications import api as specifications
from services.product.tables import METADATA


async def _tell_due(runtime: Runtime) -> None:
    """Prices begin and end by the clock: then their offerings are told anew."""
    looked_at = BATCH
    while looked_at == BATCH:
        async with runtime.unit() as work:
            looked_at = await tell_due(work.tx, runtime, work.now)


SERVICE = Service(
    name="product",
    package="product",
    title="Product 产品管理",
    tables=METADATA,
    routes=(
        catalog.CATALOG_ROUTES,
        catalog.CATEGORY_ROUTES,
        specifications.ROUTES,
        offerings.ROUTES,
        prices.ROUTES,
        facts.ROUTES,
    ),
    publishes=(Publishes(lambda node: events(node, "product"), (OfferingChanged,)),),
    republishes=(Republishes("offerings", page_of_offerings, count_offerings),),
    timers=(Timer("prices-in-force", timedelta(seconds=10), _tell_due),),
    seed=seed,
)
