"""What travels of the catalogue: up, how far a province's copy goes; down, what it lacks."""

from contracts.publications import CataloguePublished, PublicationHeld
from libs.messaging import Message, Work
from libs.messaging.tiers import check_source
from libs.publishing import apply_pages, note_position
from services.product.publishing.publication import CATALOGUE
from services.product.publishing.taking import take_in


async def on_held(work: Work, messages: list[Message[PublicationHeld]]) -> None:
    """At headquarters: what each province said last. Raises Spoofed."""
    last: dict[str, PublicationHeld] = {}
    for message in messages:
        check_source(message, message.data.node)
        if message.data.publication == CATALOGUE.name:
            last[message.data.node] = message.data
    for node, held in sorted(last.items()):
        await note_position(work, CATALOGUE, node, held.position, held.conflicts, held.at)


async def on_published(work: Work, messages: list[Message[CataloguePublished]]) -> None:
    """In a province: pages in the order in which they came. Raises Spoofed."""
    await apply_pages(work, CATALOGUE, messages, take_in)
