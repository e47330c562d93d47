"""The publication, declared: the national catalogue and its messages."""

from contracts.publications import CataloguePublished, PublicationHeld
from libs.publishing import Publication
from services.product.publishing.store import anything_changed, number_changes, page_behind

CATALOGUE = Publication(
    name="catalogue",
    changed=anything_changed,
    number=number_changes,
    page=page_behind,
    message=CataloguePublished,
    statement=PublicationHeld,
)
