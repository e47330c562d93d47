"""The publication, declared: the national blacklist and its messages."""

from collections.abc import Sequence
from datetime import datetime

from contracts.publications import ConflictTold, ListedIdentity, ListsPublished, PublicationHeld
from libs.publishing import Conflict, Publication
from services.customer.publishing.store import anything_changed, number_changes, page_behind


def _page(
    after: int, upto: int, newest: int, records: Sequence[ListedIdentity], now: datetime
) -> ListsPublished:
    return ListsPublished(after=after, upto=upto, newest=newest, records=list(records), at=now)


def _held(node: str, position: int, conflicts: Sequence[Conflict], now: datetime) -> PublicationHeld:
    told = [ConflictTold(**one._asdict()) for one in conflicts]
    return PublicationHeld(node=node, publication="lists", position=position, conflicts=told, at=now)


LISTS = Publication(
    name="lists",
    changed=anything_changed,
    number=number_changes,
    page=page_behind,
    message=_page,
    statement=_held,
)
