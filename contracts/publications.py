"""Interface `control`: what headquarters publishes, and every province has a copy of.

Every minute and after each page a province says how far its copy goes (`PublicationHeld`, on `<node>.uplink.control`,
keyed by the node), and headquarters sends what lies behind that on `<node>.downlink.control`, keyed by the publication,
one page after another. A page has every record whose newest `number` lies behind `after` and not behind `upto`; what a
copy has under the same or a higher number is passed over. Numbers rise with time and have gaps.
"""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import Contract, Document, Identifier, Instant, NodeCode, Part, Text

Number = Annotated[int, Field(ge=0, le=2**60)]
Publication = Literal["catalogue", "lists"]
MOST_RECORDS = 500
"""In one page."""
LARGEST_RECORD = 512 * 1024
"""Bytes of one record's document: every page takes one at least."""

CatalogueSort = Literal["category", "catalog", "specification", "price", "offering"]
OfferingKind = Literal["plan", "option", "business-fee", "bundle", "line"]


class ConflictTold(Part):
    """A record that a province has not taken in as it came: `record-of-another`, `outside-bounds`, …"""

    record: Identifier
    number: Number
    reason: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]


class PublicationHeld(Contract):
    """A province's copy of a publication has everything up to `position`: its acknowledgement."""

    ce_type = "unicrm.control.publication-held.v1"

    node: NodeCode
    publication: Publication
    position: Number
    conflicts: Annotated[list[ConflictTold], Field(max_length=100)] = []
    at: Instant


class CatalogueRecord(Part):
    """A record of the national catalogue that is no draft any more, as TMF620 shows it, without its href."""

    id: Identifier
    number: Number
    sort: CatalogueSort
    kind: OfferingKind | None = Field(None, description="of an offering")
    document: Document


class CataloguePublished(Contract):
    """A page of the national catalogue."""

    ce_type = "unicrm.catalogue.published.v1"

    after: Number
    upto: Number
    newest: Number = Field(description="the last number that was given: where `upto` is less, there is more")
    records: Annotated[list[CatalogueRecord], Field(max_length=MOST_RECORDS)] = []
    at: Instant


class ListedIdentity(Part):
    """An identity on the national blacklist, by its keyed digests; its number only masked."""

    id: Identifier
    number: Number
    removed: bool = Field(False, description="it was taken off the list")
    digests: Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=100)]
    identification_type: Annotated[str, Field(max_length=32)]
    shown: Annotated[str, Field(max_length=64)]
    reason: Text
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    created: Instant
    created_by: Text


class ListsPublished(Contract):
    """A page of the national blacklist."""

    ce_type = "unicrm.lists.published.v1"

    after: Number
    upto: Number
    newest: Number
    records: Annotated[list[ListedIdentity], Field(max_length=MOST_RECORDS)] = []
    at: Instant
