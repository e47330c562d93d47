"""Overlays: in what a province may differ from a national record, and what is in force there then. Pure.

Of an offering it is where, through whom and when it is sold; of a price, how much, between `priceBounds`.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from contracts.base import Document
from services.product.facts.rules import period

OUTSIDE = "outside-bounds"
"""The code of an overlay that headquarters' bounds do not allow, or allow no longer."""


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The attributes of a sort of record in which a province may differ."""

    names: frozenset[str]
    outside: Callable[[Document, Document], list[str]]
    """(the national document, an overlay) → the attributes of the overlay that are out of bounds."""


def overlay_of(
    overlaid: Overlaid, original: Document, wanted: Document, but: Collection[str] = ()
) -> tuple[Document, list[str]]:
    """What `wanted` says otherwise than the national document; and in which attributes it may not.

    What it leaves out is as headquarters has it. `but`: attributes that say nothing, such as the time of the change.
    """
    others = sorted(
        name
        for name in original.keys() | wanted.keys()
        if name not in overlaid.names and name not in but and original.get(name) != wanted.get(name)
    )
    overlay = {
        name: wanted[name]
        for name in sorted(overlaid.names & wanted.keys())
        if wanted[name] != original.get(name)
    }
    return overlay, others


def in_force(overlaid: Overlaid, original: Document, overlay: Mapping[str, object]) -> Document:
    """The national document under an overlay; of that only what is inside the bounds."""
    outside = overlaid.outside(original, dict(overlay))
    return original | {name: value for name, value in overlay.items() if name not in outside}


def _price_outside(original: Document, overlay: Document) -> list[str]:
    if "price" not in overlay:
        return []
    bounds, wanted = original.get("priceBounds"), _yuan(overlay["price"])
    inside = bounds and _yuan(bounds["lowest"]) <= wanted <= _yuan(bounds["highest"])
    return [] if inside else ["price"]


def _offering_outside(original: Document, overlay: Document) -> list[str]:
    found = []
    if "channel" in overlay:
        sold, wanted = _ids(original.get("channel")), _ids(overlay["channel"])
        # No channel at all means any.
        if sold and not (wanted and wanted <= sold):
            found.append("channel")
    if "validFor" in overlay:
        (start, end), (begins, ends) = period(original), period(overlay)
        if (start and (begins is None or begins < start)) or (end and (ends is None or ends > end)):
            found.append("validFor")
    return found


def _yuan(amount: Document) -> Decimal:
    return Decimal(str(amount["value"]))


def _ids(references: list[Document] | None) -> set[str]:
    return {one["id"] for one in references or () if one.get("id")}


PRICES = Overlaid(frozenset({"price"}), _price_outside)
OFFERINGS = Overlaid(frozenset({"place", "channel", "validFor"}), _offering_outside)
