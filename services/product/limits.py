"""How large a record of the catalogue may be."""

from contracts.base import Document
from contracts.publications import LARGEST_RECORD
from libs.json_text import json_bytes
from libs.web import codes
from libs.web.errors import Reason, Refusal


def check_size(document: Document) -> None:
    """A record travels whole in messages. Raises Refusal 413 for one that grew too large, by patches."""
    if len(json_bytes(document)) > LARGEST_RECORD:
        raise Refusal(Reason(codes.BODY_TOO_LARGE, limit=LARGEST_RECORD))
