"""Seeding: the declarations become records, through the same writes as any other, so that their events go out."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from contracts.base import Document
from libs.messaging import Work
from libs.service import Runtime
from libs.tmf import Resource, insert_resource
from libs.tmf.condition import quoted
from services.product.catalog.api import CATALOG, CATEGORY
from services.product.offerings.api import OFFERING, decided
from services.product.offerings.rules import faults_of, kind_of, lacking, named_by
from services.product.offerings.store import know
from services.product.prices.api import PRICE
from services.product.seed import documents
from services.product.seed.fees import FEES
from services.product.seed.ground import CATALOG as NATIONAL
from services.product.seed.ground import CATEGORIES, SPECIFICATIONS
from services.product.seed.options import DATA, SERVICES, SMS
from services.product.seed.plans import BUNDLES, LEASED_LINES, LINES, POSTPAID, PREPAID
from services.product.specifications.api import SPECIFICATION

OFFERINGS = (*POSTPAID, *PREPAID, *LINES, *LEASED_LINES, *DATA, *SMS, *SERVICES, *BUNDLES, *FEES)
"""In this order nothing refers to what comes later."""


class SeedInvalid(ValueError):
    """The declarations contradict the rules of the catalogue."""


async def seed(runtime: Runtime) -> int:
    """Make what is missing of the national catalogue; how many records that was.

    What is there stays as it is: its owner may have changed it since, and a plan that was retired does not come back.
    Raises SeedInvalid.
    """
    written = 0
    async with runtime.unit() as work:
        for resource, document in _ground():
            written += await _put(work, resource, document)
        for offering in OFFERINGS:
            written += await _put_offering(work, documents.offering_document(offering))
    return written


def _ground() -> Iterator[tuple[Resource, Document]]:
    """What the offerings refer to."""
    for category in CATEGORIES:
        yield CATEGORY, documents.category_document(category)
    yield CATALOG, documents.catalog_document(NATIONAL, CATEGORIES)
    for specification in SPECIFICATIONS:
        yield SPECIFICATION, documents.specification_document(specification)
    charges = {charge.key: charge for charge in chain.from_iterable(one.charges for one in OFFERINGS)}
    for charge in charges.values():
        yield PRICE, documents.price_document(charge)


async def _put(work: Work, resource: Resource, document: Document, **columns: Any) -> int:
    there = await work.tx.fetchval(
        f"SELECT true FROM {quoted(resource.table.name)} WHERE id = $1", document["id"]
    )
    if there:
        return 0
    columns["national"] = True
    await insert_resource(work.tx, work.runtime, resource, document, now=work.now, columns=columns)
    return 1


async def _put_offering(work: Work, document: Document) -> int:
    id = document["id"]
    known = await know(work.tx, named_by(document))
    kind = kind_of(document, known.parents)
    if faults := [*faults_of(id, document, known), *lacking(document, kind)]:
        raise SeedInvalid(f"{document['name']}: {faults}")
    return await _put(work, OFFERING, document, **await decided(work.tx, id, document, kind))
