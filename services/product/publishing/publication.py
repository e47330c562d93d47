"""The publication, declared: the national catalogue and its messages."""

from collections.abc import Sequence
from datetime import datetime

from contracts.publications import CataloguePublished, CatalogueRecord, ConflictTold, PublicationHeld
from libs.publishing import Conflict, Publication
from services.product.publishing.store import anything_changed, number_changes, page_behind


def _page(
    after: int, upto: int, newest: int, records: Sequence[CatalogueRecord], now: datetime
) -> CataloguePublished:
    return CataloguePublished(after=after, upto=upto, newest=newest, records=list(records), at=now)


def _held(node: str, position: int, conflicts: Sequence[Conflict], now: datetime) -> PublicationHeld:
    told = [ConflictTold(**one._asdict()) for one in conflicts]
    return PublicationHeld(node=node, publication="catalogue", position=position, conflicts=told, at=now)


CATALOGUE = Publication(
    name="catalogue",
    changed=anything_changed,
    number=number_changes,
    page=page_behind,
    message=_page,
    statement=_held,
)
