"""The publication, declared: the national blacklist and its messages."""

from contracts.publications import ListsPublished, PublicationHeld
from libs.publishing import Publication
from services.customer.publishing.store import anything_changed, number_changes, page_behind

LISTS = Publication(
    name="lists",
    changed=anything_changed,
    number=number_changes,
    page=page_behind,
    message=ListsPublished,
    statement=PublicationHeld,
)
