"""TMF639's representations, as far as numbers and cards have use for them."""

from typing import Literal

from pydantic import Field

from libs.tmf.model import (
    Attachment,
    Characteristic,
    EntityRef,
    Id,
    Instant,
    Many,
    Name,
    Note,
    RelatedParty,
    Text,
    TmfModel,
)


class ResourceRelationship(TmfModel):
    """Another resource that this one has to do with."""

    id: Id
    href: Text | None = None
    relationshipType: Name | None = None
    resourceRelationshipCharacteristic: Many[Characteristic] | None = None


class Resource(TmfModel):
    """A number or a card. Ours are the characteristics `state`, `kind`, `area`, `network` and `class`."""

    id: Id | None = None
    href: Text | None = None
    category: Literal["msisdn", "sim"] | None = None
    name: Name | None = None
    description: Text | None = None
    resourceVersion: Name | None = None
    startOperatingDate: Instant | None = None
    endOperatingDate: Instant | None = None
    administrativeState: Literal["locked", "unlocked", "shutdown"] | None = None
    operationalState: Literal["enable", "disable"] | None = None
    resourceStatus: Literal["standby", "alarm", "available", "reserved", "unknown", "suspended"] | None = None
    usageState: Literal["idle", "active", "busy"] | None = None
    attachment: Many[Attachment] | None = None
    note: Many[Note] | None = None
    place: EntityRef | None = None
    relatedParty: Many[RelatedParty] | None = None
    resourceCharacteristic: Many[Characteristic] | None = None
    resourceRelationship: Many[ResourceRelationship] | None = None
    resourceSpecification: EntityRef | None = None
    referred_type: Name | None = Field(None, alias="@referredType")


class LogicalResource(Resource):
    """A number: `value` and `name` are its national digits."""

    value: Name | None = None


class PhysicalResource(Resource):
    """A SIM card: `serialNumber` and `name` are its ICCID."""

    serialNumber: Name | None = None
    manufactureDate: Instant | None = None
    powerState: Name | None = None
    versionNumber: Name | None = None


class AnyResource(LogicalResource, PhysicalResource):
    """Either of them."""
