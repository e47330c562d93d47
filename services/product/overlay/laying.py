"""A change of a national record in a province is an overlay, where it may be one."""

from typing import Any, NamedTuple

from contracts.base import Document
from libs.database import Connection
from libs.node import HQ
from libs.publishing import settle
from libs.tmf import Resource
from libs.web.call import Call
from libs.web.errors import Reason, refuse
from services.product import errors
from services.product.authority import check_writer
from services.product.overlay.rules import Overlaid, overlay_of
from services.product.overlay.store import columns_of, under
from services.product.publishing.publication import CATALOGUE


class Laid(NamedTuple):
    """An overlay that was laid: the further columns of the record, and what headquarters has under it."""

    columns: dict[str, Any]
    original: Document


async def lay_over(
    tx: Connection,
    call: Call[Any],
    resource: Resource,
    overlaid: Overlaid,
    after: Document,
    before: Document,
) -> Laid | None:
    """Make `after` what is in force under the overlay that it asks for; None where the record is this node's own.

    Raises Refusal 409 national-record for what is headquarters' alone, outside-bounds; 403 for who may not.
    """
    found = await under(tx, resource, before["id"])
    if call.runtime.settings.node == HQ or not found.national:
        return None
    original = found.original or before
    silent = {"href", *([resource.stamped] if resource.stamped else [])}
    overlay, others = overlay_of(overlaid, original, after, but=silent)
    refuse([Reason(errors.NATIONAL_RECORD, path=name) for name in others])
    check_writer(call)
    refuse([Reason(errors.OUTSIDE_BOUNDS, path=name) for name in overlaid.outside(original, overlay)])
    await settle(tx, CATALOGUE, before["id"])
    after.clear()
    after.update(original | overlay)
    return Laid(columns_of(original, overlay), original)
