"""What the records of the catalogue have in common, and the parts of TMF620 that several of them share."""

from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from libs.tmf.model import (
    Attachment,
    Duration,
    EntityRef,
    Id,
    Instant,
    Many,
    Name,
    Text,
    TimePeriod,
    TmfModel,
    Value,
)
from services.product.lifecycle.rules import State

BASE = "/tmf-api/productCatalogManagement/v4"
TAG = "TMF620 Product Catalog"
COLUMNS = MappingProxyType({"name": "name", "lifecycleStatus": "lifecycle_status"})
"""The attributes that every record has as columns too."""

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class CatalogRecord(TmfModel):
    """The attributes of everything in the catalogue."""

    id: Id | None = None
    href: Text | None = None
    name: Name
    description: Text | None = None
    version: Name | None = None
    lifecycleStatus: State | None = None
    lastUpdate: Instant | None = None
    validFor: TimePeriod | None = None


class Ref(EntityRef):
    """A reference to another record of the catalogue."""

    lifecycleStatus: Name | None = None


class SchemaRef(TmfModel):
    """Where the schema of the product that comes of a specification stands."""

    at_type: Name = Field(alias="@type")
    at_schema_location: Text = Field(alias="@schemaLocation")


class SpecificationRef(Ref):
    targetProductSchema: SchemaRef | None = None


class AttachmentRefOrValue(Attachment):
    """A file, or a reference to one."""


class CharacteristicValue(TmfModel):
    """One value that a characteristic may have, or a range of them."""

    isDefault: bool | None = None
    rangeInterval: Name | None = None
    regex: Text | None = None
    unitOfMeasure: Name | None = None
    valueFrom: int | None = None
    valueTo: int | None = None
    valueType: Name | None = None
    validFor: TimePeriod | None = None
    value: Value | None = None


class CharacteristicRelationship(TmfModel):
    id: Id | None = None
    href: Text | None = None
    charSpecSeq: int | None = None
    name: Name | None = None
    relationshipType: Name | None = None
    validFor: TimePeriod | None = None


class SpecificationCharacteristic(TmfModel):
    """Something that can be said of every product of a specification."""

    id: Id | None = None
    name: Name | None = None
    description: Text | None = None
    configurable: bool | None = None
    extensible: bool | None = None
    isUnique: bool | None = None
    minCardinality: Count | None = None
    maxCardinality: Count | None = None
    regex: Text | None = None
    valueType: Name | None = None
    valueSchemaLocation: Text | None = Field(None, alias="@valueSchemaLocation")
    validFor: TimePeriod | None = None
    productSpecCharRelationship: Many[CharacteristicRelationship] | None = None
    productSpecCharacteristicValue: Many[CharacteristicValue] | None = None


class CharacteristicUse(TmfModel):
    """What an offering, or a price, says of a characteristic of its specification."""

    id: Id | None = None
    name: Name | None = None
    description: Text | None = None
    minCardinality: Count | None = None
    maxCardinality: Count | None = None
    valueType: Name | None = None
    validFor: TimePeriod | None = None
    productSpecification: SpecificationRef | None = None
    productSpecCharacteristicValue: Many[CharacteristicValue] | None = None


class Term(TmfModel):
    """A condition under which something is sold."""

    name: Name | None = None
    description: Text | None = None
    duration: Duration | None = None
    validFor: TimePeriod | None = None


class Relationship(TmfModel):
    """How a record stands to another of its own sort."""

    id: Id | None = None
    href: Text | None = None
    name: Name | None = None
    relationshipType: Name | None = None
    role: Name | None = None
    validFor: TimePeriod | None = None
    referred_type: Name | None = Field(None, alias="@referredType")
