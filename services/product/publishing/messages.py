"""What travels of the catalogue: up, how far a province's copy goes; down, what it lacks."""

from contracts.publications import CataloguePublished, PublicationHeld
from libs.messaging import Message, Work
from libs.publishing import apply_pages, note_positions
from services.product.publishing.publication import CATALOGUE
from services.product.publishing.taking import take_in


async def on_held(work: Work, messages: list[Message[PublicationHeld]]) -> None:
    """At headquarters: what each province said last. Raises Spoofed."""
    await note_positions(work, CATALOGUE, messages)


async def on_published(work: Work, messages: list[Message[CataloguePublished]]) -> None:
    """In a province: pages in the order in which they came. Raises Spoofed."""
    await apply_pages(work, CATALOGUE, messages, take_in)
