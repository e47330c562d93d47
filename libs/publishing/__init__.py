"""What headquarters publishes and every province has a copy of: the catalogue, the blacklist.

Headquarters gives each change the next *number* of its publication. A province says how far its copy goes, every
minute and after each page, and gets what lies behind that, one page after another. So no province has to be registered
and nothing is kept for one that is away; a page that was lost comes again, and what a province says is its
acknowledgement.

A page holds every record whose newest number lies behind `after` and not behind `upto`. Numbers are microseconds of
the moment of the change, and always higher than those before: also after headquarters' database had to be put back to
an earlier day, nothing new has a number that a province has seen already.
"""

from libs.publishing.copying import RECORD_OF_ANOTHER, Conflict, apply_pages, copy_of, settle, tell_position
from libs.publishing.declaration import Page, Publication, page_of
from libs.publishing.sending import note_positions, publish
from libs.publishing.tables import publishing_tables

__all__ = [
    "RECORD_OF_ANOTHER",
    "Conflict",
    "Page",
    "Publication",
    "apply_pages",
    "copy_of",
    "note_positions",
    "page_of",
    "publish",
    "publishing_tables",
    "settle",
    "tell_position",
]
