"""What travels of the national blacklist: up, how far a province's copy goes; down, what it lacks."""

from contracts.publications import ListsPublished, PublicationHeld
from libs.messaging import Message, Work
from libs.publishing import apply_pages, note_positions
from services.customer.facts.telling import lists_may_change
from services.customer.publishing.publication import LISTS
from services.customer.publishing.taking import take_in


async def on_held(work: Work, messages: list[Message[PublicationHeld]]) -> None:
    """At headquarters: what each province said last of this publication. Raises Spoofed."""
    await note_positions(work, LISTS, messages)


async def on_published(work: Work, messages: list[Message[ListsPublished]]) -> None:
    """In a province: pages in the order in which they came. Raises Spoofed."""
    await lists_may_change(work.tx)
    await apply_pages(work, LISTS, messages, take_in)
