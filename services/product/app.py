"""The service product, wired."""

from datetime import timedelta

from contracts.events import OfferingChanged
from contracts.publications import CataloguePublished, PublicationHeld
from libs.messaging import Handles, Publishes
from libs.messaging.tiers import at_headquarters, in_a_province, to_headquarters, to_provinces
from libs.messaging.topics import events
from libs.rebuilding import Republishes
from libs.service import Runtime, Service, Timer
from services.product.catalog import api as catalog
from services.product.facts import api as facts
from services.product.facts.store import BATCH, count_offerings, page_of_offerings, tell_due
from services.product.hub import HUB
from services.product.jobs import api as jobs
from services.product.jobs import files_api as files
from services.product.jobs.exporting import export_batch
from services.product.jobs.importing import import_batch
from services.product.jobs.store import sweep
from services.product.offerings import api as offerings
from services.product.prices import api as prices
from services.product.publishing.messages import on_held, on_published
from services.product.publishing.publication import CATALOGUE
from services.product.seed import seed
from services.product.specifications import api as specifications
from services.product.tables import METADATA


async def _tell_due(runtime: Runtime) -> None:
    """Prices begin and end by the clock: then their offerings are told anew."""
    looked_at = BATCH
    while looked_at == BATCH:
        async with runtime.unit() as work:
            looked_at = await tell_due(work.tx, runtime, work.now)


async def _carry_out_jobs(runtime: Runtime) -> None:
    """Exports and imports, a batch in each transaction; then what is past its time goes."""
    while await export_batch(runtime) or await import_batch(runtime):
        pass
    await sweep(runtime.db, runtime.clock.now())


SERVICE = Service(
    name="product",
    package="product",
    title="Product 产品管理",
    tables=METADATA,
    hubs=(HUB,),
    routes=(
        catalog.CATALOG_ROUTES,
        catalog.CATEGORY_ROUTES,
        specifications.ROUTES,
        offerings.ROUTES,
        prices.ROUTES,
        jobs.EXPORT_ROUTES,
        jobs.IMPORT_ROUTES,
        files.ROUTES,
        facts.ROUTES,
    ),
    handles=(
        Handles(at_headquarters("control"), PublicationHeld, on_held),
        Handles(in_a_province("control"), CataloguePublished, on_published),
    ),
    publishes=(
        Publishes(lambda node: events(node, "product"), (OfferingChanged,)),
        Publishes(to_provinces("control"), (CataloguePublished,)),
        Publishes(to_headquarters("control"), (PublicationHeld,)),
    ),
    publications=(CATALOGUE,),
    republishes=(Republishes("offerings", page_of_offerings, count_offerings),),
    timers=(
        Timer("prices-in-force", timedelta(seconds=10), _tell_due),
        Timer("jobs", timedelta(seconds=1), _carry_out_jobs),
    ),
    seed=seed,
)
