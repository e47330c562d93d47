"""TMF620 productSpecification."""

from libs.tmf.model import EntityRef, Id, Many, Name, RelatedParty, Text, TmfModel
from services.product.parts import (
    AttachmentRefOrValue,
    CatalogRecord,
    Relationship,
    SchemaRef,
    SpecificationCharacteristic,
)


class BundledSpecification(TmfModel):
    id: Id | None = None
    href: Text | None = None
    name: Name | None = None
    lifecycleStatus: Name | None = None


class ProductSpecification(CatalogRecord):
    """What a product is, whoever sells it and at what price; `brand` is what customers know it by."""

    brand: Name | None = None
    productNumber: Name | None = None
    isBundle: bool | None = None
    attachment: Many[AttachmentRefOrValue] | None = None
    bundledProductSpecification: Many[BundledSpecification] | None = None
    productSpecCharacteristic: Many[SpecificationCharacteristic] | None = None
    productSpecificationRelationship: Many[Relationship] | None = None
    relatedParty: Many[RelatedParty] | None = None
    resourceSpecification: Many[EntityRef] | None = None
    serviceSpecification: Many[EntityRef] | None = None
    targetProductSchema: SchemaRef | None = None
