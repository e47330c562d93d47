"""What an offering may say of itself, and what it needs before it can be sold. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from contracts.base import Document
from libs.web.errors import Reason
from services.product import errors
from services.product.catalog.rules import Kind, Parents, kinds_of
from services.product.facts.rules import NETWORK, NETWORKS, RELIES_ON, values_of

BUSINESSES = frozenset(
    {
        "open-account",
        "subscribe",
        "unsubscribe",
        "change-plan",
        "replace-sim",
        "change-number",
        "suspend",
        "resume",
        "transfer-ownership",
        "terminate",
        "port-in",
        "port-out",
    }
)
"""What can be asked for at a counter; each has its fee."""


@dataclass(frozen=True, slots=True)
class Named:
    """The records that an offering refers to, by where it does."""

    specification: str | None
    categories: tuple[str, ...]
    prices: tuple[str, ...]
    offerings: tuple[tuple[str, str], ...]
    """Path and id."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue has of the records that an offering refers to."""

    specification: Document | None = None
    parents: Parents = field(default_factory=dict)
    prices: Mapping[str, Document] = field(default_factory=dict)
    offerings: Mapping[str, Kind | None] = field(default_factory=dict)


def named_by(document: Document) -> Named:
    """Every reference that business depends on."""
    return Named(
        specification=(document.get("productSpecification") or {}).get("id"),
        categories=tuple(one["id"] for one in document.get("category") or ()),
        prices=tuple(one["id"] for one in document.get("productOfferingPrice") or ()),
        offerings=tuple(
            (f"{attribute}[{i}].id", one["id"])
            for attribute in ("productOfferingRelationship", "bundledProductOffering")
            for i, one in enumerate(document.get(attribute) or ())
        ),
    )


def faults_of(id: str, document: Document, known: Known) -> list[Reason]:
    """Every reason for which this cannot be an offering, whatever its state; empty when it can."""
    named = named_by(document)
    return [*_unknown(id, named, known), *_kind_faults(document, named, known), *network_faults(document)]


def kind_of(document: Document, parents: Parents) -> Kind | None:
    """What sort of offering its categories make it; None where they say nothing."""
    kinds = kinds_of(named_by(document).categories, parents)
    return next(iter(kinds)) if len(kinds) == 1 else None


def lacking(document: Document, kind: Kind | None) -> list[str]:
    """The attributes that an offering lacks to leave its drafts."""
    paths = [] if kind else ["category"]
    if kind == "bundle" and not document.get("bundledProductOffering"):
        paths.append("bundledProductOffering")
    return paths


def network_faults(document: Document, attribute: str = "prodSpecCharValueUse") -> list[Reason]:
    """A network that nobody has would exclude every number there is."""
    return [
        Reason(errors.NETWORK_UNKNOWN, path=attribute, network=str(network)[:50])
        for network in values_of(document.get(attribute), NETWORK)
        if network not in NETWORKS
    ]


def _unknown(id: str, named: Named, known: Known) -> Iterator[Reason]:
    if named.specification is not None and known.specification is None:
        yield Reason(errors.SPECIFICATION_UNKNOWN, path="productSpecification.id", id=named.specification)
    for i, category in enumerate(named.categories):
        if category not in known.parents:
            yield Reason(errors.CATEGORY_UNKNOWN, path=f"category[{i}].id", id=category)
    for i, price in enumerate(named.prices):
        if price not in known.prices:
            yield Reason(errors.PRICE_UNKNOWN, path=f"productOfferingPrice[{i}].id", id=price)
    for path, offering in named.offerings:
        if offering == id:
            yield Reason(errors.REFERS_TO_ITSELF, path=path)
        elif offering not in known.offerings:
            yield Reason(errors.OFFERING_UNKNOWN, path=path, id=offering)


def _kind_faults(document: Document, named: Named, known: Known) -> Iterator[Reason]:
    kinds = kinds_of(named.categories, known.parents)
    if len(kinds) > 1:
        yield Reason(errors.CATEGORY_KINDS_DIFFER, path="category", kinds=", ".join(sorted(kinds)))
    if kinds == {"business-fee"} and document.get("name") not in BUSINESSES:
        yield Reason(errors.BUSINESS_UNKNOWN, path="name", business=document.get("name"))
    if "option" not in kinds:
        return
    for i, relationship in enumerate(document.get("productOfferingRelationship") or ()):
        other = relationship["id"]
        if relationship.get("relationshipType") == RELIES_ON and known.offerings.get(other, "plan") != "plan":
            yield Reason(errors.NOT_A_PLAN, path=f"productOfferingRelationship[{i}].id", id=other)
