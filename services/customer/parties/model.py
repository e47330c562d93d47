"""The bodies of TMF632: individual and organization."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from libs.tmf.model import (
    Attachment,
    Characteristic,
    ContactMedium,
    EntityRef,
    Id,
    Instant,
    Many,
    Name,
    RelatedParty,
    Text,
    TimePeriod,
    TmfModel,
)
from services.customer.identity.rules import LONGEST, born_on


def _day(text: str) -> str:
    born_on(text)
    return text


Day = Annotated[str, Field(max_length=40), AfterValidator(_day)]
"""A date, or a date and time of which the date counts; kept as it was written."""


class Identification(TmfModel):
    """An identity document. `identificationType`: resident-id, passport (individuals), uscc (organizations)."""

    identificationType: Name
    identificationId: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    issuingAuthority: Text | None = None
    issuingDate: Instant | None = None
    attachment: Attachment | None = None
    validFor: TimePeriod | None = None


class CreditRating(TmfModel):
    creditAgencyName: Text | None = None
    creditAgencyType: Text | None = None
    ratingReference: Text | None = None
    ratingScore: int | None = None
    validFor: TimePeriod | None = None


class ExternalReference(TmfModel):
    externalReferenceType: Name | None = None
    name: Text | None = None


class TaxDefinition(TmfModel):
    id: Id | None = None
    name: Text | None = None
    taxType: Name | None = None


class TaxExemptionCertificate(TmfModel):
    id: Id | None = None
    attachment: Attachment | None = None
    taxDefinition: Many[TaxDefinition] | None = None
    validFor: TimePeriod | None = None


class OtherName(TmfModel):
    aristocraticTitle: Name | None = None
    familyName: Name | None = None
    familyNamePrefix: Name | None = None
    formattedName: Name | None = None
    fullName: Name | None = None
    generation: Name | None = None
    givenName: Name | None = None
    legalName: Name | None = None
    middleName: Name | None = None
    preferredGivenName: Name | None = None
    title: Name | None = None
    validFor: TimePeriod | None = None


class Disability(TmfModel):
    disabilityCode: Name | None = None
    disabilityName: Name | None = None
    validFor: TimePeriod | None = None


class LanguageAbility(TmfModel):
    isFavouriteLanguage: bool | None = None
    languageCode: Name | None = None
    languageName: Name | None = None
    listeningProficiency: Name | None = None
    readingProficiency: Name | None = None
    speakingProficiency: Name | None = None
    writingProficiency: Name | None = None
    validFor: TimePeriod | None = None


class Skill(TmfModel):
    comment: Text | None = None
    evaluatedLevel: Name | None = None
    skillCode: Name | None = None
    skillName: Name | None = None
    validFor: TimePeriod | None = None


class Individual(TmfModel):
    """A person."""

    id: Id | None = None
    href: Text | None = None
    aristocraticTitle: Name | None = None
    birthDate: Day | None = None
    countryOfBirth: Name | None = None
    deathDate: Day | None = None
    familyName: Name
    familyNamePrefix: Name | None = None
    formattedName: Name | None = None
    fullName: Name | None = None
    gender: Name | None = None
    generation: Name | None = None
    givenName: Name
    legalName: Name | None = None
    location: Text | None = None
    maritalStatus: Name | None = None
    middleName: Name | None = None
    nationality: Name | None = None
    placeOfBirth: Text | None = None
    preferredGivenName: Name | None = None
    title: Name | None = None
    contactMedium: Many[ContactMedium] | None = None
    creditRating: Many[CreditRating] | None = None
    disability: Many[Disability] | None = None
    externalReference: Many[ExternalReference] | None = None
    individualIdentification: Many[Identification] | None = None
    languageAbility: Many[LanguageAbility] | None = None
    otherName: Many[OtherName] | None = None
    partyCharacteristic: Many[Characteristic] | None = None
    relatedParty: Many[RelatedParty] | None = None
    skill: Many[Skill] | None = None
    status: Literal["initialized", "validated", "deceaded"] | None = None
    taxExemptionCertificate: Many[TaxExemptionCertificate] | None = None


class OrganizationRelationship(TmfModel):
    relationshipType: Name | None = None
    organization: EntityRef | None = None


class OtherOrganizationName(TmfModel):
    name: Name | None = None
    nameType: Name | None = None
    tradingName: Name | None = None
    validFor: TimePeriod | None = None


class Organization(TmfModel):
    """A company, an authority, a club. Its agents (经办人) are related parties with the role `agent`."""

    id: Id | None = None
    href: Text | None = None
    isHeadOffice: bool | None = None
    isLegalEntity: bool | None = None
    name: Name | None = None
    nameType: Name | None = None
    organizationType: Name | None = None
    tradingName: Name
    contactMedium: Many[ContactMedium] | None = None
    creditRating: Many[CreditRating] | None = None
    existsDuring: TimePeriod | None = None
    externalReference: Many[ExternalReference] | None = None
    organizationChildRelationship: Many[OrganizationRelationship] | None = None
    organizationIdentification: Many[Identification] | None = None
    organizationParentRelationship: OrganizationRelationship | None = None
    otherName: Many[OtherOrganizationName] | None = None
    partyCharacteristic: Many[Characteristic] | None = None
    relatedParty: Many[RelatedParty] | None = None
    status: Literal["initialized", "validated", "closed"] | None = None
    taxExemptionCertificate: Many[TaxExemptionCertificate] | None = None
