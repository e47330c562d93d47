"""TMF620 productOffering."""

from typing import Annotated

from pydantic import Field

from libs.tmf.model import EntityRef, Id, Many, Name, Text, TmfModel
from services.product.parts import (
    AttachmentRefOrValue,
    CatalogRecord,
    CharacteristicUse,
    Count,
    Ref,
    Relationship,
    SpecificationRef,
    Term,
)


class BundleLimits(TmfModel):
    """How often a part may be in its bundle."""

    numberRelOfferDefault: Count | None = None
    numberRelOfferLowerLimit: Count | None = None
    numberRelOfferUpperLimit: Count | None = None


class BundledOffering(TmfModel):
    """A part of a bundle."""

    id: Id
    href: Text | None = None
    name: Name | None = None
    lifecycleStatus: Name | None = None
    bundledProductOfferingOption: BundleLimits | None = None


class OfferingRelationship(Relationship):
    """`reliesOn` of an option names the plans that it goes with."""

    id: Id


class ProductOffering(CatalogRecord):
    """A product as it is sold: in which category, at which prices, since when and until when."""

    isBundle: bool | None = None
    isSellable: bool | None = None
    statusReason: Text | None = None
    agreement: Many[EntityRef] | None = None
    attachment: Many[AttachmentRefOrValue] | None = None
    bundledProductOffering: Many[BundledOffering] | None = None
    category: Annotated[list[Ref], Field(max_length=20)] | None = None
    channel: Many[EntityRef] | None = None
    marketSegment: Many[EntityRef] | None = None
    place: Many[EntityRef] | None = None
    prodSpecCharValueUse: Many[CharacteristicUse] | None = None
    productOfferingPrice: Many[Ref] | None = None
    productOfferingRelationship: Many[OfferingRelationship] | None = None
    productOfferingTerm: Many[Term] | None = None
    productSpecification: SpecificationRef | None = None
    resourceCandidate: EntityRef | None = None
    serviceCandidate: EntityRef | None = None
    serviceLevelAgreement: EntityRef | None = None
