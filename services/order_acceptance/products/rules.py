"""How a subscription and its options look as TMF637 products."""

from typing import Any

from contracts.processes import OpenAccount, OptionOrdered, SubscriptionFacts


def subscription_document(wanted: OpenAccount, order: str, started: str) -> dict[str, Any]:
    """The representation of a new subscription: its number, card and plan, its owner and payer."""
    return {
        "id": wanted.subscription,
        "@type": "Product",
        "name": wanted.number,
        "productSerialNumber": wanted.number,
        "status": "active",
        "startDate": started,
        "isBundle": False,
        "isCustomerVisible": True,
        "productOffering": {"id": wanted.offering, "@referredType": "ProductOffering"},
        "relatedParty": [{"id": wanted.customer, "role": "customer", "@referredType": "Customer"}],
        "billingAccount": {"id": wanted.billing_account, "@referredType": "BillingAccount"},
        "realizingResource": [
            {"id": wanted.number, "value": wanted.number, "@referredType": "LogicalResource"},
            {"id": wanted.iccid, "value": wanted.iccid, "@referredType": "PhysicalResource"},
        ],
        "productOrderItem": [
            {"productOrderId": order, "orderItemId": wanted.item, "orderItemAction": "add"},
        ],
        "productRelationship": [
            {
                "relationshipType": "hasOption",
                "product": {"id": option.product, "@referredType": "Product"},
            }
            for option in wanted.options
        ],
    }


def option_document(
    wanted: OpenAccount | SubscriptionFacts, option: OptionOrdered, order: str, started: str
) -> dict[str, Any]:
    """The representation of an option, relying on its subscription."""
    return {
        "id": option.product,
        "@type": "Product",
        "status": "active",
        "startDate": started,
        "isBundle": False,
        "isCustomerVisible": True,
        "productOffering": {"id": option.offering, "@referredType": "ProductOffering"},
        "relatedParty": [{"id": wanted.customer, "role": "customer", "@referredType": "Customer"}],
        "billingAccount": {"id": wanted.billing_account, "@referredType": "BillingAccount"},
        "productOrderItem": [
            {"productOrderId": order, "orderItemId": option.item, "orderItemAction": "add"},
        ],
        "productRelationship": [
            {
                "relationshipType": "reliesOn",
                "product": {"id": wanted.subscription, "@referredType": "Product"},
            }
        ],
    }
