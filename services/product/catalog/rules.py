"""What the categories of the national catalogue stand for, and how categories hang together."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from services.product.identifiers import fixed_id

Kind = Literal["plan", "option", "business-fee", "bundle", "line"]

KIND_OF_CATEGORY: Mapping[str, Kind] = MappingProxyType(
    {
        "postpaid-plans": "plan",
        "prepaid-plans": "plan",
        "data-options": "option",
        "sms-options": "option",
        "service-options": "option",
        "bundles": "bundle",
        "fixed-lines": "line",
        "business-fees": "business-fee",
    }
)
"""By name. What stands in one of these categories, or in one below it, is of its kind."""

_KIND: Mapping[str, Kind] = MappingProxyType(
    {fixed_id("category", name): kind for name, kind in KIND_OF_CATEGORY.items()}
)

Parents = Mapping[str, str | None]
"""The category above each category, by id; None for a root."""


def kinds_of(categories: Iterable[str], parents: Parents) -> frozenset[Kind]:
    """The kinds that an offering in these categories would have: one, if they agree; none, if none says."""
    return frozenset(
        kind for category in categories for step in above(category, parents) if (kind := _KIND.get(step))
    )


def above(category: str, parents: Parents) -> list[str]:
    """A category and those above it, nearest first. Ends where a circle closes."""
    chain: list[str] = []
    step: str | None = category
    while step is not None and step not in chain:
        chain.append(step)
        step = parents.get(step)
    return chain


def closes_a_circle(category: str, parent: str, parents: Parents) -> bool:
    """Whether a category would come to stand below itself."""
    return category in above(parent, parents)
