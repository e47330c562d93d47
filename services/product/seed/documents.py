"""From declarations to TMF620 documents. Pure; the same documents in every node and in every run."""

from collections.abc import Iterable, Iterator
from typing import Any

from contracts.base import Document
from services.product.facts.rules import GROUP_CUSTOMERS, NETWORK, RELIES_ON
from services.product.identifiers import Sort, fixed_id
from services.product.seed.declarations import (
    UNITS,
    Category,
    Characteristic,
    Charge,
    Measure,
    Offering,
    Specification,
)

_VAT = [{"taxCategory": "VAT", "taxRate": 6.0}]


def reference(sort: Sort, key: str, name: str, referred: str) -> Document:
    return {"id": fixed_id(sort, key), "name": name, "@referredType": referred}


def catalog_document(catalog: Category, categories: Iterable[Category]) -> Document:
    return {
        "id": fixed_id("catalog", catalog.key),
        "@type": "Catalog",
        "name": catalog.zh,
        "description": catalog.en,
        "catalogType": "ProductCatalog",
        "lifecycleStatus": "Launched",
        "version": "1",
        "category": [
            reference("category", one.key, one.key, "Category") for one in categories if one.below is None
        ],
    }


def category_document(category: Category) -> Document:
    document: Document = {
        "id": fixed_id("category", category.key),
        "@type": "Category",
        "name": category.key,
        "description": f"{category.zh} {category.en}",
        "isRoot": category.below is None,
        "lifecycleStatus": "Launched",
        "version": "1",
    }
    if category.below is not None:
        document["parentId"] = fixed_id("category", category.below)
    return document


def specification_document(specification: Specification) -> Document:
    characteristics = [_measured(measure) for measure in specification.measures]
    if specification.networks:
        characteristics.insert(0, _named_network(specification.networks))
    characteristics += map(_characteristic, specification.characteristics)
    return {
        "id": fixed_id("specification", specification.key),
        "@type": "ProductSpecification",
        "name": specification.zh,
        "description": specification.en,
        "brand": specification.brand,
        "productNumber": specification.key,
        "isBundle": specification.key == "bundle",
        "lifecycleStatus": "Launched",
        "version": "1",
        "productSpecCharacteristic": characteristics,
    }


def price_document(charge: Charge) -> Document:
    document: Document = {
        "id": fixed_id("price", charge.key),
        "@type": "ProductOfferingPrice",
        "name": charge.zh,
        "description": charge.en,
        "priceType": charge.type,
        "price": {"unit": "CNY", "value": float(charge.amount)},
        "isBundle": False,
        "lifecycleStatus": "Launched",
        "version": "1",
    }
    if charge.bounds:
        lowest, highest = ({"unit": "CNY", "value": float(amount)} for amount in charge.bounds)
        document["priceBounds"] = {"lowest": lowest, "highest": highest}
    if charge.type != "deposit":
        document["tax"] = _VAT
    if charge.type == "recurring":
        document |= {"recurringChargePeriodType": "month", "recurringChargePeriodLength": 1}
    if charge.unit:
        document["unitOfMeasure"] = {"amount": 1.0, "units": charge.unit}
    return document


def offering_document(offering: Offering) -> Document:
    document: Document = {
        "id": fixed_id("offering", offering.key),
        "@type": "ProductOffering",
        "name": offering.named or offering.zh,
        "description": f"{offering.zh} {offering.en}" if offering.named else offering.en,
        "isBundle": bool(offering.consists_of),
        "isSellable": offering.sold_alone,
        "lifecycleStatus": offering.state,
        "version": "1",
        "category": [reference("category", offering.category, offering.category, "Category")],
        "productSpecification": {
            "id": fixed_id("specification", offering.specification),
            "@referredType": "ProductSpecification",
        },
        "productOfferingPrice": [
            reference("price", charge.key, charge.zh, "ProductOfferingPrice") for charge in offering.charges
        ],
    }
    if said := list(_said(offering)):
        document["prodSpecCharValueUse"] = said
    if offering.relies_on:
        document["productOfferingRelationship"] = [
            {
                "id": fixed_id("offering", plan),
                "relationshipType": RELIES_ON,
                "@referredType": "ProductOffering",
            }
            for plan in offering.relies_on
        ]
    if offering.consists_of:
        document["bundledProductOffering"] = [
            {
                "id": fixed_id("offering", part.offering),
                "bundledProductOfferingOption": {
                    "numberRelOfferDefault": part.default,
                    "numberRelOfferLowerLimit": part.at_least,
                    "numberRelOfferUpperLimit": part.at_most,
                },
            }
            for part in offering.consists_of
        ]
    if offering.for_groups:
        document["marketSegment"] = [{"id": GROUP_CUSTOMERS, "name": "集团客户 Group customers"}]
    if offering.valid_from:
        document["validFor"] = {"startDateTime": offering.valid_from}
    return document


def _said(offering: Offering) -> Iterator[Document]:
    """What an offering says of the characteristics of its specification."""
    if offering.networks:
        yield _named_network(offering.networks)
    for quota in offering.quotas:
        yield {
            "name": quota.measure,
            "valueType": "number",
            "productSpecCharacteristicValue": [
                {"value": quota.amount, "unitOfMeasure": UNITS[quota.measure], "isDefault": True}
            ],
        }

    for name, value in offering.said:
        yield {
            "name": name,
            "valueType": "string",
            "productSpecCharacteristicValue": [{"value": value, "isDefault": True}],
        }


def _characteristic(one: Characteristic) -> Document:
    document: Document = {
        "name": one.name,
        "description": f"{one.zh} {one.en}",
        "valueType": one.type,
        "configurable": True,
        "extensible": False,
        "minCardinality": one.at_least,
        "maxCardinality": one.at_most,
    }
    if one.values:
        unit = {"unitOfMeasure": one.unit} if one.unit else {}
        document["productSpecCharacteristicValue"] = [
            {"value": float(value) if one.type == "number" else value, **unit} for value in one.values
        ]
    return document


def _named_network(networks: Iterable[str]) -> dict[str, Any]:
    return {
        "name": NETWORK,
        "valueType": "string",
        "productSpecCharacteristicValue": [{"value": network} for network in networks],
    }


def _measured(measure: Measure) -> dict[str, Any]:
    return {"name": measure, "valueType": "number", "configurable": True, "extensible": False}
