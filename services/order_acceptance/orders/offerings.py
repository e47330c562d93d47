"""The catalogue as this node knows it: records of offerings, read once for as long as they stay the same."""

from functools import lru_cache

from contracts.events import OfferingChanged

KEPT = 1_000


@lru_cache(maxsize=KEPT)
def offering_of(record: str) -> OfferingChanged:
    """An offering from its record. The same text is the same offering: thousands of orders name the same few."""
    return OfferingChanged.model_validate_json(record)
